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
from chalicelib.search.fusion import BREVITY, LABEL_STEPS, PRECISION, rarity
from chalicelib.search.opensearch.asking import Searches, total_of
from chalicelib.search.opensearch.conditions import clause_holds, holding, owned, said, seen

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

    def reached(self, among: Json) -> Json:
        """Return the query of photographs that have enough, scored by what they have."""
        return {
            "bool": {
                "filter": [among],
                "should": [term.scored() for term in self.wanted],
                "minimum_should_match": self.quorum,
                "must": [term.scored() for term in self.required],
            }
        }

    def reached_with(self, labels: "Terms", among: Json) -> Json:
        """Return the query of photographs of which captions and labels together have enough.

        They are scored in steps of words and length, a label half as high as a caption's word.
        """
        either = [
            {"bool": {"should": [term.scored(BREVITY), label.scored(LABEL_STEPS)]}}
            for term, label in zip(self.all, labels.all, strict=True)
        ]
        wanted = len(self.wanted)
        return {
            "bool": {
                "filter": [among],
                "should": either[:wanted],
                "minimum_should_match": self.quorum,
                "must": either[wanted:],
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
    """Return the terms of "words", "labels" and "attributes", where the query has such.

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
    read = [*map(clause_holds, parts.reading)]
    counted = [*map(holding, ranked), *read]
    if frozen and len(frozen) != len(counted):
        raise InvalidField("cursor", "is not one that this query returned")
    weights = frozen or _weights(counted, searches)
    found: dict[str, Terms] = {}
    if parts.words is not None and ranked:
        runs = [*zip(ranked, weights, strict=False)]
        wanted = len(parts.words.wanted)
        terms = tuple(Term(run.raw, said(run), weight) for run, weight in runs)
        found["words"] = Terms(terms[:wanted], terms[wanted:], parts.words.quorum)
        found["labels"] = Terms(tuple(Term(run.raw, seen(run), weight) for run, weight in runs))
    if parts.reading:
        labels = map(told, parts.reading)
        found["attributes"] = Terms(tuple(map(Term, labels, read, weights[len(ranked) :])))
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
