"""What is read of EXIF, tag by tag."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.ExifTags import IFD, Base, Interop

from captioner.decoding import decode
from captioner.exif import Exif
from tests.picture_files import LIMIT, segment, two_halves, written

TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
TAGS = [256, 257, 258, 259, 262, 270, 271, 272, 282, 283, 296, 305, 306, 315, 513, 514, 531, 532]
TAGS += [700, 33432, 34665, 34675, 34853, 40091, 50341]


def structure(*entries: tuple[int, int, int, bytes]) -> bytes:
    """Return EXIF of one directory: tag, type, count and four bytes each."""
    body = b"".join(struct.pack(">HHL", *entry[:3]) + entry[3] for entry in entries)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", len(entries)) + body + bytes(40)


ORIENTATION = (0x0112, 3, 1, b"\0\6\0\0")


def portrait(exif: bytes) -> bytes:
    plain = written(two_halves(), "JPEG", quality=95)
    return plain[:2] + segment(0xE1, b"Exif\0\0" + exif) + plain[2:]


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_of_any_type_and_value_spoils_no_other(tag: int, kind: int) -> None:
    for count, value in ((1, b"\xff\xff\xff\xff"), (3, b"\0\0\0\x08"), (2**30, b"\0\0\xff\0")):
        exif = structure((tag, kind, count, value), ORIENTATION, (0x010F, 2, 4, b"Pen\0"))
        decoded = decode(portrait(exif), max_pixels=LIMIT)
        assert (decoded.width, decoded.height) == (20, 40), (count, value)
        assert decoded.exif.image[Base.Make] == "Pen" or tag == Base.Make


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_no_bytes_are_too_damaged_to_be_left_out(exif: bytes) -> None:
    assert 1 <= Exif.of(exif).orientation <= 8
    assert decode(portrait(b"II*\0\x08\0\0\0" + exif), max_pixels=LIMIT).pixels.shape[2] == 3


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (6, 6),
        (0, 1),
        (9, 1),
        (-1, 1),
        (6.0, 6),
        ((8, 0), 8),
        ("6", 6),
        ("up", 1),
        ((), 1),
        (None, 1),
    ],
    ids=repr,
)
def test_an_orientation_is_taken_for_what_it_means(said: object, meant: int) -> None:
    assert Exif({Base.Orientation: said}).orientation == meant


def test_the_directories_of_a_camera_are_read() -> None:
    exif = Image.Exif()
    exif[Base.Make] = "Pen"
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2024:05:01 13:20:00"
    exif.get_ifd(IFD.GPSInfo)[2] = (52.0, 31.0, 12.0)
    decoded = decode(written(two_halves(), "JPEG", exif=exif.tobytes()), max_pixels=LIMIT)
    assert decoded.exif.image[Base.Make] == "Pen"
    assert decoded.exif.photo[Base.DateTimeOriginal] == "2024:05:01 13:20:00"
    assert [float(part) for part in decoded.exif.gps[2]] == [52, 31, 12]


def test_directories_that_point_at_themselves_end() -> None:
    exif = structure(
        ORIENTATION, (IFD.Exif, 4, 1, b"\0\0\0\x08"), (IFD.GPSInfo, 4, 1, b"\0\0\0\x08")
    )
    assert Exif.of(exif).orientation == 6


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'


@pytest.mark.parametrize(
    "xmp",
    [
        XMP,
        XMP.replace(b'="6"', b" = '6'"),  # as ExifTool quotes
        XMP.replace(b' tiff:Orientation="6"/>', b"><tiff:Orientation>\n6</tiff:Orientation>"),
    ],
    ids=["attribute", "single quotes", "element"],
)
def test_an_orientation_that_stands_in_xmp_alone_is_applied(xmp: bytes) -> None:
    decoded = decode(written(two_halves(), "JPEG", xmp=xmp), max_pixels=LIMIT)
    assert (decoded.width, decoded.height) == (20, 40)
    assert decoded.xmp == xmp


def test_xmp_does_not_turn_what_boxes_say_is_upright() -> None:
    exif = Image.Exif()
    exif[Base.Model] = "one"
    data = written(two_halves(), "AVIF", xmp=XMP, exif=exif.tobytes())
    assert decode(data, max_pixels=LIMIT).width == 40


def test_exif_stands_before_xmp() -> None:
    exif = Image.Exif()
    exif[Base.Orientation] = 1
    data = written(two_halves(), "JPEG", xmp=XMP, exif=exif.tobytes())
    assert decode(data, max_pixels=LIMIT).width == 40


@pytest.mark.parametrize(
    ("space", "index", "is_adobe"), [(2, None, True), (65535, "R03", True), (65535, "R98", False)]
)
def test_adobe_rgb_is_told_by_a_number_or_by_an_index(
    space: int, index: str | None, is_adobe: bool
) -> None:
    exif = Exif(photo={Base.ColorSpace: space}, interoperability={Interop.InteropIndex: index})
    assert exif.is_adobe_rgb is is_adobe
