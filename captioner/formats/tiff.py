"""TIFF: its first picture, unless that is the preview of a camera's raw file."""

import io
import struct
from collections.abc import Mapping, Sequence
from typing import Any, cast

from PIL.ImageFile import ImageFile, _Tile
from PIL.TiffImagePlugin import TiffImageFile

from captioner import exif
from captioner.exif import Exif
from chalicelib.errors import RejectedImage

# What the pixels are read by (TIFF 6.0); any other tag that is
# damaged must not condemn them: https://verypdf.com/document/tiff6/pg_0016.htm
_PIXELS = frozenset([254, *range(256, 260), 262, 266, 273, *range(277, 280), 284, 292, 293, 317])
_PIXELS |= frozenset([*range(320, 326), 332, 338, 339, 347, *range(512, 522), *range(529, 533)])
_WIDTH, _HEIGHT, _TILE_WIDTH, _TILE_HEIGHT = 256, 257, 322, 323
_STRIPS, _TILES = 273, 324
_SUBFILE, _SUB_IFDS, _DNG_VERSION, _PHOTOMETRIC, _COMPRESSION = 254, 330, 50706, 262, 259
_BITS, _PLANES, _APART, _WHITE_IS_ZERO, _WHITE = 258, 284, 2, 0, 65535
_CR2 = b"CR\2\0"
# Of the colour filter's array and of raw light (DNG 1.7), and makers' own compressions:
# https://exiftool.org/TagNames/EXIF.html
_RAW_LIGHT = frozenset([32803, 34892])
_RAW_COMPRESSIONS = frozenset([32767, 32769, 32770, 34713, 65000, 65535])
_PROFILE, _XMP, _IPTC = 34675, 700, 33723
RAW = "the file is a camera's raw file: develop it as JPEG, HEIC, AVIF, TIFF, PNG or WebP"
_BLANK = "HHL"  # a byte of a tag that nobody knows
# Each is read on its own, some 20 microseconds; a picture of 65,535 lines may have as many.
MAX_STRIPS = 100_000
# What a tile may hold beyond the picture: memory is taken for all of it.
_SPARE = 4_096 * 4_096


def open_tiff(data: bytes) -> ImageFile:
    """Open a TIFF's first picture.

    Raises
    ------
    RejectedImage
        It is a camera's raw file (DNG, CR2, NEF, ARW and others), or claims absurd parts.
    """
    told = Exif.of(data)
    _check_raw(data, told.image)
    _check_parts(told.image)
    image = _Tiff(io.BytesIO(_pixels_only(data)))
    tags = image.tag_v2
    if tags.get(_PLANES) == _APART and tags.get(_COMPRESSION, 1) == 1 and 16 in tags[_BITS]:
        image.tile = _with_whole_planes(image.tile, exif.order_of(data))
    image.info["exif"] = data
    for name, tag in (("icc_profile", _PROFILE), ("xmp", _XMP), ("iptc", _IPTC)):
        image.info[name] = _bytes(told.image.get(tag), data)
    return image


class _Tiff(TiffImageFile):
    def load_end(self) -> None:
        """Leave out what Pillow does here: read metadata, and turn the picture by them.

        What it leaves out is done: grey of 12 bits is brought to 16, and a negative of 16 inverted.
        """
        if not self.mode.startswith("I;16"):
            return
        scale = 1 << (16 - self.tag_v2[_BITS][0])
        if self.tag_v2.get(_PHOTOMETRIC) == _WHITE_IS_ZERO:
            self.im = self.im.point_transform(-scale, _WHITE)
        elif scale > 1:
            self.im = self.im.point_transform(scale, 0)


def _with_whole_planes(tiles: Sequence[_Tile], order: str) -> list[_Tile]:
    """Return tiles of a plane each, which Pillow reads by bytes, as of 16 bits."""
    suffix = ";16L" if order == "<" else ";16B"
    arguments = (cast("tuple[Any, ...]", tile.args) for tile in tiles)
    whole = ((plane + suffix, *others) for plane, *others in arguments)
    return [tile._replace(args=args) for tile, args in zip(tiles, whole, strict=True)]


def _check_raw(data: bytes, tags: Mapping[int, Any]) -> None:
    is_preview = tags.get(_SUBFILE) == 1 and _SUB_IFDS in tags
    is_raw = tags.get(_PHOTOMETRIC) in _RAW_LIGHT or tags.get(_COMPRESSION) in _RAW_COMPRESSIONS
    if is_preview or is_raw or _DNG_VERSION in tags or data[8:12] == _CR2:
        raise RejectedImage(RAW)


def _check_parts(tags: Mapping[int, Any]) -> None:
    pixels = tags.get(_WIDTH, 0) * tags.get(_HEIGHT, 0)
    if tags.get(_TILE_WIDTH, 0) * tags.get(_TILE_HEIGHT, 0) > pixels + _SPARE:
        raise RejectedImage("the TIFF's tiles are larger than its picture")
    for offsets in (tags.get(_STRIPS), tags.get(_TILES)):
        if isinstance(offsets, tuple) and len(offsets) > MAX_STRIPS:
            raise RejectedImage(f"the TIFF has more than {MAX_STRIPS:,} strips or tiles")


def _pixels_only(data: bytes) -> bytes:
    """Return the file with those entries of its first directory blank that only describe."""
    pixels = bytearray(data)
    for entry in exif.entries(data, exif.first_directory(data) or 0):
        if entry.tag not in _PIXELS:
            blank = struct.pack(exif.order_of(data) + _BLANK, 0, 1, 1)
            pixels[entry.start : entry.start + len(blank)] = blank
    return bytes(pixels)


def _bytes(value: object, data: bytes) -> bytes:
    """Return a tag's bytes; Photoshop's of IPTC are called numbers of 32 bits."""
    match value:
        case bytes():
            return value
        case str():
            return value.encode("latin-1", "replace")
        case tuple() if all(isinstance(part, int) for part in value):
            words = [part & 0xFFFFFFFF for part in value]
            return struct.pack(f"{exif.order_of(data)}{len(words)}L", *words)
    return b""
