"""Photographs that are the same picture, and photographs that look alike."""

from collections.abc import Sequence
from typing import Any

import simsimd

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.chosen import NEAR_DUPLICATE
from chalicelib.search.vectors import SCALE


def stand_out(vectors: Sequence[bytes | None], earlier: Sequence[bytes]) -> list[bool]:
    """Say of each photograph whether it is none that came before it over again.

    Parameters
    ----------
    vectors
        Quantised visual vectors in their order; one without a vector always stands out.
    earlier
        Those of all that came before.
    """
    held = [vector for vector in vectors if vector is not None]
    before = [*earlier, *held]
    if not held:
        return [True] * len(vectors)
    products: Any = simsimd.cdist(_table(held), _table(before), metric="dot")
    values: Any = memoryview(products).cast("B").cast("d").tolist()
    found = iter(
        max(values[row * len(before) : row * len(before) + len(earlier) + row], default=-1.0)
        for row in range(len(held))
    )
    bound = NEAR_DUPLICATE * SCALE**2
    return [vector is None or next(found) < bound for vector in vectors]


def _table(vectors: Sequence[bytes]) -> memoryview:
    rows = memoryview(b"".join(vectors))
    return rows.cast("b", shape=[len(vectors), VECTOR_SIZE])
