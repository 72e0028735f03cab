"""Orders that OpenSearch itself keeps: the newest first, and by words."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chalicelib.search.asking import commonest
from chalicelib.search.fusion import DEPTH, by_words, least, shown
from chalicelib.search.opensearch.asking import Searches, total_of
from chalicelib.search.opensearch.terms import Terms
from chalicelib.search.query import MAX_FACET_VALUES, Contribution, Query

Json = Mapping[str, Any]
Place = tuple[float, str]  # -score, id: ascending is best first
Explanations = Mapping[str, tuple[Contribution, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """One match of an order.

    Attributes
    ----------
    text
        The caption.
    likeness
        The quantised visual vector, where one was asked for and there is one.
    """

    place: Place
    text: str
    likeness: bytes | None


@dataclass(frozen=True, slots=True)
class Counted:
    """All matches, counted."""

    total: int
    facets: Mapping[str, tuple[tuple[str, int], ...]]


class Order(Protocol):
    """All matches of a query, in an order."""

    def best(self) -> float | None:
        """Return the highest score a person sees; None where nothing ranks or matches."""

    def reaching(self, bound: float) -> None:
        """Leave out what a person sees a lower score of."""

    def walk(self, after: Place | None, count: int, *, likeness: bool = False) -> Sequence[Found]:
        """Return the ``count`` best matches after a place."""

    def counted(self) -> Counted:
        """Return how many matches there are; known once a walk was taken."""

    def shown(self, place: Place) -> float:
        """Return the score a person sees at a place."""

    def explained(self, places: Sequence[Place]) -> Explanations:
        """Return what each part of the query gave to photographs, by their ids."""


class Sorted:
    """An order that is a sorted search.

    Parameters
    ----------
    query
        Of the matches, in OpenSearch's language.
    sort
        Of two keys: what ranks, then the id.
    """

    def __init__(self, searches: Searches, asked: Query, query: Json, sort: Sequence[Json]) -> None:
        self._searches = searches
        self._asked = asked
        self._query = query
        self._sort = sort
        self._least: float | None = None
        self._counted = Counted(0, {})

    def walk(self, after: Place | None, count: int, *, likeness: bool = False) -> Sequence[Found]:
        """Search on after a place."""
        body: dict[str, Any] = {
            "query": self._query,
            "sort": self._sort,
            "size": count,
            "track_total_hits": True,
            "_source": ["text"],
            "aggs": facets_asked(self._asked.facets),
        }
        if likeness:
            body["docvalue_fields"] = ["likeness"]
        if self._least is not None:
            body["min_score"] = self._least
        if after is not None:
            body["search_after"] = [int(-after[0]), after[1]]
        answer = self._searches.one(body)
        self._counted = Counted(total_of(answer), facets_told(answer))
        return [found_in(hit, (-float(hit["sort"][0]), hit["_id"])) for hit in hits_of(answer)]

    def counted(self) -> Counted:
        """Return what the last walk counted besides."""
        return self._counted


class Newest(Sorted):
    """Nothing ranks: the newest come first."""

    def __init__(self, searches: Searches, asked: Query, among: Json) -> None:
        sort: list[Json] = [{"created": {"order": "desc", "missing": 0}}, {"image_id": "asc"}]
        super().__init__(searches, asked, among, sort)

    def best(self) -> float | None:
        """Return None."""
        return None

    def reaching(self, _bound: float) -> None:
        """Leave nothing out."""

    def shown(self, _place: Place) -> float:
        """Return 1: all match alike."""
        return 1.0

    def explained(self, _places: Sequence[Place]) -> Explanations:
        """Return nothing."""
        return {}


class ByWords(Sorted):
    """Only words rank, of captions and of labels; of equal sums the shorter caption is higher."""

    def __init__(
        self, searches: Searches, asked: Query, terms: Mapping[str, Terms], among: Json
    ) -> None:
        self._terms = terms
        shorter = [{"field_value_factor": {"field": "brevity", "missing": 0}}]
        reached = terms["words"].reached_with(terms["labels"], among)
        query = {"function_score": {"query": reached, "functions": shorter, "boost_mode": "sum"}}
        sort: list[Json] = [{"_score": "desc"}, {"image_id": "asc"}]
        super().__init__(searches, asked, query, sort)

    def best(self) -> float | None:
        """Ask for the first."""
        body = {"query": self._query, "size": 1, "_source": False}
        best = self._searches.one(body)["hits"]["max_score"]
        return None if best is None else shown(float(best))

    def reaching(self, bound: float) -> None:
        """Leave out the lower scores, all of which are whole."""
        self._least = least(bound) - 0.5

    def shown(self, place: Place) -> float:
        """Return the summed inverse frequencies."""
        return shown(-place[0])

    def explained(self, places: Sequence[Place]) -> Explanations:
        """Ask which words each has, and how many stand higher."""
        if not places:
            return {}
        ids = [image_id for _, image_id in places]
        held = [(one, terms_held(self._searches, one, ids)) for one in self._terms.values()]
        higher = [self._count_above(place) for place in places]
        ranks = [1 + total_of(one) for one in self._searches.many(higher)]
        return {
            place[1]: by_words(
                self.shown(place), rank, *(one.named(has.get(place[1], ())) for one, has in held)
            )
            for place, rank in zip(places, ranks, strict=True)
        }

    def _count_above(self, place: Place) -> Json:
        least = {"min_score": -place[0] + 0.5}
        return {"query": self._query, "size": 0, "track_total_hits": True, **least}


def terms_held(searches: Searches, terms: Terms, ids: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return the labels of the terms that photographs have, by their ids."""
    body = {"query": terms.any(by_ids(ids)), "size": len(ids), "_source": False}
    hits = hits_of(searches.one(body))
    return {hit["_id"]: hit.get("matched_queries", ()) for hit in hits}


def earlier(order: Order, place: Place) -> list[bytes]:
    """Return the visual vectors of all matches up to and with a place."""
    rows: list[bytes] = []
    at: Place | None = None
    while True:
        walked = order.walk(at, DEPTH, likeness=True)
        before = [one for one in walked if one.place <= place]
        rows += (one.likeness for one in before if one.likeness is not None)
        if len(before) < DEPTH:
            return rows
        at = before[-1].place


def by_ids(ids: Sequence[str]) -> Json:
    """Return what holds of photographs with these ids."""
    return {"ids": {"values": list(ids)}}


def hits_of(answer: Json) -> Sequence[Json]:
    """Return the hits of an answer."""
    hits: Sequence[Json] = answer["hits"]["hits"]
    return hits


def found_in(hit: Json, place: Place) -> Found:
    """Return a match from a hit."""
    likeness = hit.get("fields", {}).get("likeness")
    text = hit.get("_source", {}).get("text", "")
    # Doc values come without the padding that they were sent with.
    return Found(place, text, b64decode(f"{likeness[0]}==") if likeness else None)


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
