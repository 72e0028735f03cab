"""Terms of a query that speak for documents: words of its text, clauses of its reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.search.embedded.bits import held
from chalicelib.search.embedded.sliced import Sliced
from chalicelib.search.fusion import PRECISION


@dataclass(frozen=True, slots=True)
class Term:
    """One term.

    Attributes
    ----------
    label
        For a person.
    weight
        Its inverse frequency, in steps (`fusion.rarity`).
    documents
        Those that have it.
    """

    label: str
    weight: int
    documents: int


class Evidence:
    """The terms of one part of a query."""

    def __init__(self, terms: Sequence[Term]) -> None:
        self.terms = terms
        self._total = sum(term.weight for term in terms)

    @property
    def documents(self) -> int:
        """Those that have any of the terms."""
        found = 0
        for term in self.terms:
            found |= term.documents
        return found

    def add_to(self, scores: Sliced, scale: int = 1) -> Sliced:
        """Add each term's weight to the scores of its documents."""
        for term in self.terms:
            scores.add(scale * term.weight, term.documents)
        return scores

    def shares(self, candidates: Sequence[int], size: int) -> dict[int, float]:
        """Return, for those candidates below ``size`` that have some, their share of the weight."""
        found: dict[int, int] = {}
        for term in self.terms:
            for doc in held(term.documents, candidates, size):
                found[doc] = found.get(doc, 0) + term.weight
        return {doc: weight / self._total for doc, weight in found.items()}

    def held_by(self, doc: int) -> Mapping[str, float]:
        """Return the terms that a document has, each with its inverse frequency."""
        return {
            term.label: term.weight / PRECISION for term in self.terms if term.documents >> doc & 1
        }
