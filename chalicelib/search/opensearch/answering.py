"""From a query to its answer."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from operator import attrgetter

from chalicelib.errors import InvalidField
from chalicelib.search.asking import asked
from chalicelib.search.checking import check
from chalicelib.search.cursor import TRAIL, Anchor, decoded, encoded
from chalicelib.search.highlight import highlighted
from chalicelib.search.opensearch.asking import Searches
from chalicelib.search.opensearch.conditions import conditions
from chalicelib.search.opensearch.flavour import Flavour
from chalicelib.search.opensearch.listed import Listed
from chalicelib.search.opensearch.orders import ByWords, Found, Newest, Order, Place, earlier
from chalicelib.search.opensearch.terms import terms_asked
from chalicelib.search.paging import Page, Walk, collapsed, plain
from chalicelib.search.query import Hit, Query, Results
from chalicelib.search.relevance import bound_of

_NO_LIKENESS = "image: OpenSearch Serverless compares no vectors (docs/decisions/507)"
LINEAGE = "opensearch"  # scores and ids are the same in every index: a cursor holds in all


class Answering:
    """Answers one query.

    Raises
    ------
    InvalidField
        The query is one that no engine answers.
    """

    def __init__(self, searches: Searches, query: Query, flavour: Flavour) -> None:
        check(query)
        self._anchor = decoded(query)
        self._query = query
        self._parts = asked(query if flavour.vectors else _without_vectors(query))
        if query.visual is not None and not flavour.vectors:
            degraded = (*self._parts.degraded, _NO_LIKENESS)
            self._parts = replace(self._parts, degraded=degraded)
        own = searches.of(_digest(query) if flavour.sized else "")
        frozen = self._anchor.weights if self._anchor else ()
        self._terms = terms_asked(self._parts, own, frozen)
        self._order = self._ordered(own)

    def results(self) -> Results:
        """Return the answer."""
        query, order, anchor = self._query, self._order, self._anchor
        if anchor is None:
            best = None if query.min_relevance is None else order.best()
            bound = bound_of(query, self._parts, best)
        else:
            bound = anchor.bound
        if bound is not None:
            order.reaching(bound)
        after = None if anchor is None else (-anchor.score, anchor.trail[0])
        page = self._page(after)
        counted = order.counted()
        return Results(
            hits=self._hits(page.matches),
            total=counted.total,
            facets=counted.facets,
            cursor=self._cursor(page, bound),
            degraded=self._parts.degraded,
        )

    def _page(self, after: Place | None) -> Page[Found, Place]:
        order, limit = self._order, self._query.limit
        collapses = self._query.collapse is not None
        walk = Walk(
            partial(order.walk, likeness=collapses),
            place=attrgetter("place"),
            likeness=attrgetter("likeness"),
        )
        if not collapses:
            return plain(walk, after, limit)
        return collapsed(walk, after, limit, () if after is None else earlier(order, after))

    def _ordered(self, searches: Searches) -> Order:
        query, parts = self._query, self._parts
        among = conditions(query, parts.words)
        if parts.vectors:
            return Listed(searches, query, parts, self._terms, among)
        if "words" in self._terms:
            return ByWords(searches, query, self._terms, among)
        return Newest(searches, query, among)

    def _hits(self, found: Sequence[Found]) -> tuple[Hit, ...]:
        stems = self._parts.words.stems if self._parts.words else set()
        explain = self._query.explain
        told = self._order.explained([one.place for one in found]) if explain else {}
        return tuple(
            Hit(
                image_id=one.place[1],
                score=self._order.shown(one.place),
                highlight=highlighted(one.text, stems) if stems else None,
                explanation=told.get(one.place[1], ()) if explain else None,
            )
            for one in found
        )

    def _cursor(self, page: Page[Found, Place], bound: float | None) -> str | None:
        if page.last is None:
            return None
        last = page.last[1]
        ids = [last, *(one.place[1] for one in page.matches[::-1] if one.place[1] != last)]
        # Those of labels are the words'.
        weighing = (terms for part, terms in self._terms.items() if part != "labels")
        weights = tuple(term.weight for terms in weighing for term in terms.all)
        anchor = Anchor(tuple(ids[:TRAIL]), -page.last[0], LINEAGE, 0, weights, bound)
        return encoded(self._query, anchor)


def _without_vectors(query: Query) -> Query:
    """Return what is left of a query for a service that compares no vectors.

    Raises
    ------
    InvalidField
        Nothing is left.
    """
    if query.visual is not None and query.text is None and query.attributes is None:
        raise InvalidField("image", _NO_LIKENESS)
    if query.unlike:
        raise InvalidField("unlike", _NO_LIKENESS)
    return replace(query, visual=None, semantic=None)


def _digest(query: Query) -> str:
    """Return what a query and its further pages have in common."""
    whole = replace(query, cursor=None, limit=1)
    return sha256(repr(whole).encode("utf-8", "replace")).hexdigest()[:20]
