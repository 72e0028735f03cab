"""Exact nearest vectors: every product of a query with an index's vectors, no approximation."""

from itertools import compress
from typing import Any

import apsw
import simsimd

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.embedded.bits import flags, packed
from chalicelib.search.vectors import SCALE

Ranking = list[tuple[float, int]]


class Matrix:
    """The vectors of one kind, row ``n`` of document ``n``."""

    def __init__(self, connection: apsw.Connection, kind: str, size: int) -> None:
        rows = bytearray(size * VECTOR_SIZE)
        docs: list[int] = []
        for doc, vector in connection.execute(
            f"SELECT doc, {kind} FROM vector WHERE {kind} IS NOT NULL"  # noqa: S608
        ):
            rows[doc * VECTOR_SIZE : (doc + 1) * VECTOR_SIZE] = vector
            docs.append(doc)
        self._rows = memoryview(rows).cast("b", shape=[size, VECTOR_SIZE])
        self._held = packed(docs, size)
        self._size = size

    def nearest(self, vector: bytes, among: int, depth: int) -> Ranking:
        """Return ``(-cosine, doc)`` of the nearest documents of a set, nearest first.

        Parameters
        ----------
        vector
            A quantised query.
        depth
            How many at most.
        """
        query = memoryview(vector).cast("b", shape=[1, VECTOR_SIZE])
        products: Any = simsimd.cdist(query, self._rows, metric="dot")
        values: Any = memoryview(products).cast("B").cast("d").tolist()
        chosen = flags(among & self._held, self._size)
        mine: list[float] = list(compress(values, chosen))
        docs = compress(range(self._size), chosen)
        least = _least(mine, depth)
        found = compress(zip(mine, docs, strict=True), map(least.__le__, mine))
        best = sorted((-value, doc) for value, doc in found)
        return [(value / SCALE**2, doc) for value, doc in best[:depth]]


def _least(values: list[float], depth: int) -> float:
    """Return a bound that at least ``depth`` values reach, and few more.

    At least ``depth`` stretches of the list have their maximum above the bound.
    """
    stretch = len(values) // (2 * depth)
    if stretch < 2:
        return float("-inf")
    maxima = [max(values[at : at + stretch]) for at in range(0, len(values), stretch)]
    return sorted(maxima, reverse=True)[depth - 1]
