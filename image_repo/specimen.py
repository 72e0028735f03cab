"""A photograph to test with, drawn here, of bytes that no other run draws."""

import math
import secrets
import struct
import zlib

SIDE = 160


def specimen(side: int = SIDE) -> bytes:
    """Return a PNG of coloured waves, ``side`` pixels square.

    Of random phases: the same bytes again would count as a photograph that is there already.
    """
    phases = [secrets.randbelow(628) / 100 for _ in range(3)]
    rows = (
        b"\0" + bytes(_level(x, y, phase) for x in range(side) for phase in phases)
        for y in range(side)
    )
    # Width, height, 8 bits a channel, RGB: https://www.w3.org/TR/png-3/#11IHDR
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data) for kind, data in ((b"IHDR", header), (b"IDAT", pixels), (b"IEND", b""))
    )


def _level(x: int, y: int, phase: float) -> int:
    return int(127.5 + 127.5 * math.sin(x / 17 + phase) * math.cos(y / (11 + phase)))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
