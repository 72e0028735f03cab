"""Orders that OpenSearch itself keeps: the newest first, and by words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chalicelib.search.asking import commonest
from chalicelib.search.cursor import Anchor
from chalicelib.search.opensearch.asking import Searches, total_of
from chalicelib.search.opensearch.conditions import scored
from chalicelib.search.query import MAX_FACET_VALUES, Contribution, Query
from chalicelib.search.text import Words

Json = Mapping[str, Any]
Place = tuple[float, str]  # -score, id: ascending is best first

# Below the bound by less than a score's own precision, so that the best itself is never cut.
_PRECISION = 1e-6


@dataclass(frozen=True, slots=True)
class Ranked:
    """A page of an order.

    Attributes
    ----------
    places
        One more than the page has, where there is another page.
    texts
        Captions by id, for highlights.
    """

    places: Sequence[Place]
    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]
    texts: Mapping[str, str] = field(default_factory=dict)
    explanations: Mapping[str, tuple[Contribution, ...]] = field(default_factory=dict)


class Order(Protocol):
    """All matches of a query, in an order."""

    def page(self, anchor: Anchor | None, count: int) -> Ranked:
        """Return the ``count`` best places after an anchor."""


class Newest:
    """Nothing ranks: the newest come first."""

    def __init__(self, searches: Searches, query: Query, among: Json, alike: str) -> None:
        self._searches = searches
        self._query = query
        self._among = among
        self._alike = alike

    def page(self, anchor: Anchor | None, count: int) -> Ranked:
        """Go on after a time: it does not change, and the cursor has it."""
        body: dict[str, Any] = {
            "query": self._among,
            "sort": [{"created": {"order": "desc", "missing": 0}}, {"image_id": "asc"}],
            "size": count,
            "track_total_hits": True,
            "_source": False,
            "aggs": facets_asked(self._query.facets),
        }
        if anchor is not None:
            body["search_after"] = [int(anchor.score), anchor.trail[0]]
        answer = self._searches.one(body, alike=self._alike)
        places = [(-float(hit["sort"][0]), str(hit["_id"])) for hit in answer["hits"]["hits"]]
        return Ranked(places, total_of(answer), facets_told(answer))


class ByWords:
    """Only words rank."""

    def __init__(
        self, searches: Searches, query: Query, words: Words, among: Json, alike: str
    ) -> None:
        self._searches = searches
        self._query = query
        self._among = among
        self._words = words
        self._alike = alike

    def page(self, anchor: Anchor | None, count: int) -> Ranked:
        """Go on after the place that the last hits have now: scores move with the collection."""
        explain = self._query.explain
        body: dict[str, Any] = {
            "query": scored(self._words, self._among, named=explain),
            "sort": [{"_score": "desc"}, {"image_id": "asc"}],
            "size": count,
            "track_total_hits": True,
            "_source": ["text"],
            "aggs": facets_asked(self._query.facets),
        }
        if explain:
            body["include_named_queries_score"] = True
        if isinstance(self._query.min_relevance, float):
            body["min_score"] = self._best() * self._query.min_relevance - _PRECISION
        if anchor is not None:
            body["search_after"] = self._standing(anchor)
        answer = self._searches.one(body, alike=self._alike)
        return Ranked(
            places=[(-float(hit["sort"][0]), hit["_id"]) for hit in answer["hits"]["hits"]],
            total=total_of(answer),
            facets=facets_told(answer),
            texts={hit["_id"]: hit["_source"]["text"] for hit in answer["hits"]["hits"]},
        )

    def _best(self) -> float:
        body = {"query": scored(self._words, self._among), "size": 1, "_source": False}
        return float(self._searches.one(body, alike=self._alike)["hits"]["max_score"] or 0.0)

    def _standing(self, anchor: Anchor) -> list[Any]:
        """Return where the first of a trail that still matches stands now."""
        trail = {"ids": {"values": list(anchor.trail)}}
        body = {
            "query": scored(self._words, {"bool": {"filter": [self._among, trail]}}),
            "sort": [{"_score": "desc"}, {"image_id": "asc"}],
            "_source": False,
        }
        hits = self._searches.one(body, alike=self._alike)["hits"]["hits"]
        now = {hit["_id"]: hit["sort"] for hit in hits}
        standing = (now[image_id] for image_id in anchor.trail if image_id in now)
        return next(standing, [anchor.score, anchor.trail[0]])


def facets_asked(names: Sequence[str]) -> Json:
    """Return the aggregations that count facets."""
    order = [{"_count": "desc"}, {"_key": "asc"}]
    return {
        name: {"terms": {"field": name, "size": MAX_FACET_VALUES, "order": order}} for name in names
    }


def facets_told(answer: Json) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """Return the counted facets of an answer."""
    return {
        name: commonest({bucket["key"]: bucket["doc_count"] for bucket in told["buckets"]})
        for name, told in answer.get("aggregations", {}).items()
    }
