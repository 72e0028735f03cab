"""What each part of a fused query says of every photograph, as matrices: to choose weights by.

The formulas are the engines' (`chalicelib.search.fusion`), all photographs at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.retrieval.material import Floats
from chalicelib.attributes import normalised
from chalicelib.images import HUMAN_SOURCES, VECTOR_SIZE
from chalicelib.search.asking import read_clauses
from chalicelib.search.clauses import terms_of
from chalicelib.search.fusion import rarity, worth
from chalicelib.search.memory_scoring import held_of
from chalicelib.search.port import Document
from chalicelib.search.query import Clause, Weights
from chalicelib.search.text import Run, parse
from chalicelib.search.vectors import SCALE, numbers, quantised

_NOTHING = [0] * VECTOR_SIZE

Term = TypeVar("Term", bound=Hashable)
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Values:
    """One row a query, one column a photograph.

    Attributes
    ----------
    human
        Of the photographs: whether a person wrote the caption.
    """

    words: Floats
    attributes: Floats
    meaning: Floats
    human: Bools

    def scores(self, weights: Weights) -> Floats:
        """Return the fused scores."""
        shares: Any = self.words  # all at once, by the engines' formula for one
        told, guessed = (
            worth("words", shares, is_human=is_human, weights=weights) for is_human in (True, False)
        )
        words = weights.words * np.where(self.human, told, guessed)
        fused: Floats = (
            words + weights.attributes * self.attributes + weights.meaning * self.meaning
        )
        return fused


def values_of(
    documents: Sequence[Document], texts: Sequence[str], vectors: Sequence[bytes]
) -> Values:
    """Return the values of queries on a collection."""
    words = [parse(text).ranked for text in texts]
    clauses = [read_clauses(text) for text in texts]
    return Values(
        words=_shares(words, _holding(documents), len(documents)),
        attributes=_shares(clauses, _having(documents), len(documents)),
        meaning=cosines(vectors, [document.semantic for document in documents]),
        human=np.array([document.source in HUMAN_SOURCES for document in documents]),
    )


def cosines(asked: Sequence[bytes], held: Sequence[bytes | None]) -> Floats:
    """Return cosines of vectors as engines keep them; of none it is zero."""
    left, right = (
        np.array([_NOTHING if one is None else numbers(quantised(one)) for one in some], np.float32)
        for some in (asked, held)
    )
    found: Floats = left @ right.T / np.float32(SCALE**2)
    return found


def _holding(documents: Sequence[Document]) -> Callable[[Run], list[int]]:
    held = [held_of(document) for document in documents]
    having: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(held):
        for stem in set(one.stems):
            having[stem].append(at)

    def holding(run: Run) -> list[int]:
        found = having.get(run.stems[0], [])
        return [at for at in found if held[at].holds(run)] if len(run.stems) > 1 else found

    return holding


def _having(documents: Sequence[Document]) -> Callable[[Clause], list[int]]:
    attributes = [tuple(map(normalised, document.attributes)) for document in documents]
    known: dict[Clause, list[int]] = {}

    def having(clause: Clause) -> list[int]:
        if clause not in known:
            terms = terms_of(clause)
            matching = (any(map(terms.match, found)) for found in attributes)
            known[clause] = [at for at, matches in enumerate(matching) if matches]
        return known[clause]

    return having


def _shares(
    queries: Sequence[Sequence[Term]], having: Callable[[Term], list[int]], count: int
) -> Floats:
    shares = np.zeros((len(queries), count), np.float32)
    for at, terms in enumerate(queries):
        row, total = shares[at], 0
        for term in terms:
            found = having(term)
            weight = rarity(count, len(found))
            row[found] += weight
            total += weight
        shares[at] = row / max(total, 1)
    return shares
