"""HEIC by libheif and AVIF by libavif: both lie in the boxes of HEIF (ISO 23008-12).

The boxes say how a picture is turned, and EXIF's orientation must not turn it again: libheif turns
while it decodes, and Pillow writes into an AVIF's EXIF what the boxes say.
"""

import io
import re
import struct
from collections.abc import Callable, Iterator

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile

from captioner import colour, exif
from chalicelib.errors import RejectedImage

_COLOUR_CODES = b"colrnclx"
# What begins an item's entry (ISO 14496-12, 8.11.6): version and flags, its number and one of its
# protection, and then its type, name and media type. A size of 1 says that 8 bytes more tell it.
_ENTRY, _PIXELS, _LONG = re.compile(rb"infe"), b"mdat", 1
_NUMBERS, _LONG_NUMBERS = 8, 10
_ASCII = bytes(range(128)) + b"?" * 128
# libheif reads 1,000: https://github.com/strukturag/libheif/blob/master/libheif/security_limits.cc
MAX_ITEMS = 10_000


def open_heif(data: bytes) -> ImageFile:
    """Open the primary picture of a HEIC or HEIF file; of what holds AV1, as of an AVIF file."""
    brands = data[8 : int.from_bytes(data[:4])]
    if b"avif" in brands or b"avis" in brands:
        return open_avif(data)
    # Loads libheif and libde265, 4 MB, which most starts of the function do without.
    from pi_heif import HeifImageFile, options  # noqa: PLC0415

    options.THUMBNAILS = options.DEPTH_IMAGES = options.AUX_IMAGES = False
    image = _opened(HeifImageFile, with_ascii_items(data))
    image.info["orientation"] = 1
    codes = image.info.get("nclx_profile")
    if codes and not image.info.get("icc_profile"):
        image.info["icc_profile"] = colour.profile_of_code(
            codes["color_primaries"], codes["transfer_characteristics"]
        )
    return image


def open_avif(data: bytes) -> ImageFile:
    """Open an AVIF's primary picture, of a sequence the first."""
    image = _opened(AvifImageFile, data)
    image.info["orientation"] = exif.read_alone(image).orientation
    at = data.find(_COLOUR_CODES, 0, data.find(_PIXELS))
    if at > 0 and not image.info.get("icc_profile"):
        codes = struct.unpack_from(">2H", data, at + len(_COLOUR_CODES))
        image.info["icc_profile"] = colour.profile_of_code(*codes)
    return image


def with_ascii_items(data: bytes) -> bytes:
    """Return a file whose items have no type that is not ASCII: those crash the interpreter."""
    safe, read = bytearray(data), 0
    for number, (start, end) in enumerate(_entries(data)):
        if number == MAX_ITEMS:
            raise RejectedImage(f"the file has more than {MAX_ITEMS:,} items")
        texts = start + (_NUMBERS if data[start : start + 1] <= b"\2" else _LONG_NUMBERS)
        texts, read = max(texts, read), max(end, read)
        safe[texts:read] = safe[texts:read].translate(_ASCII)
    return bytes(safe)


def _entries(data: bytes) -> Iterator[tuple[int, int]]:
    """Give where items' entries begin, behind size and name, and end; or another box does."""
    start = 0
    while start < len(data):
        begin, end = _within(data, start)
        if data[start + 4 : start + 8] != _PIXELS:  # which may hold anything
            yield begin, begin
            for found in _ENTRY.finditer(data, begin, end):
                yield _within(data, found.start() - 4)
        start = end


def _within(data: bytes, box: int) -> tuple[int, int]:
    size, begin = int.from_bytes(data[box : box + 4]), box + 8
    if size == _LONG:
        size, begin = int.from_bytes(data[begin : begin + 8]), begin + 8
    return begin, box + size if size >= begin - box else len(data)


def _opened(reader: Callable[[io.BytesIO], ImageFile], data: bytes) -> ImageFile:
    try:
        return reader(io.BytesIO(data))
    except (MemoryError, ImportError):
        raise
    except Exception:
        # Once more without its EXIF, which may be all that is damaged: its item, in the box that
        # lists them (ISO 14496-12, 8.11.6), gets a type that nobody reads.
        return reader(io.BytesIO(data.replace(b"Exif", b"none")))
