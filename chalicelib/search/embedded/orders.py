"""Orders of a query's matches: the newest first, by words, by scores that are listed."""

import heapq
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress, islice
from typing import Protocol

from chalicelib.search.embedded.bits import below, flags, packed
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.evidence import Evidence
from chalicelib.search.embedded.sliced import Sliced
from chalicelib.search.fusion import by_words, contribution, least, shown
from chalicelib.search.query import Contribution

Place = tuple[float, int]  # -score, document: ascending is best first


class Order(Protocol):
    """All matches of a query, in an order.

    Attributes
    ----------
    matches
        As a set of documents.
    """

    matches: int

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Return the ``count`` best places after ``place``."""

    def until(self, place: Place) -> int:
        """Return the documents up to and with a place."""

    def place_of(self, doc: int) -> Place | None:
        """Return a document's place; None where it does not match, or has none of its own."""

    def shown(self, place: Place) -> float:
        """Return the score a person sees at a place."""

    def best(self) -> float | None:
        """Return the highest score a person sees; None where nothing ranks or matches."""

    def reaching(self, bound: float) -> "Order":
        """Return the order without what a person sees a lower score of."""

    def explained(self, doc: int) -> tuple[Contribution, ...]:
        """Return what each part of the query gave a document."""


class Newest:
    """Nothing ranks: the newest come first."""

    def __init__(self, columns: Columns, matches: int) -> None:
        self.matches = matches
        self._newest = columns.newest
        self._docs = columns.newest_docs
        self._size = columns.size
        self._chosen = flags(matches, columns.size)

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Walk on from a place until there are enough."""
        at = 0 if place is None else bisect_right(self._newest, place)
        chosen = map(self._chosen.__getitem__, islice(self._docs, at, None))
        return list(islice(compress(islice(self._newest, at, None), chosen), count))

    def until(self, place: Place) -> int:
        """Look at those that are newer."""
        newer = islice(self._docs, bisect_right(self._newest, place))
        return packed(newer, self._size) & self.matches

    def place_of(self, _doc: int) -> Place | None:
        """Return None: a time does not change, and the cursor has it."""
        return None

    def shown(self, _place: Place) -> float:
        """Return 1: all match alike."""
        return 1.0

    def best(self) -> float | None:
        """Return None."""
        return None

    def reaching(self, _bound: float) -> Order:
        """Return all of it."""
        return self

    def explained(self, _doc: int) -> tuple[Contribution, ...]:
        """Return nothing."""
        return ()


class ByWords:
    """Only words rank, of captions and of labels."""

    def __init__(self, scores: Sliced, evidence: Mapping[str, Evidence], columns: Columns) -> None:
        self.matches = scores.matches
        self._scores = scores
        self._evidence = evidence
        self._size = columns.size

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Leave out what comes before a place, and take the best of the rest."""
        among = self.matches if place is None else self.matches & ~self.until(place)
        return self._scores.best(count, among)

    def until(self, place: Place) -> int:
        """Look at those with higher scores, and of equal ones at the lower numbers."""
        lower, equal = self._scores.below(int(-place[0]))
        return self.matches & ~lower & (~equal | below(place[1] + 1))

    def place_of(self, doc: int) -> Place | None:
        """Return a document's score and number."""
        return (-self._scores.score(doc), doc) if self.matches >> doc & 1 else None

    def shown(self, place: Place) -> float:
        """Return the summed inverse frequencies."""
        return shown(-place[0])

    def best(self) -> float | None:
        """Return the first place's score."""
        first = self._scores.best(1, self.matches)
        return self.shown(first[0]) if first else None

    def reaching(self, bound: float) -> Order:
        """Leave out the lower scores."""
        lower, _ = self._scores.below(least(bound))
        self.matches &= ~lower
        return self

    def explained(self, doc: int) -> tuple[Contribution, ...]:
        """Return the words that the document has."""
        score = self._scores.score(doc)
        lower, equal = self._scores.below(score)
        rank = 1 + (self.matches & ~lower & ~equal).bit_count()
        words, labels = (self._evidence[part].held_by(doc) for part in ("words", "labels"))
        return by_words(self.shown((-score, doc)), rank, words, labels)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a listed order.

    Attributes
    ----------
    name
        As `Weights` names it.
    weight
        What one of its values adds to a score.
    values
        Of the documents it says something of.
    evidence
        The terms behind the values, where they are not cosines.
    """

    name: str
    weight: float
    values: Mapping[int, float]
    evidence: Evidence | None = None

    def given(self, doc: int) -> Contribution | None:
        """Return what it gave a document."""
        if doc not in self.values:
            return None
        terms = None if self.evidence is None else self.evidence.held_by(doc)
        return contribution(self.name, doc, self.values, self.weight, terms)


class Listed:
    """A vector ranks, or several parts do: at most some thousand places."""

    def __init__(self, places: list[Place], parts: Sequence[Part], columns: Columns) -> None:
        self._places = places
        self._parts = parts
        self._columns = columns
        self.matches = packed((doc for _, doc in places), columns.size)

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Look at all places."""
        return heapq.nsmallest(count, (one for one in self._places if place is None or one > place))

    def until(self, place: Place) -> int:
        """Look at all places."""
        return packed((one[1] for one in self._places if one <= place), self._columns.size)

    def place_of(self, doc: int) -> Place | None:
        """Look a document up."""
        return next((place for place in self._places if place[1] == doc), None)

    def shown(self, place: Place) -> float:
        """Return the cosine, or the fused score."""
        return -place[0]

    def best(self) -> float | None:
        """Return the highest score."""
        return -min(self._places)[0] if self._places else None

    def reaching(self, bound: float) -> Order:
        """Leave out the lower scores."""
        kept = [place for place in self._places if -place[0] >= bound]
        return Listed(kept, self._parts, self._columns)

    def explained(self, doc: int) -> tuple[Contribution, ...]:
        """Return what each part gave a document."""
        given = (part.given(doc) for part in self._parts)
        return tuple(contribution for contribution in given if contribution is not None)
