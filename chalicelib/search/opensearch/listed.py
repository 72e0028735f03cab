"""The order of a vector, or of several parts together: at most a few thousand places."""

import heapq
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.search.asking import Asked
from chalicelib.search.cursor import Anchor
from chalicelib.search.fusion import DEPTH, fused
from chalicelib.search.opensearch.asking import Searches
from chalicelib.search.opensearch.conditions import nearest, scored
from chalicelib.search.opensearch.ranking import Place, Ranked, facets_asked, facets_told
from chalicelib.search.query import Query
from chalicelib.search.vectors import SCALE, numbers

Json = Mapping[str, Any]


class Listed:
    """Candidates of each part, in one request; what is shown of them, in another."""

    def __init__(
        self, searches: Searches, query: Query, parts: Asked, among: Json, alike: str
    ) -> None:
        self._searches = searches
        self._query = query
        self._parts = parts
        self._among = among
        self._alike = alike

    def page(self, anchor: Anchor | None, count: int) -> Ranked:
        """Rank all candidates, and go on after the place that the last hits have now."""
        candidates = self._candidates()
        rankings = [*candidates.values()]
        if len(rankings) == 1:
            places = rankings[0]
        else:
            places = [(-score, image_id) for image_id, score in fused(rankings).items()]
        if isinstance(self._query.min_relevance, float):
            bound = min(places, default=(0.0, ""))[0] * self._query.min_relevance
            places = [place for place in places if place[0] <= bound]
        after = None if anchor is None else _standing(anchor, places)
        chosen = heapq.nsmallest(count, (p for p in places if after is None or p > after))
        return self._shown(chosen, places)

    def _candidates(self) -> Mapping[str, list[Place]]:
        """Return the best of each part."""
        queries = {
            kind: nearest(kind, numbers(vector), DEPTH, self._among)
            for kind, vector in self._parts.vectors.items()
        }
        words = self._parts.words
        if words is not None and self._parts.ranks_words:
            queries["words"] = scored(words, self._among)
        bodies = [
            {"query": query, "size": DEPTH, "_source": False, "track_total_hits": False}
            for query in queries.values()
        ]
        answers = self._searches.many(bodies, alike=self._alike)
        return {
            name: sorted(_places(name, answer["hits"]["hits"]))
            for name, answer in zip(queries, answers, strict=True)
        }

    def _shown(self, chosen: Sequence[Place], places: Sequence[Place]) -> Ranked:
        shown = [image_id for _, image_id in chosen]
        texts: Json = {
            "query": {"ids": {"values": shown}},
            "size": len(shown),
            "_source": ["text"],
        }
        counted: Json = {
            "query": {"ids": {"values": [image_id for _, image_id in places]}},
            "size": 0,
            "aggs": facets_asked(self._query.facets),
        }
        told, facets = self._searches.many([texts, counted], alike=self._alike)
        return Ranked(
            places=chosen,
            total=len(places),
            facets=facets_told(facets),
            texts={hit["_id"]: hit["_source"]["text"] for hit in told["hits"]["hits"]},
        )


def _places(part: str, hits: Sequence[Json]) -> list[Place]:
    scores = [(float(hit["_score"]), str(hit["_id"])) for hit in hits]
    if part == "words":
        return [(-score, image_id) for score, image_id in scores]
    return [(-_cosine(score), image_id) for score, image_id in scores]


def _cosine(score: float) -> float:
    """Return the cosine behind the score that Lucene makes of an inner product.

    A product below zero becomes 1 / (1 - product), any other 1 + product.
    """
    product = score - 1 if score >= 1 else 1 - 1 / score
    return product / SCALE**2


def _standing(anchor: Anchor, places: Sequence[Place]) -> Place:
    now = {image_id: negative for negative, image_id in places}
    trail = (image_id for image_id in anchor.trail if image_id in now)
    first = next(trail, None)
    return (-anchor.score, anchor.trail[0]) if first is None else (now[first], first)
