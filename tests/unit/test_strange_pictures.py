"""What pictures end as that cameras, phones and programs write otherwise than the books say."""

import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ImageFile import ImageFile

from captioner.decoding import OPENERS, decode
from captioner.preparing import display
from chalicelib.errors import RejectedImage
from tests.picture_files import (
    LIMIT,
    PICTURES,
    chunk,
    jpeg_with,
    off_patches,
    png_with,
    segment,
    two_halves,
    written,
)

PORTRAITS = sorted(PICTURES.glob("*_portrait.jpg"))
SOUND = [*sorted(PICTURES.glob("png_*.png")), PICTURES / "jpeg_adobe_marker_short.jpg"]


def test_a_jpeg_with_an_index_of_further_pictures_is_a_jpeg() -> None:
    decoded = decode((PICTURES / "camera_mpo.jpg").read_bytes(), max_pixels=LIMIT)
    assert (decoded.content_type, decoded.width, decoded.height) == ("image/jpeg", 320, 240)


@pytest.mark.parametrize("path", PORTRAITS, ids=lambda path: path.stem)
def test_a_tag_of_a_wrong_type_leaves_the_others_and_the_picture_upright(path: Path) -> None:
    decoded = decode(path.read_bytes(), max_pixels=LIMIT)
    assert decoded.exif.orientation == 6
    assert decoded.height > decoded.width and decoded.pixels.shape[0] == decoded.height


@pytest.mark.parametrize("path", SOUND, ids=lambda path: path.stem)
def test_metadata_that_cannot_be_read_condemns_no_pixels(path: Path) -> None:
    decoded = decode(path.read_bytes(), max_pixels=LIMIT)
    assert decoded.pixels.shape == (decoded.height, decoded.width, 3)
    assert np.ptp(decoded.pixels) > 50


@pytest.mark.parametrize("name", ["icc_p3.png", "icc_adobe.png", "icc_prophoto.png"])
def test_colours_of_a_wider_space_are_shown_and_captioned_as_they_are_meant(name: str) -> None:
    decoded = decode((PICTURES / name).read_bytes(), max_pixels=LIMIT)
    assert off_patches(decoded.pixels) <= 5


def raising(error: BaseException) -> dict[str, Callable[[bytes], ImageFile]]:
    def open_picture(_: bytes) -> ImageFile:
        raise error

    return {"image/png": open_picture}


@pytest.mark.fault(29)
@pytest.mark.parametrize(
    "error",
    [KeyError(1), struct.error("x"), ZeroDivisionError(), RecursionError(), zlib.error("x")],
    ids=repr,
)
def test_whatever_a_decoder_raises_is_an_answer_about_the_picture(error: Exception) -> None:
    with pytest.raises(RejectedImage, match="damaged, incomplete or stored in a way"):
        decode(written(two_halves()), max_pixels=LIMIT, openers=raising(error))


@pytest.mark.parametrize(
    "error", [MemoryError(), ImportError(), KeyboardInterrupt(), SystemExit()], ids=repr
)
def test_what_is_no_fault_of_the_picture_is_not_blamed_on_it(error: BaseException) -> None:
    with pytest.raises(type(error)):
        decode(written(two_halves()), max_pixels=LIMIT, openers=raising(error))


def test_every_kind_of_photograph_that_is_taken_has_a_decoder() -> None:
    from image_repo_formats import MEDIA_TYPES

    assert set(OPENERS) == MEDIA_TYPES


PNG_FAULTS = {
    "text of 2 MB": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(bytes(2_000_000))),
    "profile of 9 MB": chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(9_000_000))),
    "profile that is none": chunk(b"iCCP", b"p\0\0" + zlib.compress(b"no profile")),
    "profile not compressed": chunk(b"iCCP", b"p\0\0 no stream"),
    "EXIF that is XMP": chunk(b"eXIf", b"<x:xmpmeta/>"),
    "short pHYs": chunk(b"pHYs", b"\0\0"),
    "short gAMA": chunk(b"gAMA", b"\0\0"),
    "short cHRM": chunk(b"cHRM", b"\0\0\0\1"),
    "cHRM of nothing": chunk(b"cHRM", bytes(32)),
    "short cICP": chunk(b"cICP", b"\1"),
    "unknown cICP": chunk(b"cICP", b"\xff\xff\0\1"),
    "short tIME": chunk(b"tIME", b"\0"),
    "short iTXt": chunk(b"iTXt", b"XML:com.adobe.xmp\0"),
    "wrong checksum": chunk(b"tEXt", b"a\0b")[:-1] + b"?",
    "raw profile of no numbers": chunk(b"tEXt", b"Raw profile type exif\0\n\n\nxyz"),
    "animation that is cut": chunk(b"acTL", b"\0\0\0\2"),
}


@pytest.mark.parametrize("fault", PNG_FAULTS)
def test_faulty_chunks_of_a_png_are_left_out(fault: str) -> None:
    pixels = decode(png_with(PNG_FAULTS[fault]), max_pixels=LIMIT).pixels
    assert np.array_equal(pixels, np.asarray(two_halves()))


def test_of_two_chunks_that_say_the_same_the_first_counts() -> None:
    told = [chunk(b"tEXt", b"XML:com.adobe.xmp\0" + packet) for packet in (b"<a/>", b"<b/>")]
    assert decode(png_with(*told), max_pixels=LIMIT).xmp == b"<a/>"


@pytest.mark.parametrize("length", [0, 1, 4, 11])
def test_a_png_that_lacks_only_its_end_is_whole(length: int) -> None:
    data = written(two_halves())
    pixels = decode(data[: len(data) - 12 + length], max_pixels=LIMIT).pixels
    assert np.array_equal(pixels, np.asarray(two_halves()))


JPEG_FAULTS = {
    "short JFIF": segment(0xE0, b"JFIF\0\1"),
    "short Adobe": segment(0xEE, b"Adobe\0"),
    "EXIF that is no TIFF": segment(0xE1, b"Exif\0\0no TIFF at all"),
    "empty EXIF": segment(0xE1, b"Exif\0\0"),
    "profile without parts": segment(0xE2, b"ICC_PROFILE\0"),
    "profile without its second part": segment(0xE2, b"ICC_PROFILE\0\1\2abc"),
    "MPF that is cut": segment(0xE2, b"MPF\0II*\0"),
    "Photoshop that is cut": segment(0xED, b"Photoshop 3.0\x008BIM\4"),
    "XMP that is no XML": segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0\xff\xfe<"),
    "bytes between the segments": segment(0xFE, b"a comment") + b"\0\0nothing\xff\xff",
}


@pytest.mark.parametrize("fault", JPEG_FAULTS)
def test_faulty_segments_of_a_jpeg_are_left_out(fault: str) -> None:
    pixels = decode(jpeg_with(JPEG_FAULTS[fault]), max_pixels=LIMIT).pixels
    assert np.abs(pixels.astype(int) - np.asarray(two_halves(), int)).max() < 30


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
def test_exif_of_garbage_condemns_no_picture(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    data = bytearray(written(two_halves(64, 32), kind, exif=exif.tobytes()))
    at = data.find(b"a description") if kind == "TIFF" else data.find(b"MM\0*")
    data[at : at + 4] = b"!!!!"
    assert decode(bytes(data), max_pixels=LIMIT).pixels.shape == (32, 64, 3)


@pytest.mark.parametrize("size", [(1, 1), (1, 3_000), (9_000, 1), (2, 65_000)])
def test_the_narrowest_pictures_are_shown(size: tuple[int, int]) -> None:
    pixels = decode(written(Image.new("RGB", size, "red"), "JPEG"), max_pixels=LIMIT).pixels
    assert display(pixels).startswith(b"RIFF")
