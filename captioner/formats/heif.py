"""HEIC by libheif and AVIF by libavif: both lie in the boxes of HEIF (ISO 23008-12).

The boxes say how a picture is turned, and EXIF's orientation must not turn it again: libheif turns
while it decodes, and Pillow writes into an AVIF's EXIF what the boxes say.
"""

import io
import re
import struct
from collections.abc import Callable

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile

from captioner import colour, exif

_COLOUR_CODES = b"colrnclx"
# Of ISO 14496-12, 8.11.6: an item's numbers, before its type and names.
_ITEM = re.compile(rb"infe(?:\x03.{9}|[^\x03].{7})", re.DOTALL)
_ASCII = bytes(range(128)) + b"?" * 128


def open_heif(data: bytes) -> ImageFile:
    """Open the primary picture of a HEIC or HEIF file; of what holds AV1, as of an AVIF file."""
    brands = data[8 : int.from_bytes(data[:4])]
    if b"avif" in brands or b"avis" in brands:
        return open_avif(data)
    # Loads libheif and libde265, 4 MB, which most starts of the function do without.
    from pi_heif import HeifImageFile, options  # noqa: PLC0415

    # Of pictures that are not looked at.
    options.AUX_IMAGES = options.DEPTH_IMAGES = options.THUMBNAILS = False
    image = _opened(HeifImageFile, _with_ascii_names(data))
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
    image.info["orientation"] = exif.of_picture(image).orientation
    at = data.find(_COLOUR_CODES, 0, data.find(b"mdat"))
    if at > 0 and not image.info.get("icc_profile"):
        codes = struct.unpack_from(">2H", data, at + len(_COLOUR_CODES))
        image.info["icc_profile"] = colour.profile_of_code(*codes)
    return image


def _with_ascii_names(data: bytes) -> bytes:
    """Return a file in whose items' types and names there is nothing but ASCII.

    pi-heif 1.4 ends the process where one is no UTF-8:
    https://github.com/bigcat88/pillow_heif/pull/478.
    """
    written = bytearray(data)
    start = max(data.find(b"meta"), 4)
    end = start - 4 + int.from_bytes(data[start - 4 : start])
    for item in _ITEM.finditer(data, start, end):
        until = item.start() - 4 + int.from_bytes(data[item.start() - 4 : item.start()])
        written[item.end() : until] = data[item.end() : until].translate(_ASCII)
    return bytes(written)


def _opened(reader: Callable[[io.BytesIO], ImageFile], data: bytes) -> ImageFile:
    try:
        return reader(io.BytesIO(data))
    except (MemoryError, ImportError):
        raise
    except Exception:
        # Once more without its EXIF, which may be all that is damaged: its item, in the box that
        # lists them (ISO 14496-12, 8.11.6), gets a type that nobody reads.
        return reader(io.BytesIO(data.replace(b"Exif", b"none")))
