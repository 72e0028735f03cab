"""What a camera wrote beside its pixels, read tag by tag: what cannot be read is left out."""

import io
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import IO, Any, Self

from PIL import Image
from PIL.ExifTags import IFD, Base, Interop
from PIL.TiffImagePlugin import ImageFileDirectory_v2

_PREFIX = re.compile(rb"^(?:Exif\0\0){1,2}")
_ADOBE_RGB, _UNCALIBRATED = 2, 65535
_BIG_TIFF = (b"II+\0", b"MM\0+")
_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")


@dataclass(frozen=True, slots=True)
class Exif:
    """Values by tag, as Pillow gives them, of IFD0 and of the Exif, GPS and Interop IFDs."""

    image: Mapping[int, Any] = field(default_factory=dict)
    photo: Mapping[int, Any] = field(default_factory=dict)
    gps: Mapping[int, Any] = field(default_factory=dict)
    interoperability: Mapping[int, Any] = field(default_factory=dict)

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
    def of(cls, file: IO[bytes]) -> Self:
        """Read a TIFF structure from its first byte on."""
        file.seek(0)
        head = file.read(8)
        if head.startswith(_BIG_TIFF):
            head += file.read(8)
        image = _directory(file, head, None)
        photo = _directory(file, head, image.get(IFD.Exif), IFD.Exif)
        gps = _directory(file, head, image.get(IFD.GPSInfo), IFD.GPSInfo)
        interop = _directory(file, head, photo.get(IFD.Interop), IFD.Interop)
        return cls(image, photo, gps, interop)


def read(image: Image.Image) -> Exif:
    """Read a picture's EXIF before its pixels are loaded; never raises.

    Where it tells no orientation, an XMP packet's counts, as some editors write it there alone.
    """
    written = image.info.get("exif") or b""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exif = Exif.of(io.BytesIO(_PREFIX.sub(b"", written)))
    xmp = image.info.get("xmp")
    turned = _XMP_ORIENTATION.search(xmp) if isinstance(xmp, bytes) else None
    if turned is None or Base.Orientation in exif.image:
        return exif
    return replace(exif, image={**exif.image, Base.Orientation: int(turned[1])})


def _directory(
    file: IO[bytes], head: bytes, offset: object, group: int | None = None
) -> dict[int, Any]:
    """Return a directory's values: the first's where there is neither an offset nor a group."""
    if group is not None and not isinstance(offset, int):
        return {}
    try:
        directory = ImageFileDirectory_v2(head, group=group)
        file.seek(offset if isinstance(offset, int) else directory.next)
        directory.load(file)
    except MemoryError:
        raise
    except Exception:  # what damaged bytes raise is not for a list by hand
        return {}
    return dict(_values(directory))


def _values(directory: ImageFileDirectory_v2) -> list[tuple[int, Any]]:
    values = []
    for tag in directory:
        try:
            value = directory[tag]
        except MemoryError:
            raise
        except Exception:  # noqa: S112 - as above; the other tags are read
            continue
        alone = isinstance(value, tuple) and len(value) == 1
        values.append((tag, value[0] if alone else value))
    return values
