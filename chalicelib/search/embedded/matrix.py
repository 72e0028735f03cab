"""Exact nearest vectors: every product of a query with an index's vectors, no approximation."""

from collections.abc import Iterable
from itertools import compress
from typing import Any

import apsw
import simsimd

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.embedded.bits import flags, held, packed
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

    def products(self, vector: bytes) -> "Products":
        """Return the products of a quantised query with every vector."""
        query = memoryview(vector).cast("b", shape=[1, VECTOR_SIZE])
        rows = memoryview(self._bytes)[: self._size * VECTOR_SIZE]
        table = rows.cast("b", shape=[self._size, VECTOR_SIZE])
        found: Any = simsimd.cdist(query, table, metric="dot")
        values: Any = memoryview(found).cast("B").cast("d").tolist()
        return Products(values, self._held, self._size)

    def row(self, doc: int) -> bytes | None:
        """Return a document's quantised vector, None where it has none."""
        if not self._held >> doc & 1:
            return None
        return bytes(self._bytes[doc * VECTOR_SIZE : (doc + 1) * VECTOR_SIZE])


class Products:
    """Every product of a query with the vectors of one kind.

    Parameters
    ----------
    values
        By document.
    held
        The documents that have a vector.
    """

    def __init__(self, values: list[float], held: int, size: int) -> None:
        self._values = values
        self._held = held
        self._size = size

    def nearest(self, among: int, depth: int) -> Ranking:
        """Return ``(-cosine, doc)`` of the ``depth`` nearest documents of a set, nearest first."""
        best = _best(self._values, flags(among & self._held, self._size), depth)
        return [(negative / SCALE**2, doc) for negative, doc in best]

    def cosines(self, candidates: Iterable[int]) -> dict[int, float]:
        """Return the cosine of each candidate that has a vector."""
        found = held(self._held, candidates, self._size)
        return {doc: self._values[doc] / SCALE**2 for doc in found}

    def at_least(self, cosine: float) -> int:
        """Return the documents whose cosine reaches a bound."""
        reached = compress(range(self._size), map((cosine * SCALE**2).__le__, self._values))
        return packed(reached, self._size) & self._held


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
    found = [(-value, doc) for doc, value in enumerate(values) if value >= least and chosen[doc]]
    if len(found) < min(depth, chosen.count(1)):
        found = [(-value, doc) for doc, value in compress(enumerate(values), chosen)]
    return sorted(found)[:depth]
