"""From the parts of a query to one order of its matches, and a page of that."""

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from chalicelib.search.asking import Asked
from chalicelib.search.embedded.bits import flags, packed
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.matching import Matching
from chalicelib.search.fusion import DEPTH, fused

Place = tuple[float, int]  # -score, document: ascending is best first


@dataclass(slots=True)
class Ranked:
    """Everything that matches.

    Attributes
    ----------
    places
        Of all matches, in no order unless ``ordered``.
    matches
        The same documents as a set.
    parts
        What each part of the query found, by its name, for explanations.
    """

    places: list[Place]
    matches: int
    parts: Mapping[str, list[Place]] = field(default_factory=dict)
    scored: bool = True
    ordered: bool = False

    def after(self, place: Place | None, count: int) -> list[Place]:
        """Return the ``count`` best places after ``place``."""
        behind: Iterable[Place] = self.places
        if place is not None:
            behind = (candidate for candidate in self.places if candidate > place)
        if self.ordered:
            return [candidate for candidate, _ in zip(behind, range(count), strict=False)]
        return heapq.nsmallest(count, behind)

    def place_of(self, doc: int) -> Place | None:
        """Return a document's place, None where it does not match."""
        if not self.matches >> doc & 1:
            return None
        return next(place for place in self.places if place[1] == doc)

    def explained(self, doc: int) -> dict[str, float]:
        """Return what each part contributed to a document: its score, and its rank if fused."""
        found: dict[str, float] = {}
        for name, places in self.parts.items():
            score = next((place[0] for place in places if place[1] == doc), None)
            if score is not None:
                found[name] = -score
                if len(self.parts) > 1:
                    found[f"{name}_rank"] = 1.0 + sum(place[0] < score for place in places)
        return found


def ranked(asked: Asked, columns: Columns, matching: Callable[[], Matching], among: int) -> Ranked:
    """Return the matches among a set of documents.

    Without anything that ranks, all of the set, newest first.
    """
    if asked.words is not None:
        among &= matching().allowed(asked.words)
    parts: dict[str, list[Place]] = {}
    if asked.words is not None and asked.ranks_words:
        parts["words"] = matching().ranked(asked.words, among)
    for kind, vector in asked.vectors.items():
        matrix = columns.visual if kind == "visual" else columns.semantic
        parts[_NAMES[kind]] = matrix.nearest(vector, among, DEPTH)
    if not parts:
        chosen = flags(among, columns.size)
        newest: list[Place] = [place for place in columns.newest if chosen[place[1]]]
        return Ranked(newest, among, scored=False, ordered=True)
    if len(parts) > 1:
        return _fused(parts, columns)
    (places,) = parts.values()
    return Ranked(places, packed((doc for _, doc in places), columns.size), parts)


_NAMES = {"visual": "image", "semantic": "meaning"}


def _fused(parts: Mapping[str, list[Place]], columns: Columns) -> Ranked:
    best = {name: heapq.nsmallest(DEPTH, places) for name, places in parts.items()}
    scores = fused(best.values())
    places = [(-score, doc) for doc, score in scores.items()]
    return Ranked(places, packed(scores, columns.size), best)


def relevant(found: Ranked, share: float | None, columns: Columns) -> Ranked:
    """Leave out what scores less than a share of the best score."""
    if share is None or not found.scored or not found.places:
        return found
    bound = min(found.places)[0] * share
    places = [place for place in found.places if place[0] <= bound]
    return Ranked(places, packed((doc for _, doc in places), columns.size), found.parts)
