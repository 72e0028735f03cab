"""A photograph as a phone writes it."""

import io

from PIL import Image
from PIL.ExifTags import IFD, Base


def photograph_of_a_phone(colour: str = "red") -> bytes:
    """Return a JPEG that lies on its side and says when, with what and where it was taken."""
    exif, written = Image.Exif(), io.BytesIO()
    exif[Base.Make], exif[Base.Model], exif[Base.Orientation] = "Apple", "iPhone 15", 6
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = "2024:05:01 13:20:00"
    north, east = (46.0, 56.0, 52.8), (7.0, 26.0, 51.0)
    exif.get_ifd(IFD.GPSInfo).update({1: "N", 2: north, 3: "E", 4: east})
    Image.new("RGB", (30, 20), colour).save(written, "JPEG", exif=exif)
    return written.getvalue()
