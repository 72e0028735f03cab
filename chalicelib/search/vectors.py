"""Vectors as engines keep them: 256 signed bytes, so that products are exact integers.

A unit vector's components are about 1/16; ``SCALE`` spreads ±0.5 over a byte, and what exceeds
that is cut. Cosines computed from it are within about 0.005 of the float16 ones, and the same
on every processor, which paging by score relies on.
"""

import math
import struct
from functools import cache

from chalicelib.images import VECTOR_SIZE

SCALE = 254.0
_FLOATS = 1 << 16  # how many there are of 16 bits
_PATTERNS = struct.Struct(f"<{VECTOR_SIZE}H")
_BYTES = struct.Struct(f"<{VECTOR_SIZE}b")


def quantised(vector: bytes) -> bytes:
    """Return a float16 vector of ``VECTOR_SIZE`` numbers as as many signed bytes.

    Raises
    ------
    ValueError
        It has another length, or holds a number that is not finite.
    """
    if len(vector) != _PATTERNS.size:
        raise ValueError(f"a vector has {_PATTERNS.size} bytes, not {len(vector)}")
    try:
        return bytes(map(_bytes_of_floats().__getitem__, _PATTERNS.unpack(vector)))
    except ValueError as error:
        raise ValueError("a vector holds finite numbers only") from error


@cache
def _bytes_of_floats() -> list[int]:
    """Return the byte of every float16 there is, by its bits; 256 for what is not finite."""
    patterns = struct.pack(f"<{_FLOATS}H", *range(_FLOATS))
    floats = struct.unpack(f"<{_FLOATS}e", patterns)
    return [
        max(-127, min(127, round(number * SCALE))) & 0xFF if math.isfinite(number) else 256
        for number in floats
    ]


def numbers(vector: bytes) -> list[int]:
    """Return the numbers of a quantised vector."""
    return list(_BYTES.unpack(vector))


def product(left: bytes, right: bytes) -> float:
    """Return the cosine of two quantised vectors; for a few, not for a whole index."""
    pairs = zip(_BYTES.unpack(left), _BYTES.unpack(right), strict=True)
    return float(sum(a * b for a, b in pairs)) / SCALE**2
