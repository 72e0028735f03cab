"""Vectors as engines keep them: 256 signed bytes, so that products are exact integers.

A unit vector's components are about 1/16; ``SCALE`` spreads ±0.5 over a byte, and what exceeds
that is cut. Cosines computed from it are within about 0.005 of the float16 ones, and the same
on every processor, which paging by score relies on.
"""

import struct

from chalicelib.images import VECTOR_SIZE

SCALE = 254.0
_FLOATS = struct.Struct(f"<{VECTOR_SIZE}e")
_BYTES = struct.Struct(f"<{VECTOR_SIZE}b")


def quantised(vector: bytes) -> bytes:
    """Return a float16 vector of ``VECTOR_SIZE`` numbers as as many signed bytes.

    Raises
    ------
    ValueError
        It has another length, or holds a number that is not finite.
    """
    if len(vector) != _FLOATS.size:
        raise ValueError(f"a vector has {_FLOATS.size} bytes, not {len(vector)}")
    try:
        scaled = [round(number * SCALE) for number in _FLOATS.unpack(vector)]
    except (OverflowError, ValueError) as error:
        raise ValueError("a vector holds finite numbers only") from error
    if max(scaled) > 127 or min(scaled) < -127:
        scaled = [max(-127, min(127, number)) for number in scaled]
    return _BYTES.pack(*scaled)


def numbers(vector: bytes) -> list[int]:
    """Return the numbers of a quantised vector."""
    return list(_BYTES.unpack(vector))


def product(left: bytes, right: bytes) -> float:
    """Return the cosine of two quantised vectors; for a few, not for a whole index."""
    pairs = zip(_BYTES.unpack(left), _BYTES.unpack(right), strict=True)
    return float(sum(a * b for a, b in pairs)) / SCALE**2
