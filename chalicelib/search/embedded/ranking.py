"""From the parts of a query to one order of its matches."""

import heapq
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from itertools import compress, islice
from typing import Protocol

from chalicelib.search.asking import Asked
from chalicelib.search.embedded.bits import below, flags, packed
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.matching import BREVITY, PRECISION, Matching
from chalicelib.search.embedded.sliced import Sliced
from chalicelib.search.fusion import CONSTANT, DEPTH, fused
from chalicelib.search.query import Contribution

Place = tuple[float, int]  # -score, document: ascending is best first

_NAMES = {"visual": "image", "semantic": "meaning"}


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

    def place_of(self, doc: int) -> Place | None:
        """Return a document's place; None where it does not match, or has none of its own."""

    def shown(self, place: Place) -> float:
        """Return the score a person sees at a place."""

    def relevant(self, share: float) -> "Order":
        """Return the order without what scores less than this share of the best score."""

    def explained(self, doc: int) -> tuple[Contribution, ...]:
        """Return what each part of the query gave a document."""


class Newest:
    """Nothing ranks: the newest come first."""

    def __init__(self, columns: Columns, matches: int) -> None:
        self.matches = matches
        self._newest = columns.newest
        self._docs = columns.newest_docs
        self._chosen = flags(matches, columns.size)

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Walk on from a place until there are enough."""
        at = 0 if place is None else bisect_right(self._newest, place)
        chosen = map(self._chosen.__getitem__, islice(self._docs, at, None))
        return list(islice(compress(islice(self._newest, at, None), chosen), count))

    def place_of(self, _doc: int) -> Place | None:
        """Return None: a time does not change, and the cursor has it."""
        return None

    def shown(self, _place: Place) -> float:
        """Return 1: all match alike."""
        return 1.0

    def relevant(self, _share: float) -> Order:
        """Return all of it."""
        return self

    def explained(self, _doc: int) -> tuple[Contribution, ...]:
        """Return nothing."""
        return ()


class ByWords:
    """Only words rank."""

    def __init__(self, scores: Sliced, columns: Columns) -> None:
        self.matches = scores.matches
        self._scores = scores
        self._size = columns.size

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Leave out what comes before a place, and take the best of the rest."""
        among = self.matches
        if place is not None:
            lower, equal = self._scores.below(int(-place[0]))
            among &= lower | (equal & ~below(place[1] + 1))
        return self._scores.best(count, among)

    def place_of(self, doc: int) -> Place | None:
        """Return a document's score and number."""
        return (-self._scores.score(doc), doc) if self.matches >> doc & 1 else None

    def shown(self, place: Place) -> float:
        """Return the summed inverse frequencies."""
        return -place[0] / (PRECISION * BREVITY)

    def relevant(self, share: float) -> Order:
        """Keep the scores that reach a share of the highest."""
        best = self._scores.best(1, self.matches)
        if best:
            lower, _ = self._scores.below(round(-best[0][0] * share))
            self.matches &= ~lower
        return self

    def explained(self, doc: int) -> tuple[Contribution, ...]:
        """Return the score itself."""
        score = self._scores.score(doc)
        lower, equal = self._scores.below(score)
        rank = 1 + (self.matches & ~lower & ~equal).bit_count()
        shown = self.shown((-score, doc))
        return (Contribution("words", shown, rank, shown),)


class Listed:
    """A vector ranks, or several parts do: at most a few thousand places."""

    def __init__(
        self, places: list[Place], parts: Mapping[str, Sequence[Place]], columns: Columns
    ) -> None:
        self._places = places
        self._parts = parts
        self._columns = columns
        self.matches = packed((doc for _, doc in places), columns.size)

    def after(self, place: Place | None, count: int) -> Sequence[Place]:
        """Look at all places."""
        return heapq.nsmallest(count, (one for one in self._places if place is None or one > place))

    def place_of(self, doc: int) -> Place | None:
        """Look a document up."""
        return next((place for place in self._places if place[1] == doc), None)

    def shown(self, place: Place) -> float:
        """Return the cosine, or the fused score."""
        return -place[0]

    def relevant(self, share: float) -> Order:
        """Keep the scores that reach a share of the highest."""
        bound = min(self._places, default=(0.0, 0))[0] * share
        kept = [place for place in self._places if place[0] <= bound]
        return Listed(kept, self._parts, self._columns)

    def explained(self, doc: int) -> tuple[Contribution, ...]:
        """Return a document's score and rank in each part."""
        found = []
        for name, places in self._parts.items():
            score = next((place[0] for place in places if place[1] == doc), None)
            if score is not None:
                rank = 1 + sum(place[0] < score for place in places)
                share = -score if len(self._parts) == 1 else 1 / (CONSTANT + rank)
                found.append(Contribution(name, -score, rank, share))
        return tuple(found)


def ordered(asked: Asked, columns: Columns, matching: Callable[[], Matching], among: int) -> Order:
    """Return the matches among a set of documents, in the order the query asks for."""
    words: ByWords | None = None
    if asked.words is not None:
        among &= matching().allowed(asked.words)
        if asked.ranks_words:
            words = ByWords(matching().scored(asked.words, among), columns)
    if not asked.vectors:
        return words or Newest(columns, among)
    parts: dict[str, Sequence[Place]] = {}
    for kind, vector in asked.vectors.items():
        matrix = columns.visual if kind == "visual" else columns.semantic
        parts[_NAMES[kind]] = matrix.nearest(vector, among, DEPTH)
    if words is not None:
        parts["words"] = [(-words.shown(place), place[1]) for place in words.after(None, DEPTH)]
    if len(parts) == 1:
        return Listed([*next(iter(parts.values()))], parts, columns)
    scores = fused(parts.values())
    return Listed([(-score, doc) for doc, score in scores.items()], parts, columns)
