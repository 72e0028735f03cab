"""Exact nearest vectors: every product of a query with an index's vectors, no approximation."""

from collections.abc import Iterable
from itertools import compress
from typing import Any

import apsw
import simsimd

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.embedded.bits import flags, packed
from chalicelib.search.vectors import SCALE

_VECTORS = {
    "visual": "SELECT doc, visual FROM vector WHERE visual IS NOT NULL",
    "semantic": "SELECT doc, semantic FROM vector WHERE semantic IS NOT NULL",
}
_SAMPLED = 16  # one value in so many is looked at to guess the bound
_MARGIN = 8
_SPARE = 8  # one row in so many is kept free for documents to come

Ranking = list[tuple[float, int]]


class Matrix:
    """The vectors of one kind, row ``n`` of document ``n``."""

    def __init__(self, connection: apsw.Connection, kind: str, size: int) -> None:
        self._bytes = bytearray(_room(size) * VECTOR_SIZE)
        docs: list[int] = []
        for doc, vector in connection.execute(_VECTORS[kind]):
            self._bytes[doc * VECTOR_SIZE : (doc + 1) * VECTOR_SIZE] = vector
            docs.append(doc)
        self._held = packed(docs, size)
        self._size = size

    def advance(self, changed: Iterable[tuple[int, bytes | None]], size: int) -> None:
        """Take in what changed: documents and their vectors, None where they have none now.

        Parameters
        ----------
        size
            One more than the highest document number by now.
        """
        if size * VECTOR_SIZE > len(self._bytes):
            self._bytes = self._bytes.ljust(_room(size) * VECTOR_SIZE, b"\0")
        gone, come = [], []
        for doc, vector in changed:
            gone.append(doc)
            if vector is not None:
                self._bytes[doc * VECTOR_SIZE : (doc + 1) * VECTOR_SIZE] = vector
                come.append(doc)
        self._held = self._held & ~packed(gone, size) | packed(come, size)
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
        rows = memoryview(self._bytes)[: self._size * VECTOR_SIZE]
        table = rows.cast("b", shape=[self._size, VECTOR_SIZE])
        products: Any = simsimd.cdist(query, table, metric="dot")
        values: Any = memoryview(products).cast("B").cast("d").tolist()
        chosen = flags(among & self._held, self._size)
        best = _best(values, chosen, depth)
        return [(negative / SCALE**2, doc) for negative, doc in best]


def _room(size: int) -> int:
    return size + size // _SPARE + 64


def _best(values: list[float], chosen: bytes, depth: int) -> Ranking:
    """Return ``(-value, doc)`` of the ``depth`` highest of the chosen values, highest first.

    A sample says above which value about half as many again as are wanted will lie, so that few
    have to be sorted; where it misled, all are.
    """
    sample = sorted(compress(values[::_SAMPLED], chosen[::_SAMPLED]), reverse=True)
    rank = depth * 3 // (2 * _SAMPLED) + _MARGIN
    least = sample[rank] if rank < len(sample) else float("-inf")
    high = compress(enumerate(values), map(least.__le__, values))
    found = [(-value, doc) for doc, value in high if chosen[doc]]
    if len(found) < min(depth, chosen.count(1)):
        found = [(-value, doc) for doc, value in compress(enumerate(values), chosen)]
    return sorted(found)[:depth]
