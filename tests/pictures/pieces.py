"""Where the parts of a picture's file lie: chunks, segments, boxes, entries of directories.

Of damaged files as much as makes sense; a part is where it begins and where it ends.
"""

import re
import struct
from collections.abc import Iterator
from itertools import pairwise

Piece = tuple[int, int]

_PNG, _RIFF, _CHUNK_HEAD = b"\x89PNG", b"RIFF", 8
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}
_ENTRY = 12
_SEGMENT, _EXTENSION = re.compile(rb"\xff[\x01-\xff]"), re.compile(rb"[\x21\x2c]")
# Boxes of ISO 14496-12 that hold boxes, and how many bytes come before the first.
_HOLDERS = {b"meta": 12, b"iprp": 8, b"ipco": 8, b"iinf": 14, b"iref": 12, b"dinf": 8}


def pieces(data: bytes) -> list[Piece]:
    """Return the parts of a file, in the order in which they lie; none of what is not known."""
    if data.startswith(_PNG):
        return list(_chunks(data, 8, ">", 12))
    if data.startswith(_RIFF):
        return list(_chunks(data, 12, "<", 8))
    if data[:4] in _TIFF and len(data) >= _CHUNK_HEAD:
        return list(_entries(data, _TIFF[data[:4]]))
    if data[4:8] == b"ftyp":
        return list(_boxes(data, 0, len(data)))
    return list(_between(data, _SEGMENT if data.startswith(b"\xff\xd8") else _EXTENSION))


def _chunks(data: bytes, at: int, order: str, around: int) -> Iterator[Piece]:
    length = 0 if order == ">" else 4
    while at + _CHUNK_HEAD <= len(data):
        (size,) = struct.unpack_from(f"{order}I", data, at + length)
        end = min(at + size + around + (size % 2 if length else 0), len(data))
        yield at, end
        at = end


def _entries(data: bytes, order: str) -> Iterator[Piece]:
    (at,) = struct.unpack_from(f"{order}I", data, 4)
    if at + 2 <= len(data):
        (count,) = struct.unpack_from(f"{order}H", data, at)
        starts = range(at + 2, min(at + 2 + count * _ENTRY, len(data) - _ENTRY), _ENTRY)
        yield from ((start, start + _ENTRY) for start in starts)


def _boxes(data: bytes, at: int, end: int) -> Iterator[Piece]:
    while at + _CHUNK_HEAD <= end:
        size, kind = struct.unpack_from(">I4s", data, at)
        until = min(at + size, end) if size >= _CHUNK_HEAD else end
        yield at, until
        if kind in _HOLDERS:
            yield from _boxes(data, at + _HOLDERS[kind], until)
        at = until


def _between(data: bytes, mark: re.Pattern[bytes]) -> Iterator[Piece]:
    """Yield what lies from each marker to the next: segments of JPEG, extensions of GIF."""
    starts = (found.start() for found in re.finditer(mark, data))
    yield from pairwise([*starts, len(data)])
