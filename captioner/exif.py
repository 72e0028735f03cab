"""What a camera wrote beside its pixels, read tag by tag: what cannot be read is left out."""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Self

from PIL import Image
from PIL.ExifTags import IFD, Base, Interop
from PIL.TiffImagePlugin import IFDRational

_PREFIX = re.compile(rb"^(?:Exif\0\0){1,2}")
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|\s*>)\s*([1-8])")
_ADOBE_RGB, _UNCALIBRATED = 2, 65535
# By type (TIFF 6.0, section 2); those of bytes and rational numbers are read apart.
_FORMATS = {1: "s", 2: "s", 3: "H", 4: "L", 5: "LL", 6: "b", 7: "s", 8: "h", 9: "l", 10: "ll"}
_FORMATS |= {11: "f", 12: "d", 13: "L"}
_ENTRY, _ENTRY_SIZE, _INLINE = "HHL", 12, 4
_TEXT, _BYTES, _RATIONALS = 2, frozenset({1, 7}), frozenset({5, 10})


@dataclass(frozen=True, slots=True)
class Exif:
    """Values by tag, as Pillow gives them, of IFD0 and of the Exif, GPS and Interop IFDs.

    ``order`` is that of bytes, as `struct` has it.
    """

    image: Mapping[int, Any] = field(default_factory=dict)
    photo: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    interoperability: Mapping[int, Any] = field(default_factory=dict)
    order: str = ">"

    @property
    def orientation(self) -> int:
        """How the stored pixels are turned, 1 to 8; 1 (upright) where nothing sound is said."""
        said = self.image.get(Base.Orientation)
        try:
            turned = int(said[0] if isinstance(said, tuple) else said)  # type: ignore[arg-type]
        except (ArithmeticError, IndexError, TypeError, ValueError):
            return 1
        return turned if 1 <= turned <= 8 else 1

    @property
    def is_adobe_rgb(self) -> bool:
        """Whether the colours are Adobe RGB's, which cameras may say here and nowhere else.

        Of the standard are a colour space without a name and an index for it; there are cameras
        that number it: https://exiftool.org/TagNames/EXIF.html
        """
        space = self.photo.get(Base.ColorSpace)
        index = self.interoperability.get(Interop.InteropIndex)
        return space == _ADOBE_RGB or (space == _UNCALIBRATED and index == "R03")

    @classmethod
    def of(cls, structure: bytes) -> Self:
        """Read a TIFF structure, as EXIF is and every TIFF file; never raises."""
        image = _values(structure, first_directory(structure))
        photo = _values(structure, image.get(IFD.Exif))
        gps = _values(structure, image.get(IFD.GPSInfo))
        interoperability = _values(structure, photo.get(IFD.Interop))
        return cls(image, photo, gps, interoperability, order_of(structure))


def read(image: Image.Image) -> Exif:
    """Read a picture's EXIF; never raises.

    Where it tells no orientation, an XMP packet's counts, as some editors write it there alone.
    """
    exif = read_alone(image)
    xmp = image.info.get("xmp")
    turned = _XMP_ORIENTATION.search(xmp) if isinstance(xmp, bytes) else None
    if turned is None or Base.Orientation in exif.image:
        return exif
    return replace(exif, image={**exif.image, Base.Orientation: int(turned[1])})


def read_alone(image: Image.Image) -> Exif:
    """Read a picture's EXIF, whatever its XMP says; never raises."""
    return Exif.of(_PREFIX.sub(b"", image.info.get("exif") or b""))


class Entry(NamedTuple):
    """An entry of a directory, at ``start`` of the structure, and where its data lies."""

    start: int
    tag: int
    kind: int
    parts: int
    data: slice


def order_of(structure: bytes) -> str:
    """Return the order of bytes, as `struct` has it."""
    return "<" if structure.startswith(b"II") else ">"


def first_directory(structure: bytes) -> int | None:
    """Return where the first directory begins."""
    try:
        return int(struct.unpack_from(order_of(structure) + "4xL", structure)[0])
    except struct.error:
        return None


def entries(structure: bytes, start: int) -> Iterator[Entry]:
    """Give a directory's entries that lie within the structure."""
    order = order_of(structure)
    try:
        (count,) = struct.unpack_from(order + "H", structure, start)
    except struct.error:
        return
    end = min(start + 2 + count * _ENTRY_SIZE, len(structure) - _ENTRY_SIZE + 1)
    for at in range(start + 2, end, _ENTRY_SIZE):
        tag, kind, parts = struct.unpack_from(order + _ENTRY, structure, at)
        length = parts * struct.calcsize(order + _FORMATS.get(kind, "x"))
        begin = at + _ENTRY_SIZE - _INLINE
        if length > _INLINE:
            (begin,) = struct.unpack_from(order + "L", structure, begin)
        yield Entry(at, tag, kind, parts, slice(begin, begin + length))


def _values(structure: bytes, start: object) -> dict[int, Any]:
    if not isinstance(start, int):
        return {}
    values: dict[int, Any] = {}
    # Data do not overlap: those of a hostile file that do would add up to more than there is.
    left = len(structure)
    for entry in entries(structure, start):
        size = entry.data.stop - entry.data.start
        if entry.tag in values or entry.kind not in _FORMATS or not 0 < size <= left:
            continue
        data = structure[entry.data]
        if len(data) == size:
            left -= size
            values[entry.tag] = _value(data, entry, order_of(structure))
    return values


def _value(data: bytes, entry: Entry, order: str) -> Any:
    if entry.kind in _BYTES:
        return data
    if entry.kind == _TEXT:
        return data.removesuffix(b"\0").decode("latin-1")
    parts: tuple[Any, ...] = struct.unpack(order + _FORMATS[entry.kind] * entry.parts, data)
    if entry.kind in _RATIONALS:
        parts = tuple(IFDRational(*pair) for pair in zip(parts[::2], parts[1::2], strict=True))
    return parts[0] if len(parts) == 1 else parts
