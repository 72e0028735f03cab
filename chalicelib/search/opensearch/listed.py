"""The order of a vector, or of several parts together: at most some thousand places.

Whatever is among the best of one part is scored exactly in all of them: what a part's own list
does not hold of it is asked for in a second request, where so few candidates are left that
vectors are compared one by one.
"""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from chalicelib.images import HUMAN_SOURCES
from chalicelib.search.asking import PART_OF_VECTOR, Asked
from chalicelib.search.fusion import DEPTH, contribution, weighed, worth
from chalicelib.search.opensearch.asking import Searches, total_of
from chalicelib.search.opensearch.conditions import nearest
from chalicelib.search.opensearch.orders import (
    Counted,
    Explanations,
    Found,
    Place,
    by_ids,
    facets_asked,
    facets_told,
    found_in,
    hits_of,
    terms_held,
)
from chalicelib.search.opensearch.terms import Terms
from chalicelib.search.query import Contribution, Query
from chalicelib.search.vectors import SCALE, numbers

Json = Mapping[str, Any]

_HUMAN = frozenset(source.value for source in HUMAN_SOURCES)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One entry of a part's list."""

    image_id: str
    score: float
    is_human: bool


class Listed:
    """A vector ranks, or several parts do.

    Parameters
    ----------
    terms
        Of "words", "labels" and "attributes".
    among
        What holds of the matches.
    """

    def __init__(
        self,
        searches: Searches,
        asked: Query,
        parts: Asked,
        terms: Mapping[str, Terms],
        among: Json,
    ) -> None:
        self._searches = searches
        self._asked = asked
        self._parts = parts
        self._terms = terms
        self._among = among
        self._bound: float | None = None
        self._total: int | None = None

    def best(self) -> float | None:
        """Look at all places."""
        return max((-negative for negative, _ in self._places), default=None)

    def reaching(self, bound: float) -> None:
        """Leave out the lower scores."""
        self._bound = bound

    def walk(self, after: Place | None, count: int, *, likeness: bool = False) -> Sequence[Found]:
        """Take the best of the rest, and read what is shown of them."""
        if after is None and self._is_plain and not likeness:
            return self._nearest_few(count)
        chosen = heapq.nsmallest(count, (p for p in self._kept if after is None or p > after))
        body: dict[str, Any] = {
            "query": by_ids([image_id for _, image_id in chosen]),
            "size": len(chosen),
            "_source": ["text"],
            "docvalue_fields": ["likeness"] if likeness else [],
        }
        hits = {hit["_id"]: hit for hit in hits_of(self._searches.one(body))}
        return [found_in(hits.get(place[1], {}), place) for place in chosen]

    def counted(self) -> Counted:
        """Count the facets of all places."""
        if self._total is not None:
            return Counted(self._total, {})
        kept = self._kept
        if not self._asked.facets or not kept:
            return Counted(len(kept), dict.fromkeys(self._asked.facets, ()))
        body = {
            "query": by_ids([image_id for _, image_id in kept]),
            "size": 0,
            "aggs": facets_asked(self._asked.facets),
        }
        return Counted(len(kept), facets_told(self._searches.one(body)))

    def shown(self, place: Place) -> float:
        """Return the cosine, or the fused score."""
        return -place[0]

    def explained(self, places: Sequence[Place]) -> Explanations:
        """Return values and ranks, and the terms behind the values."""
        ids = [image_id for _, image_id in places]
        held = {name: terms_held(self._searches, terms, ids) for name, terms in self._terms.items()}
        return {
            image_id: tuple(
                self._given(part, image_id, held.get(part, {}).get(image_id, ()))
                for part, values in self._values.items()
                if image_id in values
            )
            for image_id in ids
        }

    def _given(self, part: str, image_id: str, labels: Sequence[str]) -> Contribution:
        terms = self._terms[part].named(labels) if part in self._terms else None
        weight = 1.0 if self._is_alone else getattr(self._parts.weights, part)
        return contribution(part, image_id, self._values[part], weight, terms)

    @property
    def _is_plain(self) -> bool:
        """Whether a first page needs to know nothing of the places after it."""
        asked = self._asked
        return self._is_alone and not (asked.facets or asked.explain or asked.min_relevance)

    def _nearest_few(self, count: int) -> Sequence[Found]:
        """Take the first page as it comes: most image queries ask for no more."""
        (name,) = self._names
        body = {
            "query": self._best_of(name),
            "sort": [{"_score": "desc"}, {"image_id": "asc"}],
            "size": count,
            "track_total_hits": True,
            "_source": ["text"],
        }
        answer = self._searches.one(body)
        self._total = min(DEPTH, total_of(answer))
        return [
            found_in(hit, (-_cosine(float(hit["sort"][0])), hit["_id"])) for hit in hits_of(answer)
        ]

    @property
    def _is_alone(self) -> bool:
        return not self._terms and len(self._parts.vectors) == 1

    @cached_property
    def _places(self) -> list[Place]:
        values = self._values
        if self._is_alone:
            ((_, scores),) = values.items()
        else:
            scores = weighed(values, self._parts.weights)
        return [(-score, image_id) for image_id, score in scores.items()]

    @property
    def _kept(self) -> list[Place]:
        bound = self._bound
        return [place for place in self._places if bound is None or -place[0] >= bound]

    @cached_property
    def _values(self) -> Mapping[str, Mapping[str, float]]:
        """Return what each part says of every candidate."""
        lists = self._lists({name: (self._best_of(name), DEPTH) for name in self._names})
        told = {one.image_id: one for found in lists.values() for one in found}
        if not self._is_alone:
            more = self._lists(
                {
                    name: (self._rest_of(name, missing), len(missing))
                    for name, found in lists.items()
                    if (missing := self._missing(name, found, told))
                }
            )
            lists = {name: [*found, *more.get(name, ())] for name, found in lists.items()}
        return {name: self._valued(name, found) for name, found in lists.items()}

    @property
    def _names(self) -> Sequence[str]:
        return [*self._terms, *(PART_OF_VECTOR[kind] for kind in self._parts.vectors)]

    def _best_of(self, name: str) -> Json:
        if name in self._terms:
            return self._terms[name].reached(self._among)
        return self._nearest(name, DEPTH, self._among)

    def _rest_of(self, name: str, missing: Sequence[str]) -> Json:
        if name in self._terms:
            return self._terms[name].any(by_ids(missing))
        return self._nearest(name, len(missing), by_ids(missing))

    def _nearest(self, name: str, count: int, among: Json) -> Json:
        ((kind, vector),) = (
            pair for pair in self._parts.vectors.items() if PART_OF_VECTOR[pair[0]] == name
        )
        return nearest(kind, numbers(vector), count, among)

    def _missing(
        self, name: str, found: Sequence[_Candidate], told: Iterable[str]
    ) -> Sequence[str]:
        """Return the candidates that a part has not spoken of and may have something to say."""
        has_said_all = len(found) < DEPTH
        if has_said_all and (name not in self._terms or self._terms[name].reach_all):
            return ()
        return sorted(set(told) - {one.image_id for one in found})

    def _lists(self, queries: Mapping[str, tuple[Json, int]]) -> dict[str, list[_Candidate]]:
        """Return as many of the best of each query as are asked for."""
        # Ids from doc values: as stored fields they take longer than the search.
        bodies = [
            {
                "query": query,
                "size": size,
                "track_total_hits": False,
                "_source": False,
                "stored_fields": "_none_",
                "docvalue_fields": ["image_id", "source"],
            }
            for query, size in queries.values()
        ]
        if not bodies:
            return {}
        answers = self._searches.many(bodies)
        return {
            name: [_candidate(hit) for hit in hits_of(answer)]
            for name, answer in zip(queries, answers, strict=True)
        }

    def _valued(self, name: str, found: Sequence[_Candidate]) -> Mapping[str, float]:
        if name not in self._terms:
            return {one.image_id: _cosine(one.score) for one in found}
        total, weights = self._terms[name].total, self._parts.weights
        return {
            one.image_id: worth(name, one.score / total, is_human=one.is_human, weights=weights)
            for one in found
            if one.score > 0
        }


def _candidate(hit: Json) -> _Candidate:
    fields = hit["fields"]
    source = fields.get("source", [""])[0]
    return _Candidate(fields["image_id"][0], float(hit["_score"]), source in _HUMAN)


def _cosine(score: float) -> float:
    """Return the cosine behind the score that Lucene makes of an inner product.

    A product below zero becomes 1 / (1 - product), any other 1 + product.
    """
    product = score - 1 if score >= 1 else 1 - 1 / score
    return round(product) / SCALE**2
