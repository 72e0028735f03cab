"""Words of a text and clauses of its reading: what each is worth, and how it is asked for.

OpenSearch's own BM25 is not used. A term is worth its inverse document frequency in whole steps
(`fusion.rarity`), and a photograph the sum of those it has: the sums are exact on every node, the
same as the embedded engine's, and stand from page to page.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.errors import InvalidField
from chalicelib.search.asking import Asked
from chalicelib.search.clauses import told
from chalicelib.search.fusion import PRECISION, rarity
from chalicelib.search.opensearch.asking import Searches, total_of
from chalicelib.search.opensearch.conditions import clause_holds, holding, owned

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Term:
    """One word, phrase or clause.

    Attributes
    ----------
    label
        For a person.
    condition
        What holds of the photographs that have it.
    weight
        In steps.
    """

    label: str
    condition: Json
    weight: int

    def scored(self, scale: int = 1) -> Json:
        """Return the query that gives its photographs ``scale`` times its weight."""
        worth = {"filter": self.condition, "boost": self.weight * scale}
        return {"constant_score": {**worth, "_name": self.label}}


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one part of a query.

    Attributes
    ----------
    wanted, required
        Of ``wanted`` at least ``quorum`` must be there, and all that are required.
    """

    wanted: tuple[Term, ...]
    required: tuple[Term, ...] = ()
    quorum: int = 1

    @property
    def all(self) -> tuple[Term, ...]:
        """Return all of them, in the order of their weights in a cursor."""
        return self.wanted + self.required

    @property
    def total(self) -> int:
        """Return what having all of them is worth."""
        return sum(term.weight for term in self.all)

    @property
    def reach_all(self) -> bool:
        """Whether `reached` leaves out none that has any of the terms and what is required."""
        return self.quorum <= 1 and not (self.wanted and self.required)

    def reached(self, among: Json, scale: int = 1) -> Json:
        """Return the query of photographs that have enough, scored by what they have."""
        return {
            "bool": {
                "filter": [among],
                "should": [term.scored(scale) for term in self.wanted],
                "minimum_should_match": self.quorum,
                "must": [term.scored(scale) for term in self.required],
            }
        }

    def any(self, among: Json) -> Json:
        """Return the query of photographs that have any, scored by what they have."""
        scored = [term.scored() for term in self.all]
        return {"bool": {"filter": [among], "should": scored, "minimum_should_match": 1}}

    def named(self, labels: Sequence[str]) -> Mapping[str, float]:
        """Return what the terms of these labels add, for a person."""
        names = set(labels)
        return {term.label: term.weight / PRECISION for term in self.all if term.label in names}


def terms_asked(parts: Asked, searches: Searches, frozen: Sequence[int]) -> Mapping[str, Terms]:
    """Return the terms of "words" and "attributes", where the query has such.

    Parameters
    ----------
    frozen
        Their weights on the query's first page; empty on that page.

    Raises
    ------
    InvalidField
        The cursor that brought the weights has too few or too many.
    """
    ranked = parts.words.ranked if parts.words is not None else ()
    asked = [(run.raw, holding(run)) for run in ranked]
    asked += ((told(clause), clause_holds(clause)) for clause in parts.reading)
    if frozen and len(frozen) != len(asked):
        raise InvalidField("cursor", "is not one that this query returned")
    weights = frozen or _weights([condition for _, condition in asked], searches)
    terms = tuple(
        Term(label, condition, weight)
        for (label, condition), weight in zip(asked, weights, strict=True)
    )
    found: dict[str, Terms] = {}
    if parts.words is not None and ranked:
        wanted = len(parts.words.wanted)
        quorum = parts.words.quorum
        found["words"] = Terms(terms[:wanted], terms[wanted : len(ranked)], quorum)
    if parts.reading:
        found["attributes"] = Terms(terms[len(ranked) :])
    return found


def _weights(conditions: Sequence[Json], searches: Searches) -> list[int]:
    """Count who has what, among everyone's photographs: rarity does not depend on who asks."""
    if not conditions:
        return []
    everyone: Json = {"bool": {"filter": owned(None)}}
    bodies = [
        {"query": query, "size": 0, "track_total_hits": True} for query in (everyone, *conditions)
    ]
    count, *frequencies = map(total_of, searches.many(bodies))
    return [rarity(count, frequency) for frequency in frequencies]
