"""When, with what and where a photograph was taken, as its file says.

What cannot be read is left out: nothing in here says anything of the pixels, so that nothing of it
may condemn them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, TypeVar

from PIL.ExifTags import GPS, Base

from captioner.exif import Exif

MAX_CAMERA_CHARS = 100
_MOST_READ = 1_000
# No photograph is older: https://en.wikipedia.org/wiki/View_from_the_Window_at_Le_Gras
FIRST_YEAR = 1826
# A camera's clock shows local time, by up to 14 hours ahead of UTC, and runs wrong besides.
AHEAD = timedelta(days=1)

# Of EXIF "2024:05:01 13:20:00", with blanks or zeros where nothing is known:
# http://www.awaresystems.be/imaging/tiff/tifftags/privateifd/exif/datetimeoriginal.html
# Of XMP ISO 8601, which may end in a zone.
_MOMENT = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d)(?::(\d\d))?")
# A value stands in an attribute or in an element.
_IN_XMP = rb"%s(?:\s*=\s*[\"']|\s*>)\s*([0-9TZ:.+-]+)"
_XMP_DATES = tuple(
    re.compile(_IN_XMP % name)
    for name in (rb"photoshop:DateCreated", rb"exif:DateTimeOriginal", rb"xmp:CreateDate")
)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a file says of its taking; the fields are those of `chalicelib.images.Image`."""

    taken_at: datetime | None
    camera: str | None
    orientation: int | None
    position: tuple[float, float] | None


def read(exif: Exif, xmp: bytes | None, *, now: datetime) -> Metadata:
    """Read what a file says of its taking; never raises.

    Parameters
    ----------
    xmp
        The packet of that name.
    now
        In UTC; what is to be taken later is left out.
    """
    return Metadata(
        taken_at=_taken_at(exif, xmp or b"", now),
        camera=_camera(_text(exif.image.get(Base.Make)), _text(exif.image.get(Base.Model))),
        orientation=exif.orientation if Base.Orientation in exif.image else None,
        position=_sound(_position, exif.gps),
    )


def _taken_at(exif: Exif, xmp: bytes, now: datetime) -> datetime | None:
    latest = now.replace(tzinfo=None) + AHEAD
    moments = (_sound(_moment, said) for said in _dates(exif, xmp))
    sound = (one for one in moments if one and one.year >= FIRST_YEAR and one <= latest)
    return next(sound, None)


def _dates(exif: Exif, xmp: bytes) -> Iterator[str]:
    """Yield what a file says of its date, the most telling first.

    EXIF's DateTime is last, since it is when the file was changed:
    https://pub.dev/documentation/flutter_exif_plugin/latest/tags/TAG_DATETIME-constant.html
    """
    yield _text(exif.photo.get(Base.DateTimeOriginal))
    yield _text(exif.photo.get(Base.DateTimeDigitized))
    for date in (found[1].decode() for name in _XMP_DATES if (found := name.search(xmp))):
        yield date if "T" in date else f"{date}T00:00"  # of a day that is all one knows
    yield _text(exif.image.get(Base.DateTime))


def _moment(said: str) -> datetime | None:
    found = _MOMENT.match(said)
    if found is None:
        return None
    year, month, day, hour, minute, second = found.groups("00")
    return datetime.fromisoformat(f"{year}-{month}-{day}T{hour}:{minute}:{second}")


def _camera(make: str, model: str) -> str | None:
    """Return maker and model, the maker once: "Canon", "Canon EOS R5" is a Canon EOS R5."""
    first_of_make, first_of_model = (name.casefold().split(" ")[0] for name in (make, model))
    told = model if first_of_make == first_of_model else f"{make} {model}"
    return told.strip()[:MAX_CAMERA_CHARS].strip() or None


def _text(value: object) -> str:
    """Return a value as one line of what can be printed; empty where it is no text."""
    if not isinstance(value, str | bytes):
        return ""
    said = value[:_MOST_READ]  # a tag may hold as much as the file
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    printable = (letter if letter.isprintable() else " " for letter in text.split("\0")[0])
    return " ".join("".join(printable).split())


def _position(gps: Mapping[int, Any]) -> tuple[float, float] | None:
    latitude = _degrees(gps[GPS.GPSLatitude], gps[GPS.GPSLatitudeRef], "NS")
    longitude = _degrees(gps[GPS.GPSLongitude], gps[GPS.GPSLongitudeRef], "EW")
    # A receiver that knew nothing yet writes zeros.
    is_known = (latitude, longitude) != (0, 0)
    is_sound = abs(latitude) <= 90 and abs(longitude) <= 180
    return (latitude, longitude) if is_known and is_sound else None


def _degrees(parts: tuple[Any, Any, Any], reference: object, signs: str) -> float:
    """Return degrees, minutes and seconds as degrees, to a tenth of a metre.

    https://pub.dev/documentation/flutter_exif_plugin/latest/tags/TAG_GPS_LATITUDE-constant.html
    """
    degrees, minutes, seconds = map(float, parts)
    size = degrees + minutes / 60 + seconds / 3600
    side = signs.index(_text(reference)[:1].upper() or "?")
    if not isfinite(size) or size < 0:
        raise ValueError(size)
    return round(-size if side else size, 6)


def _sound(read_: Callable[[Any], _Value], value: object) -> _Value | None:
    """Return what is read of a value, None where it has another form."""
    try:
        return read_(value)
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None
