"""What each part of a fused query says of every photograph, as matrices: to choose weights by.

The formulas are the engines' (`chalicelib.search.ranking`), of all photographs at once, before
scores are put between 0 and 1.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from benchmarks.retrieval.photographs import likely_words
from benchmarks.retrieval.recall import filled
from captioner.vision.text import F32
from chalicelib.images import HUMAN_SOURCES, VECTOR_SIZE
from chalicelib.search import Document
from chalicelib.search.conditions import Condition, Holds
from chalicelib.search.duplicates import cosines as cosines_of
from chalicelib.search.duplicates import rows
from chalicelib.search.plan import clause_condition, clauses_of
from chalicelib.search.port import Retrieval, key_of
from chalicelib.search.query import Weights
from chalicelib.search.ranking import idf, part_scores
from chalicelib.search.text import SCALE, parse, quantised

Bools = npt.NDArray[np.bool_]
Having = Callable[[Condition], npt.NDArray[np.intp]]


@dataclass(frozen=True)
class Values:
    """What queries get of photographs.

    Attributes
    ----------
    parts
        Of words, attributes, meaning and likely words (4, queries, photographs).
    human
        Of the photographs: whether a person wrote the caption.
    """

    parts: F32
    human: Bools

    def scores(self, weights: Weights) -> F32:
        """Return the fused scores (queries, photographs)."""
        words, attributes, meaning, likely = self.parts
        by_words = part_scores("words", words.astype(np.float64), self.human, weights)
        by_attributes = part_scores(
            "attributes", attributes.astype(np.float64), self.human, weights
        )
        fused: F32 = (
            weights.words * by_words
            + weights.attributes * by_attributes
            + weights.meaning * meaning
            + weights.likely * likely
        )
        return fused


def values_of(
    documents: Sequence[Document], texts: Sequence[str], vectors: Sequence[bytes]
) -> Values:
    """Return the values of queries on a collection."""
    having = _having(documents)
    words = [[Holds(phrase.stems, "caption") for phrase in parse(text).ranked] for text in texts]
    clauses = [[*map(clause_condition, clauses_of(parse(text)))] for text in texts]
    parts = (
        _shares(words, having, len(documents)),
        _shares(clauses, having, len(documents)),
        cosines(vectors, [document.semantic for document in documents]),
        _likely(texts, documents),
    )
    human = np.array([document.source in HUMAN_SOURCES for document in documents])
    return Values(np.stack(parts), human)


def cosines(asked: Sequence[bytes], held: Sequence[bytes | None]) -> F32:
    """Return cosines of vectors as engines keep them; of none it is zero."""
    left, right = (
        rows([quantised(one) if one else bytes(VECTOR_SIZE) for one in some])
        for some in (asked, held)
    )
    return cosines_of(left, right)


def _likely(texts: Sequence[str], documents: Sequence[Document]) -> F32:
    looks = [document.visual for document in documents]
    bytes_ = rows([quantised(one) if one else bytes(VECTOR_SIZE) for one in looks])
    visual = bytes_.astype(np.float32) / np.float32(SCALE)
    found = np.zeros((len(texts), len(documents)), np.float32)
    for at, text in enumerate(texts):
        if words := likely_words(text):
            found[at] = words.shares(words.probabilities(visual)).sum(1)
    return found


def _having(documents: Sequence[Document]) -> Having:
    """Return what tells at which places the photographs of a condition stand."""
    index = filled(documents)
    places = {key_of(document.image_id): at for at, document in enumerate(documents)}

    @cache
    def having(condition: Condition) -> npt.NDArray[np.intp]:
        (found,) = index.retrieve([Retrieval(condition, size=len(documents))])
        return np.array([places[key] for key in found.keys.tolist()], np.intp)

    return having


def _shares(queries: Sequence[Sequence[Condition]], having: Having, count: int) -> F32:
    shares = np.zeros((len(queries), count), np.float32)
    for at, terms in enumerate(queries):
        total = 0
        for term in terms:
            found = having(term)
            weight = idf(count, len(found))
            shares[at, found] += weight
            total += weight
        shares[at] /= max(total, 1)
    return shares
