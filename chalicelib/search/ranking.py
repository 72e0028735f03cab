"""From the parts of a query to one order of its matches, and why each stands where it does.

A fused score is the weighted sum of the parts' scores: of meaning and image the cosine, of words,
labels and attributes what the share of the query's terms that a photograph has is worth (0 to 1),
and how probable the words are by the picture (`likely`).
It depends on the photograph and on the query alone, not on what else is found, so that pages
stand while photographs come and go; and it measured better than reciprocal ranks:
docs/decisions/405.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from chalicelib.search.conditions import AllOf, Among
from chalicelib.search.likely import LOOKED_AT, Likely, likely_of
from chalicelib.search.plan import DEPTH, Plan, visible_to
from chalicelib.search.port import (
    By,
    ByTime,
    Facet,
    Keys,
    Nearest,
    PartName,
    Place,
    Retrieval,
    Retrieved,
    Stored,
    Term,
    Terms,
    View,
)
from chalicelib.search.query import (
    AUTO,
    MAX_FACET_VALUES,
    MAX_MONTHS,
    MONTHS,
    Contribution,
    Weights,
)
from chalicelib.search.text import SCALE
from chalicelib.search.tuned import CUTOFFS

Floats = npt.NDArray[np.float64]

IDF_STEPS = 16  # of one unit of idf: whole numbers are summed alike on every machine
# Powers of the share of the words: half of them are worth less than half of all, and of a model's
# caption next to nothing.
EMPHASIS, EMPHASIS_ON_A_MODEL = 1.5, 4.0
FacetCounts = Mapping[str, tuple[tuple[str, int], ...]]


def idf(count: int, frequency: int) -> int:
    """Return BM25's inverse document frequency in steps of 1 / ``IDF_STEPS``, at least one.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, kept above zero as
    Lucene keeps it.

    Parameters
    ----------
    count, frequency
        Photographs in the index, and those of them that have the term.
    """
    exact = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
    return max(1, round(IDF_STEPS * exact))


def weighed(view: View, plan: Plan) -> tuple[tuple[int, ...], Mapping[PartName, Retrieved], int]:
    """Return the idf of all that a plan weighs, and what its vectors find, in one request.

    And of how many photographs they can say nothing, since another model made theirs.

    The idf is that among the photographs that the owner may see: others' have no say, for how
    common a word is there would show through the scores.
    """
    others = [Retrieval(plan.incomparable)] if plan.incomparable else []
    if not plan.weighed:
        return (), {}, _total(view.retrieve(others) if others else ())
    visible = visible_to(plan.query.owner)
    conditions = (visible, *(AllOf((visible, one.condition)) for one in plan.weighed))
    counts = [Retrieval(condition) for condition in conditions]
    ranked = [*map(plan.candidates, plan.vectors.values())]
    total, *found = view.retrieve([*counts, *ranked, *others])
    weights = tuple(idf(total.total, one.total) for one in found[: len(plan.weighed)])
    lists = found[len(plan.weighed) : len(plan.weighed) + len(ranked)]
    return (
        weights,
        dict(zip(plan.vectors, lists, strict=True)),
        _total(found[len(found) - len(others) :]),
    )


def _total(found: Sequence[Retrieved]) -> int:
    return sum(one.total for one in found)


def bound_of(plan: Plan, order: "Order") -> float | None:
    """Return the score below which a photograph is no match; None for no bound.

    ``auto`` asks of a match a share of the best score, and a least score besides, so that a
    query that nothing answers finds nothing: docs/decisions/405.
    """
    asked, kind = plan.query.min_relevance, plan.cutoff
    if not asked or kind is None or (best := order.best()) is None:
        return None
    if asked != AUTO:
        return best * float(asked)
    if not order.compares_vectors:
        kind = "words"
    return max(best * CUTOFFS[kind].share, CUTOFFS[kind].floor)


Order: TypeAlias = "EngineOrder | FusedOrder"
"""All matches of a query in the order it asks for."""


class EngineOrder:
    """Only one part ranks, or none: the engine's own order."""

    def __init__(self, view: View, plan: Plan, by: By) -> None:
        self._view, self._plan, self._by = view, plan, by
        self._whole = _whole(by)
        self._among = plan.of(by)
        self._base = Retrieval(self._among, by, sort=plan.sort)
        self._counted: tuple[int, FacetCounts] | None = None
        self._stored: dict[int, Stored] = {}

    def best(self) -> float | None:
        """Return the highest score; None where nothing ranks or matches."""
        if isinstance(self._by, ByTime):
            return None
        first_of_all = Retrieval(self._among, self._by, size=1, counts=False)
        (first,) = self._view.retrieve([first_of_all])
        return min(1.0, float(first.scores[0]) / self._whole) if len(first.scores) else None

    looked = None

    @property
    def compares_vectors(self) -> bool:
        """Whether a photograph's score is of vectors."""
        return isinstance(self._by, Nearest)

    def cut(self, bound: float) -> None:
        """Leave out what has a lower score; scores are whole numbers of steps."""
        self._base = replace(self._base, least=math.ceil(bound * self._whole - 1e-6))

    def walk(self, after: Place | None, count: int) -> Sequence[Place]:
        """Return the ``count`` best places after one; the first walk counts, too."""
        is_first = self._counted is None
        facets = facets_of(self._plan) if is_first else ()
        asked = replace(self._base, size=count, after=after, counts=is_first, facets=facets)
        (found,) = self._view.retrieve([replace(asked, stored=True)])
        self._stored |= found.stored
        if is_first:
            self._counted = found.total, found.facets
        return [*zip((-found.scores).tolist(), found.keys.tolist(), strict=True)]

    def counted(self) -> tuple[int, FacetCounts]:
        """Return how many matches there are, and their facets."""
        return self._counted or (0, {})

    def stored(self, places: Sequence[Place]) -> Mapping[int, Stored]:
        """Return what is shown of photographs that a walk gave, by their keys."""
        return {key: self._stored[key] for _, key in places if key in self._stored}

    def scores(self, places: Sequence[Place]) -> list[float]:
        """Return the scores at places: the share of the words, or cosines; 1 where none ranks."""
        is_ranked = not isinstance(self._by, ByTime)
        ranked = self._ranked(places)
        return [min(1.0, -score / self._whole) if is_ranked else 1.0 for score, _ in ranked]

    def explained(self, places: Sequence[Place]) -> Mapping[int, tuple[Contribution, ...]]:
        """Return what each part of the query gave to photographs, by their keys."""
        if isinstance(self._by, ByTime) or not places:
            return {}
        places = self._ranked(places)
        higher = [replace(self._base, least=1 - score) for score, _ in places]
        ranks = [1 + found.total for found in self._view.retrieve(higher)]
        if isinstance(self._by, Nearest):
            (part,) = self._plan.vectors
            return {
                place[1]: (Contribution(part, cosine, rank, cosine),)
                for place, rank, cosine in zip(places, ranks, self.scores(places), strict=True)
            }
        return self._explained_words(places, ranks, self._by)

    def _ranked(self, places: Sequence[Place]) -> Sequence[Place]:
        """Return the places that photographs, ordered by a time, have by their scores."""
        if self._plan.sort is None or isinstance(self._by, ByTime) or not places:
            return places
        among = AllOf((self._among, Among(tuple(key for _, key in places))))
        asked = Retrieval(among, self._by, size=len(places), counts=False)
        (found,) = self._view.retrieve([asked])
        scores = dict(zip(found.keys.tolist(), (-found.scores).tolist(), strict=True))
        # What changed a moment ago may be no match any more.
        return [(scores.get(key, 0.0), key) for _, key in places]

    def _explained_words(
        self, places: Sequence[Place], ranks: Sequence[int], by: Terms
    ) -> Mapping[int, tuple[Contribution, ...]]:
        held = terms_held(self._view, _terms(by), [key for _, key in places])
        return {
            key: tuple(
                Contribution(part, min(1.0, given), rank, score * given / whole, held[key][part])
                for part, given in parts.items()
            )
            for (_, key), rank, score in zip(places, ranks, self.scores(places), strict=True)
            if (parts := {part: sum(terms.values()) for part, terms in held[key].items()})
            and (whole := sum(parts.values()))
        }


class FusedOrder:
    """Several parts rank: whatever is among the best of one is scored exactly in all of them.

    Parameters
    ----------
    looked
        The score by all parts but the likely words from which on pictures are looked at for those,
        as the first page of an answer had it; None on the first page.

    Attributes
    ----------
    looked
        The same, of this page; None where no picture is looked at.
    """

    def __init__(
        self,
        view: View,
        plan: Plan,
        weights: tuple[int, ...],
        lists: Mapping[PartName, Retrieved],
        looked: float | None = None,
    ) -> None:
        self._view, self._plan = view, plan
        self._parts = plan.parts(weights)
        # Where a model's words are to count more than a person's, so much more can be reached.
        most = max(1.0, plan.weights.trust)
        counted = (*self._parts, *(("likely",) if plan.likely else ()))
        self._whole = sum(getattr(plan.weights, name) for name in counted) * most or 1.0
        asked = [plan.candidates(part) for name, part in self._parts.items() if name not in lists]
        rest = iter(view.retrieve(asked) if asked else ())
        found = {name: lists[name] if name in lists else next(rest) for name in self._parts}
        self._keys: Keys = np.unique(np.concatenate([one.keys for one in found.values()]))
        self._scores = dict(self._scored(found))
        self._likely: Likely | None = None
        self.looked: float | None = None
        if words := plan.likely:
            totals = self._totals()
            self.looked = looked if looked is not None else _least_of_best(totals)
            best = np.flatnonzero(totals >= self.looked)
            self._likely = likely_of(view, plan.query, words, self._keys, best)
            self._scores["likely"] = self._likely.scores
        self._places = self._ordered()
        self._by_time: list[Place] | None = None

    def best(self) -> float | None:
        """Return the highest score; None where nothing matches."""
        return -self._places[0][0] if self._places else None

    @property
    def compares_vectors(self) -> bool:
        """Whether any candidate's score is of vectors: none is where another model made theirs."""
        return any(not np.isnan(self._scores[name]).all() for name in self._plan.vectors)

    def cut(self, bound: float) -> None:
        """Leave out what has a lower score."""
        self._places = [place for place in self._places if -place[0] >= bound]

    def walk(self, after: Place | None, count: int) -> Sequence[Place]:
        """Return the ``count`` best places after one."""
        places = self._sorted()
        start = 0 if after is None else bisect_right(places, after)
        return places[start : start + count]

    def counted(self) -> tuple[int, FacetCounts]:
        """Return how many matches there are, and their facets."""
        facets = facets_of(self._plan)
        if not facets:
            return len(self._places), {}
        among = Among(tuple(key for _, key in self._places))
        (found,) = self._view.retrieve([Retrieval(among, facets=facets)])
        return len(self._places), found.facets

    def stored(self, places: Sequence[Place]) -> Mapping[int, Stored]:
        """Return what is shown of photographs, by their keys."""
        return self._view.stored([key for _, key in places]) if places else {}

    def scores(self, places: Sequence[Place]) -> list[float]:
        """Return the fused scores, of which 1 is the most that there can be."""
        relevance = {key: -score for score, key in self._places}
        return [_between(relevance[key] / self._whole) for _, key in places]

    def explained(self, places: Sequence[Place]) -> Mapping[int, tuple[Contribution, ...]]:
        """Return what each part of the query gave to photographs, by their keys."""
        keys = [key for _, key in places]
        held: dict[int, dict[PartName, Mapping[str, float]]] = {key: {} for key in keys}
        for part in self._parts.values():
            for key, terms in terms_held(self._view, _terms(part), keys).items():
                held[key] |= terms
        return {
            key: tuple(
                self._contribution(name, values, at, self._terms_at(name, at, held[key]))
                for name, values in self._scores.items()
                if not math.isnan(values[at])
            )
            for key, at in zip(keys, np.searchsorted(self._keys, keys).tolist(), strict=True)
        }

    def _terms_at(
        self, part: PartName, at: int, held: Mapping[PartName, Mapping[str, float]]
    ) -> Mapping[str, float]:
        if part == "likely" and self._likely:
            return self._likely.terms(at)
        return held.get(part, {})

    def _contribution(
        self, name: PartName, values: Floats, at: int, terms: Mapping[str, float]
    ) -> Contribution:
        value = float(values[at])
        return Contribution(
            part=name,
            score=value,
            rank=1 + int(np.count_nonzero(values > value)),
            share=getattr(self._plan.weights, name) * value / self._whole,
            terms=terms,
        )

    def _scored(self, lists: Mapping[PartName, Retrieved]) -> Mapping[PartName, Floats]:
        """Return what each part gives every candidate; NaN where it says nothing of it.

        What a part's own list does not hold of them is asked for in a second round, where so few
        are left that vectors are compared one by one.
        """
        missing = {
            name: np.setdiff1d(self._keys, found.keys, assume_unique=True)
            for name, found in lists.items()
            if len(found.keys) == DEPTH or self._leaves_out(name)
        }
        asked = {
            name: Retrieval(
                self._plan.of(self._parts[name], Among(tuple(keys.tolist()))),
                self._parts[name],
                len(keys),
                counts=False,
            )
            for name, keys in missing.items()
            if len(keys)
        }
        rest = self._view.retrieve([*asked.values()]) if asked else ()
        found = {name: np.full(len(self._keys), np.nan) for name in lists}
        for name, one in (*lists.items(), *zip(asked, rest, strict=True)):
            found[name][np.searchsorted(self._keys, one.keys)] = self._values(name, one)
        return found

    def _leaves_out(self, name: PartName) -> bool:
        """Return whether a photograph may have terms of a part and not be in its list."""
        part = self._parts[name]
        return isinstance(part, Terms) and part.quorum > 1

    def _values(self, name: PartName, found: Retrieved) -> Floats:
        part = self._parts[name]
        if isinstance(part, Nearest):
            values: Floats = found.scores / SCALE**2
            return values
        shares = found.scores / sum(term.weight for term in _terms(part))
        return part_scores(name, shares, found.human, self._plan.weights)

    def _ordered(self) -> list[Place]:
        """Return every candidate's place, best first."""
        total = self._totals()
        order = np.lexsort((self._keys, -total))
        return [*zip((-total[order]).tolist(), self._keys[order].tolist(), strict=True)]

    def _totals(self) -> Floats:
        """Return every candidate's score."""
        total = np.zeros(len(self._keys))
        for name, values in self._scores.items():
            total += getattr(self._plan.weights, name) * np.nan_to_num(values)
        return total

    def _sorted(self) -> list[Place]:
        """Return the places of all matches in the order that is asked for."""
        if self._plan.sort is None:
            return self._places
        if self._by_time is None:
            keys = tuple(key for _, key in self._places)
            asked = Retrieval(Among(keys), self._plan.sort, size=len(keys), counts=False)
            (found,) = self._view.retrieve([asked])
            self._by_time = [*zip((-found.scores).tolist(), found.keys.tolist(), strict=True)]
        return self._by_time


def _least_of_best(scores: Floats) -> float:
    """Return the least of the ``LOOKED_AT`` best scores."""
    return float(np.sort(scores)[-LOOKED_AT:].min(initial=math.inf))


def part_scores(
    part: PartName, shares: Floats, human: npt.NDArray[np.bool_], weights: Weights
) -> Floats:
    """Return what shares of a part's terms, 0 to 1, are worth (docs/decisions/405).

    Parameters
    ----------
    shares
        Summed idf of the terms that each photograph has, of all terms' sum.
    human
        Whether a person wrote its caption: what a model's says is trusted less, and only where
        nearly all of it is there.
    """
    if part not in ("words", "attributes"):
        return shares
    by_model = weights.trust * shares**EMPHASIS_ON_A_MODEL
    by_person = shares**EMPHASIS if part == "words" else shares
    found: Floats = np.where(human, by_person, by_model)
    return found


def facets_of(plan: Plan) -> tuple[Facet, ...]:
    """Return the facets that a query wants counted."""
    return tuple(
        Facet(name, size=MAX_MONTHS, latest_first=True)
        if name in MONTHS
        else Facet(name, size=MAX_FACET_VALUES)
        for name in plan.query.facets
    )


def _terms(by: By) -> tuple[Term, ...]:
    return tuple(term for group in by.groups for term in group) if isinstance(by, Terms) else ()


def _between(score: float) -> float:
    """Return a score from 0 to 1: a cosine may be negative, and of bytes a little more than 1."""
    return min(1.0, max(0.0, score))


def _whole(by: By) -> float:
    """Return the score that all of a query's words in a caption give, or the same picture."""
    if isinstance(by, Terms):
        return _whole_of(_terms(by))
    return 1.0 if isinstance(by, ByTime) else SCALE**2


def _whole_of(terms: Sequence[Term]) -> float:
    words = [term.weight for term in terms if term.part == "words"]
    return float(sum(words) or sum(term.weight for term in terms))


def terms_held(
    view: View, terms: Sequence[Term], keys: Sequence[int]
) -> Mapping[int, dict[PartName, Mapping[str, float]]]:
    """Return for each photograph the terms that it has, by part and name, with their shares."""
    among = Among(tuple(keys))
    asked = [
        Retrieval(AllOf((among, term.condition)), size=len(keys), counts=False) for term in terms
    ]
    shares: Counter[tuple[int, PartName, str]] = Counter()
    for term, found in zip(terms, view.retrieve(asked) if asked else (), strict=True):
        for key in found.keys.tolist():
            shares[key, term.part, term.name] += term.weight
    held: dict[int, dict[PartName, Mapping[str, float]]] = {key: {} for key in keys}
    for (key, part, name), weight in shares.items():
        held[key][part] = {**held[key].get(part, {}), name: weight / _whole_of(terms)}
    return held
