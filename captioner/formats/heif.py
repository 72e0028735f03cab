"""HEIC by libheif and AVIF by libavif: both lie in the boxes of HEIF (ISO 23008-12).

The boxes say how a picture is turned, and EXIF's orientation must not turn it again: libheif turns
while it decodes, and Pillow writes into an AVIF's EXIF what the boxes say.
"""

import io
import struct
from collections.abc import Callable

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ImageFile import ImageFile

from captioner import colour, exif

_COLOUR_CODES = b"colrnclx"


def open_heif(data: bytes) -> ImageFile:
    """Open the primary picture of a HEIC or HEIF file; of what holds AV1, as of an AVIF file."""
    brands = data[8 : int.from_bytes(data[:4])]
    if b"avif" in brands or b"avis" in brands:
        return open_avif(data)
    # Loads libheif and libde265, 4 MB, which most starts of the function do without.
    from pi_heif import HeifImageFile  # noqa: PLC0415

    image = _opened(HeifImageFile, data)
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
    image.info["orientation"] = exif.read(image).orientation if "exif" in image.info else 1
    at = data.find(_COLOUR_CODES, 0, data.find(b"mdat"))
    if at > 0 and not image.info.get("icc_profile"):
        codes = struct.unpack_from(">2H", data, at + len(_COLOUR_CODES))
        image.info["icc_profile"] = colour.profile_of_code(*codes)
    return image


def _opened(reader: Callable[[io.BytesIO], ImageFile], data: bytes) -> ImageFile:
    try:
        return reader(io.BytesIO(data))
    except (MemoryError, ImportError):
        raise
    except Exception:
        # Once more without its EXIF, which may be all that is damaged: its item, in the box that
        # lists them (ISO 14496-12, 8.11.6), gets a type that nobody reads.
        return reader(io.BytesIO(data.replace(b"Exif", b"none")))
