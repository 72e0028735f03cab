"""Exact nearest vectors: every product of a query with an index's vectors, no approximation."""

import re
from collections.abc import Iterable
from typing import Any

import apsw
import simsimd

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.embedded.bits import flags, held, members, packed
from chalicelib.search.vectors import SCALE

_VECTORS = {
    "visual": "SELECT doc, visual FROM vector WHERE visual IS NOT NULL",
    "semantic": "SELECT doc, semantic FROM vector WHERE semantic IS NOT NULL",
}
_SAMPLED = 16  # one value in so many is looked at to guess the bound
_MARGIN = 8
_SPARE = 8  # one row in so many is kept free for documents to come
_HIGHEST = 255
_OVER = bytes(1) + b"\xff" * _HIGHEST
_POSITIVE = b"\xff" + bytes(_HIGHEST)
_WHOLE = b"\x00\xff" + bytes(_HIGHEST - 1)
_MARK = re.compile(b"\1")

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
        # Whole numbers come out as they are, though the package's types only name fractions.
        kind: Any = "int32"
        found: Any = simsimd.cdist(query, table, metric="dot", out_dtype=kind)
        return Products(bytes(memoryview(found).cast("B")), self._held, self._size)

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
        By document, whole numbers of four bytes, the lowest byte first.
    held
        The documents that have a vector.
    """

    def __init__(self, values: bytes, held: int, size: int) -> None:
        self._values = memoryview(values).cast("i")
        self._levels = _levels(values)
        self._held = held
        self._size = size

    def nearest(self, among: int, depth: int) -> Ranking:
        """Return ``(-cosine, doc)`` of the ``depth`` nearest documents of a set, nearest first.

        A sample says above which level about half as many again as are wanted will lie, so that
        few have to be looked at; where it misled, all are.
        """
        chosen = among & self._held
        wanted = min(depth, chosen.bit_count())
        levels = (self._levels & _octets(chosen, self._size)).to_bytes(self._size, "little")
        sample = sorted(levels[::_SAMPLED], reverse=True)
        rank = min(depth * 3 // (2 * _SAMPLED) + _MARGIN, len(sample) - 1)
        docs = _reaching(sample[rank], levels) if sample and sample[rank] else []
        if len(docs) < wanted:
            docs = members(chosen)
        return self._best(docs, wanted)

    def cosines(self, candidates: Iterable[int]) -> dict[int, float]:
        """Return the cosine of each candidate that has a vector."""
        found = held(self._held, candidates, self._size)
        return {doc: self._values[doc] / SCALE**2 for doc in found}

    def at_least(self, cosine: float) -> int:
        """Return the documents whose cosine reaches a bound of 0.01 or more."""
        levels = self._levels.to_bytes(self._size, "little")
        near = _reaching(min(int(cosine * SCALE**2) >> 8, _HIGHEST), levels)
        reached = (doc for doc in near if self._values[doc] / SCALE**2 >= cosine)
        return packed(reached, self._size) & self._held

    def _best(self, docs: list[int], count: int) -> Ranking:
        values = [self._values[doc] for doc in docs]
        least = sorted(values, reverse=True)[count - 1] if count else 0
        found = ((-value, doc) for doc, value in zip(docs, values, strict=True) if value >= least)
        return [(negative / SCALE**2, doc) for negative, doc in sorted(found)[:count]]


def _reaching(level: int, levels: bytes) -> list[int]:
    """Return the documents at a level or above, one of 1 to ``_HIGHEST``."""
    reached = bytes(level) + b"\1" * (_HIGHEST + 1 - level)
    return [mark.start() for mark in _MARK.finditer(levels.translate(reached))]


def _levels(values: bytes) -> int:
    """Return an octet for each value: its 256ths, 0 below zero, and 255 from 65,536 on."""
    low, high, sign = (
        int.from_bytes(octets, "little")
        for octets in (
            values[1::4],
            values[2::4].translate(_OVER),
            values[3::4].translate(_POSITIVE),
        )
    )
    return (low | high) & sign


def _octets(bits: int, size: int) -> int:
    """Return an octet for each document below ``size``, 255 where it is in the set."""
    return int.from_bytes(flags(bits, size).translate(_WHOLE), "little")


def _room(size: int) -> int:
    return size + size // _SPARE + 64
