"""Vectors as engines keep them: 256 signed bytes, so that products are exact integers.

A unit vector's components are about 1/16; ``SCALE`` spreads ±0.5 over a byte, and what exceeds
that is cut. Cosines computed from it are within about 0.005 of the float16 ones, and the same
on every processor, which paging by score relies on.
"""

import numpy as np
import numpy.typing as npt

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.query import VECTOR_BYTES

SCALE = 254.0


def quantised(vector: bytes) -> bytes:
    """Return a float16 vector of ``VECTOR_SIZE`` numbers as as many signed bytes.

    Raises
    ------
    ValueError
        It has another length, or holds a number that is not finite.
    """
    if len(vector) != VECTOR_BYTES:
        raise ValueError(f"a vector has {VECTOR_BYTES} bytes, not {len(vector)}")
    numbers = np.frombuffer(vector, "<f2").astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ValueError("a vector holds finite numbers only")
    spread: bytes = np.clip(np.rint(numbers * SCALE), -127, 127).astype(np.int8).tobytes()
    return spread


def rows(vectors: list[bytes]) -> npt.NDArray[np.int8]:
    """Return quantised vectors as a matrix (vectors, 256)."""
    return np.frombuffer(b"".join(vectors), np.int8).reshape(len(vectors), VECTOR_SIZE)


def cosines(left: npt.NDArray[np.int8], right: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """Return the cosines (m, n) of two matrices of quantised vectors (m, 256) and (n, 256)."""
    # Sums of 256 products of bytes are whole numbers that float32 holds exactly.
    products: npt.NDArray[np.float32] = left.astype(np.float32) @ right.astype(np.float32).T
    return products / np.float32(SCALE**2)
