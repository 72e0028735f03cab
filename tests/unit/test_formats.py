"""HEIC, AVIF and TIFF are photographs too; what is cut, hostile or raw is refused in words."""

import io
import struct
import time
import tracemalloc
import zlib
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pillow_heif
import pytest
import tifffile
from PIL import Image

from captioner.decoding import SHORT_SIDE, decode
from captioner.exif import Exif
from captioner.formats import gif, heif, jpeg, png, tiff
from chalicelib.errors import RejectedImage
from tests.picture_files import (
    BLUE,
    LIMIT,
    PICTURES,
    RED,
    chunk,
    jpeg_with,
    png_with,
    segment,
    two_halves,
    written,
)
from tests.picture_files import tiff as tiff_of
from tests.pictures.bounded import MEMORY, Bounded, End
from tests.pictures.fuzzing import shape

TURNED = (PICTURES / "turned.heic").read_bytes()
NOISE = Image.fromarray(np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8))
SHADES = Image.linear_gradient("L").resize((640, 480)).convert("RGB")


def pixels(data: bytes) -> npt.NDArray[np.int_]:
    return decode(data, max_pixels=LIMIT).pixels.astype(int)


def tiff_by_numpy(samples: npt.NDArray[np.uint16], **how: Any) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, samples, **how)
    return file.getvalue()


def heic_with_xmp() -> bytes:
    pillow_heif.register_heif_opener()
    return written(two_halves(64, 64), "HEIF", xmp=b"<x/>", exif=Image.Exif().tobytes())


def ended(data: bytes) -> End:
    with Bounded(shape, memory=MEMORY, seconds=30) as decoded:
        return decoded(data).end


def refusal(data: bytes, max_pixels: int = LIMIT) -> str:
    with pytest.raises(RejectedImage) as raised:
        decode(data, max_pixels=max_pixels)
    return raised.value.detail


class TestHeif:
    def test_a_heic_is_upright_once(self) -> None:
        decoded = decode(TURNED, max_pixels=LIMIT)
        assert (decoded.content_type, decoded.width, decoded.height) == ("image/heic", 48, 64)
        assert np.abs(decoded.pixels[5, 5].astype(int) - RED).max() < 10
        assert np.abs(decoded.pixels[-5, 5].astype(int) - BLUE).max() < 10

    def test_exif_does_not_turn_again_what_the_boxes_turned(self) -> None:
        said = b"\x01\x12\0\3\0\0\0\1\0"
        assert said + b"\6" in TURNED
        upright = TURNED.replace(said + b"\6", said + b"\1")
        assert np.array_equal(pixels(TURNED), pixels(upright))

    def test_exif_of_garbage_is_left_out(self) -> None:
        data = bytearray(TURNED)
        at = data.index(b"MM\0*")
        data[at : at + 12] = b"\xff" * 12
        assert np.array_equal(pixels(bytes(data)), pixels(TURNED))

    @pytest.mark.parametrize("part", [b"Exif", b"application/rdf+xml"])
    def test_an_item_whose_type_is_no_text_crashes_nothing(self, part: bytes) -> None:
        sound = heic_with_xmp()
        at = sound.index(part, sound.index(b"iinf"))
        assert ended(sound[:at] + b"\xe9" + sound[at + 1 :]) is End.DONE

    @pytest.mark.parametrize("kind", [b"infe", b"free"])
    def test_items_without_end_are_refused(self, kind: bytes) -> None:
        box = struct.pack(">I4s12x", 20, kind)
        assert "items" in refusal(TURNED + box * (heif.MAX_ITEMS + 1))

    def test_pixels_that_look_like_an_item_are_pixels(self) -> None:
        at = TURNED.index(b"mdat") + 60
        assert not TURNED[at - 50 : at + 50].isascii()
        pixels_alone = TURNED[:at] + b"\0\0\0\x20infe" + TURNED[at + 8 :]
        given = heif.with_ascii_items(pixels_alone)
        assert given == pixels_alone

    def test_a_transparent_heic_lies_on_white(self) -> None:
        got = pixels((PICTURES / "transparent.heic").read_bytes())
        assert got[24, 5].min() > 250 and np.abs(got[24, 60] - BLUE).max() < 10

    @pytest.mark.parametrize("brand", [b"mif1", b"heix", b"msf1"])
    def test_it_is_known_by_any_brand(self, brand: bytes) -> None:
        data = TURNED[:8] + brand + TURNED[12:]
        assert decode(data, max_pixels=LIMIT).content_type in {"image/heic", "image/heif"}

    def test_an_avif_under_the_general_brand_is_read(self) -> None:
        data = written(two_halves(64, 32), "AVIF", quality=90)
        assert pixels(data[:8] + b"mif1" + data[12:]).shape == (32, 64, 3)

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_an_avif_is_upright_once(self, orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        stored = two_halves(64, 32)
        decoded = decode(written(stored, "AVIF", quality=90, exif=exif.tobytes()), max_pixels=LIMIT)
        turned = decode(written(stored, "PNG", exif=exif.tobytes()), max_pixels=LIMIT)
        assert np.abs(decoded.pixels.astype(int) - turned.pixels).mean() < 10

    def test_of_a_sequence_the_first_picture_is_read(self) -> None:
        frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", "blue", "blue")]
        data = written(frames[0], "AVIF", save_all=True, append_images=frames[1:])
        decoded = decode(data, max_pixels=LIMIT)
        assert decoded.content_type == "image/avif"
        assert np.abs(decoded.pixels[9, 9].astype(int) - RED).max() < 10

    @pytest.mark.parametrize("kind", ["heic", "avif"])
    def test_a_truncated_one_is_called_damaged(self, kind: str) -> None:
        data = TURNED if kind == "heic" else written(two_halves(64, 64), "AVIF")
        assert "damaged" in refusal(data[: len(data) // 2])

    def test_a_bomb_is_refused_by_its_box(self) -> None:
        at = TURNED.index(b"ispe") + 8
        data = TURNED[:at] + struct.pack(">II", 50_000, 50_000) + TURNED[at + 8 :]
        assert refusal(data)


class TestTiff:
    @pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
    def test_its_compressions_are_read(self, compression: str | None) -> None:
        data = written(two_halves(), "TIFF", compression=compression)
        assert decode(data, max_pixels=LIMIT).content_type == "image/tiff"
        assert np.array_equal(pixels(data), np.asarray(two_halves()))

    def test_jpeg_in_a_tiff_is_read(self) -> None:
        data = written(two_halves(64, 64), "TIFF", compression="jpeg", quality=95)
        assert np.abs(pixels(data)[9, 9] - RED).max() < 20

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F", "I"])
    def test_its_modes_are_read(self, mode: str) -> None:
        data = written(Image.new(mode, (9, 8)), "TIFF")
        assert pixels(data).shape == (8, 9, 3)

    def test_sixteen_bits_are_reduced(self) -> None:
        shades = np.array([[0, 128 << 8, 255 << 8]], np.uint16)
        assert pixels(written(Image.fromarray(shades), "TIFF"))[0, :, 0].tolist() == [0, 128, 255]

    def test_numbers_without_a_white_of_their_own_are_stretched(self) -> None:
        light = np.array([[0, 0.5, 1]], np.float32)
        assert pixels(written(Image.fromarray(light), "TIFF"))[0, :, 0].tolist() == [0, 127, 255]
        counts = np.array([[0, 500, 1_000]], np.float32)
        assert pixels(written(Image.fromarray(counts), "TIFF"))[0, :, 0].tolist() == [0, 127, 255]

    @pytest.mark.parametrize("compression", [None, "jpeg"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_it_is_upright_once(self, orientation: int, compression: str | None) -> None:
        stored = two_halves(64, 32)
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = written(stored, "TIFF", compression=compression, exif=exif)
        upright = decode(written(stored, "PNG", exif=exif.tobytes()), max_pixels=LIMIT)
        decoded = decode(data, max_pixels=LIMIT)
        assert (decoded.width, decoded.height) == (upright.width, upright.height)
        assert np.abs(decoded.pixels.astype(int) - upright.pixels).mean() < 10

    @pytest.mark.parametrize("kind", range(1, 14))
    @pytest.mark.parametrize("tag", [270, 282, 283, 296, 305, 306, 700, 33723, 34665, 34675])
    def test_a_describing_tag_of_a_wrong_type_condemns_nothing(self, tag: int, kind: int) -> None:
        entries = [(256, 4, 1, 2), (257, 4, 1, 1), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
        entries += [(273, 4, 1, 134), (277, 3, 1, 1), (278, 4, 1, 1), (279, 4, 1, 2)]
        for count, value in ((1, 2**32 - 1), (3, 8), (2**30, 0)):
            data = tiff_of(*entries, (tag, kind, count, value), body=b"\x40\x80")
            assert pixels(data)[0, :, 0].tolist() == [0x40, 0x80]

    def test_of_many_pages_the_first_is_read(self) -> None:
        pages = [Image.new("RGB", (8, 8), "blue")] * 3
        data = written(Image.new("RGB", (8, 8), "red"), "TIFF", save_all=True, append_images=pages)
        assert (pixels(data) == RED).all()

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_planes_of_sixteen_bits_are_read(self, order: Literal["<", ">"]) -> None:
        wide = np.asarray(NOISE).astype(np.uint16) * 257
        planes = np.moveaxis(wide, 2, 0)
        how = {"photometric": "rgb", "planarconfig": "separate", "byteorder": order}
        assert np.array_equal(pixels(tiff_by_numpy(planes, **how)), np.asarray(NOISE))

    def test_a_negative_of_sixteen_bits_is_inverted(self) -> None:
        grey = np.asarray(SHADES.convert("L"))
        negative = (255 - grey).astype(np.uint16) * 257
        assert np.array_equal(
            pixels(tiff_by_numpy(negative, photometric="miniswhite"))[..., 0], grey
        )

    def test_twelve_bits_of_grey_are_reduced(self) -> None:
        about = [(256, 4, 1, 2), (257, 4, 1, 1), (258, 3, 1, 12), (262, 3, 1, 1)]
        where = (273, 4, 1, 8 + 2 + 12 * 5 + 4)
        data = tiff_of(*about, where, body=b"\x80\0\x40")  # 0x800, 0x040
        assert pixels(data)[0, :, 0].tolist() == [0x80, 0x04]

    def test_pixels_that_begin_like_a_raw_file_are_pixels(self) -> None:
        size = [(256, 4, 1, 2), (257, 4, 1, 1), (258, 3, 1, 8), (262, 3, 1, 1)]
        directory = tiff_of(*size, (273, 4, 1, 8))[8:]
        assert pixels(b"II*\0\x0a\0\0\0CR" + directory)[0, :, 0].tolist() == [*b"CR"]

    @pytest.mark.parametrize(
        "entries",
        [
            [(50706, 1, 4, 0x401)],  # DNG
            [(254, 4, 1, 1), (330, 4, 2, 8)],  # NEF, ARW: a preview before raw pictures
            [(262, 3, 1, 32803)],  # of a colour filter's array
            [(259, 3, 1, 34713)],  # NEF's own compression
        ],
        ids=["dng", "preview", "filter array", "compression"],
    )
    def test_a_cameras_raw_file_is_refused_in_words(
        self, entries: list[tuple[int, int, int, int]]
    ) -> None:
        assert "raw file" in refusal(tiff_of((256, 4, 1, 9), (257, 4, 1, 9), *entries))

    @pytest.mark.parametrize(
        "data",
        [
            b"II*\0\x10\0\0\0CR\2\0",
            b"\0\0\0\x18ftypcrx ",
            b"FUJIFILMCCD-RAW 0201",
            b"IIRO\x08\0\0\0",
            b"IIU\0\x08\0\0\0",
        ],
        ids=["cr2", "cr3", "raf", "orf", "rw2"],
    )
    def test_so_are_those_of_other_makers(self, data: bytes) -> None:
        assert "raw file" in refusal(data)

    def test_absurd_tiles_and_strips_are_refused(self) -> None:
        size = [(256, 4, 1, 100), (257, 4, 1, 100)]
        assert "tiles" in refusal(tiff_of(*size, (322, 4, 1, 65_536), (323, 4, 1, 65_536)))
        count = tiff.MAX_STRIPS + 1
        strips = tiff_of(*size, (273, 4, count, 200), body=bytes(4 * count + 200))
        assert "strips" in refusal(strips)


class TestCutJpeg:
    @pytest.mark.parametrize("image", [NOISE, NOISE.convert("L")], ids=["colour", "grey"])
    @pytest.mark.parametrize("missing", [1, 2, 50, 2_000])
    def test_one_that_lacks_only_its_last_bytes_is_whole(
        self, image: Image.Image, missing: int
    ) -> None:
        data = written(image, "JPEG", quality=95)
        got, whole = pixels(data[:-missing]), pixels(data)
        assert np.array_equal(got[:440], whole[:440])

    def test_zeros_in_the_place_of_the_rest_are_no_picture(self) -> None:
        data = written(NOISE, "JPEG", quality=95)
        assert pixels(data[:-500] + bytes(500)).shape == (480, 640, 3)
        assert "% of it is missing" in refusal(data[: len(data) // 2] + bytes(len(data) // 2))

    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
    def test_a_half_grey_picture_is_refused_with_what_is_missing(self, share: float) -> None:
        data = written(NOISE, "JPEG", quality=95)
        assert "% of it is missing" in refusal(data[: int(len(data) * share)])

    def test_a_whole_picture_with_grey_below_is_whole(self) -> None:
        image = NOISE.copy()
        image.paste((128, 128, 128), (0, 200, 640, 480))
        assert pixels(written(image, "JPEG", quality=95)).shape == (480, 640, 3)

    def test_a_progressive_one_may_lack_its_finest_scans_alone(self) -> None:
        data = written(NOISE, "JPEG", quality=95, progressive=True)
        fine = data[: len(data) * 95 // 100]
        assert np.abs(pixels(fine) - pixels(data)).mean() < 10
        assert "before the picture is sharp" in refusal(data[: len(data) // 10])

    def test_one_of_cmyk_is_not_guessed_at(self) -> None:
        data = written(NOISE.convert("CMYK"), "JPEG")
        assert "damaged" in refusal(data[:-2_000])


class TestBombs:
    """Files that are small, or legal, and would take minutes or gigabytes."""

    def test_scans_without_end_are_refused(self) -> None:
        data = written(SHADES, "JPEG", progressive=True)
        scan = data[data.rindex(b"\xff\xda") : -2]
        assert "scans" in refusal(data[:-2] + scan * jpeg.MAX_SCANS + data[-2:])

    def test_so_are_those_of_one_that_is_not_progressive(self) -> None:
        data = written(SHADES, "JPEG")
        at = data.index(b"\xff\xda")
        scan = b"\xff\xda\0\x08\1\1\0\0\x3f\0"  # of its first component alone, and empty
        assert "scans" in refusal(data[:at] + scan * (jpeg.MAX_SCANS + 1) + b"\xff\xd9")

    def test_what_follows_a_picture_has_no_scans_of_it(self) -> None:
        data = written(SHADES, "JPEG", progressive=True)
        film = b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 2 * jpeg.MAX_SCANS
        assert np.array_equal(pixels(data + film), pixels(data))

    @pytest.mark.parametrize("part", [b"\xff\xfe\0\2", b"\xff\xd0", b"\xff\xdb\0\2"])
    def test_segments_without_end_are_refused(self, part: bytes) -> None:
        assert "segments" in refusal(jpeg_with(segment(0xFE, b""), part * jpeg.MAX_SEGMENTS))

    @pytest.mark.parametrize("kind", [b"tEXt", b"IDAT"])
    def test_chunks_without_end_are_refused(self, kind: bytes) -> None:
        assert "chunks" in refusal(png_with(chunk(kind, b"") * png.MAX_CHUNKS))

    def test_blocks_without_end_are_refused(self) -> None:
        data = written(two_halves(), "GIF")
        at = 13 + 3 * (2 << (data[10] & 7))
        comment = b"\x21\xfe" + b"\1a" * gif.MAX_READS
        assert "blocks" in refusal(data[:at] + comment + data[at:])

    @pytest.mark.parametrize(
        ("kind", "head"),
        [
            (b"zTXt", b"Raw profile type exif\0\0"),
            (b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0"),
            (b"iCCP", b"p\0\0"),
        ],
    )
    def test_what_inflates_beside_the_picture_costs_nothing(self, kind: bytes, head: bytes) -> None:
        bomb = chunk(kind, head + zlib.compress(bytes(50_000_000), 9))
        started = time.process_time()
        decoded = decode(png_with(bomb * 50), max_pixels=LIMIT)
        assert time.process_time() - started < 1
        assert decoded.xmp is None and not decoded.exif.image

    def test_exif_whose_data_overlap_takes_no_more_memory_than_the_file(self) -> None:
        entries = [(40_000 + number, 7, 40_000, 8) for number in range(4_000)]
        assert len(Exif.of(tiff_of(*entries)).image) == 1


def test_only_a_jpeg_may_have_more_pixels_than_are_decoded_whole() -> None:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 15_000, 15_000, 8, 2, 0, 0, 0))
    data = written(two_halves())
    assert "only a JPEG may" in refusal(data[:8] + header + data[33:], max_pixels=300_000_000)
    grey = [(256, 4, 1, 15_000), (257, 4, 1, 15_000), (258, 3, 1, 8), (262, 3, 1, 1)]
    assert "only a JPEG may" in refusal(tiff_of(*grey, (273, 4, 1, 8)), max_pixels=300_000_000)


def test_a_line_without_end_is_refused_and_not_tried_again() -> None:
    data = written(Image.new("1", (100_000_000, 1)))
    assert "a side of the image" in refusal(data, max_pixels=200_000_000)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_numbers_are_reduced_before_they_are_stretched(mode: str) -> None:
    data = written(Image.linear_gradient("L").convert(mode).resize((2_000, 5_000)), "TIFF")
    tracemalloc.start()
    shown = decode(data, max_pixels=LIMIT).pixels
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert shown.shape == (2_500, 1_000, 3) and int(shown.max()) - int(shown.min()) > 250
    assert most < 3 * len(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_large_photograph_is_reduced_to_what_is_shown(kind: str) -> None:
    decoded = decode(written(two_halves(4_200, 900), kind), max_pixels=LIMIT)
    assert (decoded.width, decoded.height) == (4_200, 900)
    assert decoded.pixels.shape == (450, 2_100, 3)
    assert np.abs(decoded.pixels[9, 9].astype(int) - RED).max() < 10


def test_a_panorama_keeps_the_height_that_the_encoder_takes() -> None:
    decoded = decode(written(two_halves(9_000, 950), "JPEG"), max_pixels=LIMIT)
    assert SHORT_SIDE <= decoded.pixels.shape[0] < 950
