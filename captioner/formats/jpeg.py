"""JPEG, also where further pictures (MPF) or nothing at all follow the first."""

import io
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile

from captioner import iptc
from chalicelib.errors import RejectedImage

_START, _SCAN, _END = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
# APP0 to APP15 and comments only describe, but for what JFIF's and Adobe's say of how colours are
# stored, which the decoder reads where they are whole (ITU-T T.871, T.872).
_DESCRIBING = frozenset([*range(0xE0, 0xF0), 0xFE])
_NEEDED = {b"JFIF\0": 14, b"Adobe": 12}
_EXIF = b"Exif\0\0"
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_PROFILE = b"ICC_PROFILE\0"
_PHOTOSHOP = b"Photoshop 3.0\0"
_KNOWN = (_EXIF, _XMP, _PROFILE, _PHOTOSHOP)
_ALONE = frozenset([0x00, 0x01, *range(0xD0, 0xD9)])
_NEXT = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")  # the marker that ends a scan
# Each scan of a hostile file takes as long as the whole picture, and "it is hard to imagine any
# real-world application needing more than 100":
# https://bugzilla.redhat.com/show_bug.cgi?id=1344214
MAX_SCANS = 100
# A file of 100 MB has some 1,600 of the largest; a hostile one is made of nothing else.
MAX_SEGMENTS = 10_000
_COEFFICIENTS = 64
# How much of the height may be missing at the bottom. The encoder's cells are 1/7 of it: less than
# half of the lowest is lost, while a caption of more would be one of grey.
MAX_MISSING = 1 / 16
_MISSING = 128  # the grey of what never came


def open_jpeg(data: bytes) -> ImageFile:
    """Open a JPEG by its first picture alone; ``info["cut"]`` says that its end is missing.

    Raises
    ------
    RejectedImage
        It has too many segments or scans, or it is progressive and ends before it is sharp.
    """
    described: dict[bytes, list[bytes]] = defaultdict(list)
    kept = [_START]
    scans = 2
    for marker, start, scans in _segments(data):
        body = data[start + 4 : scans]
        if marker not in _DESCRIBING or _is_needed(body):
            kept.append(data[start:scans])
        else:
            known = next((name for name in _KNOWN if body.startswith(name)), b"")
            described[known].append(body[len(known) :])
    cut = data.rfind(_END, scans) < 0
    # Half-copied files end in zeros. The decoder fills what is missing with grey.
    kept.append(data[scans:].rstrip(b"\0") + _END if cut else data[scans:])
    image = JpegImageFile(io.BytesIO(b"".join(kept)))
    image.info.update(_told(described))
    image.info["cut"] = cut
    # All is counted first, which is soon done; a film behind the picture holds this by chance.
    if data.count(_SCAN, scans) > MAX_SCANS or (cut and image.info.get("progressive")):
        _check_scans(data, _scans(data, data.find(_SCAN, scans)), cut)
    return image


def check_missing(image: Image.Image) -> None:
    """Refuse the decoded picture of a cut file if more than `MAX_MISSING` of it never came."""
    pixels = np.asarray(image)
    come = (pixels != _MISSING).reshape(len(pixels), -1).any(1)
    missing = 1 - (np.flatnonzero(come).max(initial=-1) + 1) / len(pixels)
    if missing > MAX_MISSING or image.mode == "CMYK":
        raise RejectedImage(f"the JPEG is damaged: {missing:.0%} of it is missing")


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Give marker, start and end of each segment before the first scan."""
    start = data.find(b"\xff", 2)
    for _ in range(MAX_SEGMENTS):
        marker = data[start + 1] if 0 <= start < len(data) - 3 else _SCAN[1]
        if marker == _SCAN[1]:
            return
        if marker in _ALONE or marker == 0xFF:  # several 0xFF may stand before a marker
            end = start + 1
        else:
            end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
            yield marker, start, end
        start = data.find(b"\xff", end)
    raise RejectedImage(f"the JPEG has more than {MAX_SEGMENTS:,} segments")


def _is_needed(body: bytes) -> bool:
    return any(body.startswith(name) and len(body) >= size for name, size in _NEEDED.items())


def _told(described: dict[bytes, list[bytes]]) -> dict[str, bytes]:
    # A profile's parts begin with their number and the number of all, and come in any order.
    parts = sorted(described[_PROFILE])
    whole = bool(parts) and parts[0][1:2] == bytes([len(parts) & 0xFF])
    told = {
        "exif": b"".join(described[_EXIF]),
        "xmp": b"".join(described[_XMP][:1]),
        "icc_profile": b"".join(part[2:] for part in parts) if whole else b"",
        "iptc": iptc.resource(b"".join(described[_PHOTOSHOP])),
    }
    return {name: value for name, value in told.items() if value}


def _scans(data: bytes, start: int) -> list[int]:
    """Return where each scan of the first picture begins."""
    starts = []
    for _ in range(MAX_SEGMENTS):
        if data.startswith(_SCAN, start):
            starts.append(start)
        end = start + 2 + int.from_bytes(data[start + 2 : start + 4])
        following = _NEXT.search(data, end)
        if following is None or following[0] == _END:
            return starts
        start = following.start()
    raise RejectedImage(f"the JPEG has more than {MAX_SEGMENTS:,} segments")


def _check_scans(data: bytes, scans: Sequence[int], cut: bool) -> None:
    """Refuse too many scans, and a cut file before every coefficient of brightness has come."""
    if len(scans) > MAX_SCANS:
        raise RejectedImage(f"the JPEG has more than {MAX_SCANS} scans")
    if not cut:
        return
    come: set[int] = set()
    for start in scans[:-1]:  # the last may not be whole
        components = data[start + 4]
        first, last = data[start + 5 + 2 * components : start + 7 + 2 * components]
        if data[start + 5] == data[scans[0] + 5]:
            come.update(range(first, last + 1))
    if len(come) < _COEFFICIENTS:
        raise RejectedImage("the JPEG is damaged: it ends before the picture is sharp")
