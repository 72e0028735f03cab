"""What is let in as a photograph, and how it comes out."""

import contextlib
import io
import struct
import sys
import zlib
from collections import Counter
from types import FrameType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import GifImagePlugin, Image

from captioner.decoding import LONG_SIDE, crop, decode
from captioner.preparing import SIDE, display
from chalicelib.errors import InvalidField, RejectedImage
from tests.picture_files import BLUE, LIMIT, RED, chunk, two_halves, written


def header_of(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds almost nothing."""

    about = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", about) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
    ],
)
def test_four_formats_are_let_in_by_what_they_are(kind: str, content_type: str) -> None:
    decoded = decode(written(two_halves(), kind), max_pixels=LIMIT)
    assert decoded.content_type == content_type
    assert (decoded.width, decoded.height) == (40, 20)
    assert decoded.pixels.dtype == np.uint8 and decoded.pixels.shape == (20, 40, 3)
    assert np.abs(decoded.pixels[10, 5].astype(int) - RED).max() < 40
    assert np.abs(decoded.pixels[10, 35].astype(int) - BLUE).max() < 40


@pytest.mark.fault(12)
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_is_applied_once(orientation: int, kind: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored_to_upright = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
    stored = two_halves()
    turn = stored_to_upright.get(orientation)
    upright = stored.transpose(turn) if turn is not None else stored
    decoded = decode(written(stored, kind, exif=exif.tobytes()), max_pixels=LIMIT)
    assert (decoded.width, decoded.height) == upright.size
    assert np.abs(decoded.pixels.astype(int) - np.asarray(upright, int)).mean() < 12


def test_a_large_jpeg_tells_the_originals_size() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    data = written(two_halves(6_000, 4_000), "JPEG", exif=exif.tobytes())
    decoded = decode(data, max_pixels=LIMIT)
    assert (decoded.width, decoded.height) == (4_000, 6_000)
    assert LONG_SIDE <= max(decoded.pixels.shape[:2]) < 6_000


def test_cmyk_becomes_rgb() -> None:
    data = written(two_halves().convert("CMYK"), "JPEG", quality=95)
    assert np.abs(decode(data, max_pixels=LIMIT).pixels[10, 5].astype(int) - RED).max() < 40


def test_sixteen_bits_keep_their_shades() -> None:
    wide = Image.fromarray(np.array([[0, 128 << 8, 255 << 8]], np.uint16))
    assert decode(written(wide), max_pixels=LIMIT).pixels[0, :, 0].tolist() == [0, 128, 255]


def test_what_is_transparent_lies_on_white() -> None:
    picture = Image.new("RGBA", (2, 1), (255, 0, 0, 255))
    picture.putpixel((1, 0), (0, 0, 0, 0))
    pixels = decode(written(picture), max_pixels=LIMIT).pixels
    assert pixels[0].tolist() == [[255, 0, 0], [255, 255, 255]]


def test_a_palette_with_a_transparent_colour_lies_on_white() -> None:
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.putpixel((1, 0), 1)
    pixels = decode(written(picture, transparency=0), max_pixels=LIMIT).pixels
    assert pixels[0].tolist() == [[255, 255, 255], [255, 0, 0]]


def test_so_does_a_transparent_grey_of_sixteen_bits() -> None:
    wide = np.full((10, 20), 0x4000, np.uint16)
    wide[:, 10:] = 0x4001
    data = written(Image.fromarray(wide), transparency=0x4001)
    assert b"tRNS" in data
    assert decode(data, max_pixels=LIMIT).pixels[0, ::19, 0].tolist() == [0x40, 255]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P"])
def test_a_single_grey_point_is_a_photograph(mode: str) -> None:
    assert decode(written(Image.new(mode, (1, 1))), max_pixels=LIMIT).pixels.shape == (1, 1, 3)


@pytest.mark.fault(12)
def test_of_a_gif_of_many_frames_only_the_first_is_read() -> None:
    frames = [Image.new("P", (8, 8), number % 2) for number in range(100)]
    data = written(frames[0], "GIF", save_all=True, append_images=frames[1:], optimize=False)
    called: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_filename == GifImagePlugin.__file__:
            called[frame.f_code.co_name] += 1

    sys.setprofile(count)
    try:
        assert decode(data, max_pixels=LIMIT).pixels.shape == (8, 8, 3)
    finally:
        sys.setprofile(None)
    assert called["_seek"] == 1


@pytest.mark.fault(11)
@pytest.mark.parametrize("side", [7_072, 19_000, 50_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    # Of its pixels there are none: what read them would call the file damaged.
    with pytest.raises(RejectedImage, match="more than 50,000,000 pixels"):
        decode(header_of(side, side), max_pixels=LIMIT)


@pytest.mark.parametrize(
    "data",
    [
        b"a text named .jpg",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"%PDF-1.7\n",
        written(two_halves(), "BMP"),
        b"<html><script>" + written(two_halves(), "JPEG"),
    ],
    ids=["text", "svg", "eps", "pdf", "bmp", "html before jpeg"],
)
def test_anything_else_is_refused_by_what_it_is(data: bytes) -> None:
    with pytest.raises(RejectedImage, match="no JPEG, PNG, WebP, GIF, HEIC, AVIF or TIFF"):
        decode(data, max_pixels=LIMIT)


def test_an_empty_file_is_called_empty() -> None:
    with pytest.raises(RejectedImage, match="empty"):
        decode(b"", max_pixels=LIMIT)


@pytest.mark.fault(12)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_truncated_file_is_called_damaged(kind: str) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (90, 90, 3), np.uint8)
    data = written(Image.fromarray(noise), kind)
    with pytest.raises(RejectedImage, match="damaged"):
        decode(data[: len(data) // 2], max_pixels=LIMIT)


@settings(max_examples=150)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]), st.data())
def test_a_damaged_file_is_decoded_or_refused_and_nothing_else(
    kind: str, data: st.DataObject
) -> None:
    content = bytearray(written(two_halves(), kind))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RejectedImage):
        assert decode(bytes(content), max_pixels=1_000_000).pixels.shape[2] == 3


def test_a_crop_is_cut_by_fractions() -> None:
    pixels = np.asarray(two_halves(), np.uint8)
    right = crop(pixels, (0.5, 0.0, 0.5, 1.0))
    assert right.shape == (20, 20, 3) and (right == BLUE).all()
    assert crop(pixels, (0.999, 0.999, 0.001, 0.001)).shape == (1, 1, 3)


@pytest.mark.parametrize(
    "part",
    [(0, 0, 0, 1), (-0.1, 0, 1, 1), (0.5, 0, 0.6, 1), (1, 0, 0.1, 1), (0, 0, 1, float("nan"))],
)
def test_a_crop_outside_the_image_names_the_field(part: tuple[float, float, float, float]) -> None:
    with pytest.raises(InvalidField) as raised:
        crop(np.zeros((4, 4, 3), np.uint8), part)
    assert raised.value.field == "crop"


@pytest.mark.fault(13)
def test_the_copy_for_display_is_small_and_tells_nothing_of_the_camera() -> None:
    exif = Image.Exif()
    exif[0x010E] = "<script>alert(1)</script>"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    data = written(two_halves(1_400, 700), "JPEG", exif=exif.tobytes(), comment=b"secret")
    shown = display(decode(data, max_pixels=LIMIT).pixels)
    assert b"script" not in shown and b"secret" not in shown
    with Image.open(io.BytesIO(shown)) as image:
        assert image.format == "WEBP" and image.size == (SIDE, SIDE // 2)
        assert not image.getexif() and "exif" not in image.info and "xmp" not in image.info


def test_a_small_photograph_is_not_enlarged_for_display() -> None:
    with Image.open(io.BytesIO(display(np.zeros((3, 5, 3), np.uint8)))) as image:
        assert image.size == (5, 3)


def test_a_jpeg_with_further_pictures_behind_the_first_is_a_jpeg() -> None:
    written = io.BytesIO()
    behind = Image.new("RGB", (40, 30), "blue")
    Image.new("RGB", (40, 30), "red").save(written, "MPO", save_all=True, append_images=[behind])
    decoded = decode(written.getvalue(), max_pixels=10_000)
    assert (decoded.content_type, decoded.width, decoded.height) == ("image/jpeg", 40, 30)
    assert decoded.pixels[..., 0].min() > 200 and decoded.pixels[..., 2].max() < 50
