"""From what the port asks for to OpenSearch's query language, and back from its answers."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from chalicelib.attributes.kinds import KINDS
from chalicelib.search.conditions import (
    AllOf,
    Among,
    AnyOf,
    Comparable,
    Condition,
    HasAttribute,
    Holds,
    Is,
    Living,
    LooksLike,
    Not,
    Within,
)
from chalicelib.search.opensearch.documents import numbers, term_of
from chalicelib.search.opensearch.schema import ANY_TEXT, TEXT_FIELDS
from chalicelib.search.plan import DEPTH
from chalicelib.search.port import (
    NO_TIME,
    By,
    ByTime,
    Facet,
    Held,
    Nearest,
    Place,
    Retrieval,
    Retrieved,
    Stored,
    Term,
    Terms,
    microseconds,
)
from chalicelib.search.text import SCALE, clean

Json = Mapping[str, Any]

_HOLD = {**TEXT_FIELDS, "any": ANY_TEXT}
_IS = {"owner": "owner", "state": "state", "source": "source", "label": "labels", "album": "albums"}
_FLAT = {kind.name: kind.plural for kind in KINDS}
_COMMONEST_FIRST = [{"_count": "desc"}, {"_key": "asc"}]
_LATEST_FIRST = {"_key": "desc"}
_BREVITY = {"field_value_factor": {"field": "brevity", "missing": 0}}
_MAX_WORDS_LIKE = 1_000  # words of the photographs that have one of these

# Conditions --------------------------------------------------------------------------------------


def query_of(condition: Condition, within: Json | None = None) -> Json:
    """Return a condition as a query.

    Parameters
    ----------
    within
        What else holds of a match, where `LooksLike` is one of several conditions.
    """
    match condition:
        case AllOf(members):
            return _all_of(members)
        case AnyOf(members):
            return _any_of([query_of(member) for member in members])
        case Not():
            return _all_of((condition,))
        case LooksLike():
            return _comparably_like(condition, within or {"match_all": {}})
        case Comparable(space):
            unknown = {"bool": {"must_not": {"exists": {"field": "space"}}}}
            return _any_of([{"term": {"space": space}}, unknown])
        case _:
            return _field_query(condition)


def _field_query(condition: Living | Holds | HasAttribute | Is | Among | Within) -> Json:
    match condition:
        case Living():
            return {"term": {"deleted": False}}
        case Holds(stems, where):
            return _holds(stems, _HOLD[where])
        case HasAttribute(words):
            return _has_attribute(words)
        case Is(field, values):
            return _any_value(_IS[field], values)
        case Among(keys):
            return {"terms": {"key_term": [*map(term_of, keys)]}}
        case Within(time, first, end):
            return _within(time, {"gte": first, "lt": end})


def _within(field: str, ends: Mapping[str, datetime | None]) -> Json:
    found = {name: microseconds(moment) for name, moment in ends.items() if moment is not None}
    return {"range": {field: found}}


def _holds(stems: Sequence[str], field: str) -> Json:
    if len(stems) == 1:
        return {"term": {field: stems[0]}}
    return {"match_phrase": {field: " ".join(stems)}}


def _has_attribute(words: Sequence[tuple[str, frozenset[str]]]) -> Json:
    if len(words) == 1:  # one word of any attribute needs no nested documents
        return _any_value(_FLAT[words[0][0]], words[0][1])
    bound = [_any_value(f"attributes.{kind}", values) for kind, values in words]
    holds = {"bool": {"filter": bound}} if bound else {"match_all": {}}
    return {"nested": {"path": "attributes", "query": holds, "ignore_unmapped": True}}


def _any_value(field: str, values: Sequence[str] | frozenset[str]) -> Json:
    cleaned = sorted(map(clean, values))
    return {"term": {field: cleaned[0]}} if len(cleaned) == 1 else {"terms": {field: cleaned}}


def _any_of(queries: Sequence[Json]) -> Json:
    return {"bool": {"should": queries, "minimum_should_match": 1}}


def _all_of(members: Sequence[Condition]) -> Json:
    """Return a conjunction, where what looks alike is searched among what meets the rest."""
    rest = [member for member in members if not _is_by_look(member)]
    within = _all_of(rest) if 0 < len(rest) < len(members) else None
    wanted = [query_of(one, within) for one in members if not isinstance(one, Not)]
    unwanted = [query_of(one.member, within) for one in members if isinstance(one, Not)]
    return {"bool": {"filter": wanted, "must_not": unwanted}}


def _is_by_look(condition: Condition) -> bool:
    return isinstance(condition.member if isinstance(condition, Not) else condition, LooksLike)


def _comparably_like(condition: LooksLike, within: Json) -> Json:
    if condition.space is None:
        return _looks_like(condition, within)
    comparable = query_of(Comparable(condition.space))
    both = {"bool": {"filter": [within, comparable]}}
    return {"bool": {"filter": [comparable, _looks_like(condition, both)]}}


def _looks_like(condition: LooksLike, within: Json) -> Json:
    """Return what looks like a vector, by a radial search and among the nearest ``DEPTH``.

    The radial search walks the graph until scores are too low, and may end before it has come to
    all that are near enough. Where no more than ``DEPTH`` photographs meet the rest, Lucene
    compares them all.
    """
    vector, bound = numbers(condition.vector), _score(condition.cosine * SCALE**2)
    radial = {"knn": {"visual": {"vector": vector, "min_score": bound}}}
    nearest = {"knn": {"visual": {"vector": vector, "k": DEPTH, "filter": within}}}
    return _any_of([radial, {"function_score": {"query": nearest, "min_score": bound}}])


# Retrievals --------------------------------------------------------------------------------------


def search_of(asked: Retrieval) -> Json:
    """Return the body of the search that answers a retrieval."""
    body: dict[str, Any] = {
        "query": _ordered(asked.by, asked.among),
        "size": asked.size,
        "track_total_hits": asked.counts,
    }
    if not asked.stored:
        body |= {"_source": False, "stored_fields": "_none_"}
    if asked.size:
        body["sort"] = _sort(asked.order)
    if asked.after is not None:
        body["search_after"] = _after(asked.order, asked.after)
    if asked.least is not None and not isinstance(asked.by, ByTime):
        body["min_score"] = _score(asked.least) if _is_vector(asked.by) else asked.least
    if asked.facets:
        body["aggs"] = {facet.name: _counted(facet) for facet in asked.facets}
    return body


def _ordered(by: By, among: Condition) -> Json:
    """Return what matches, with the scores that order it."""
    match by:
        case ByTime():
            return query_of(among)
        case Nearest(kind, vector, count):
            near = {"vector": numbers(vector), "k": count, "filter": query_of(among)}
            return {"knn": {kind: near}}
        case Terms(groups, quorum, shorter_first):
            summed = {"should": [*map(_group, groups)], "minimum_should_match": quorum}
            # Beside "should", a filter would keep Lucene from passing over low scores.
            query = {"bool": {"filter": query_of(among), "must": {"bool": summed}}}
            return _shorter_first(query) if shorter_first else query


def _group(terms: Sequence[Term]) -> Json:
    weighed = [
        {"constant_score": {"filter": query_of(term.condition), "boost": term.weight}}
        for term in terms
    ]
    return weighed[0] if len(weighed) == 1 else _any_of(weighed)


def _shorter_first(query: Json) -> Json:
    return {"function_score": {"query": query, "functions": [_BREVITY], "boost_mode": "sum"}}


def _sort(by: By) -> list[Json]:
    """Return the order of hits; ``human`` decides nothing: sort values are fetched fastest."""
    first: Json = _by_time(by) if isinstance(by, ByTime) else {"_score": "desc"}
    return [first, {"key": "asc"}, {"human": "asc"}]


def _by_time(by: ByTime) -> Json:
    """Return the order by a time; an index of an earlier release may not have it."""
    order, missing = ("asc", -NO_TIME) if by.oldest_first else ("desc", NO_TIME)
    return {by.time: {"order": order, "missing": missing, "unmapped_type": "long"}}


def _after(by: By, place: Place) -> list[float]:
    score, key = -place[0], place[1]
    if isinstance(by, ByTime):
        return [int(-score if by.oldest_first else score), key, 1]
    return [_score(score) if _is_vector(by) else score, key, 1]


def _is_vector(by: By) -> bool:
    return isinstance(by, Nearest)


def _counted(facet: Facet) -> Json:
    order: Any = _LATEST_FIRST if facet.latest_first else _COMMONEST_FIRST
    terms: dict[str, Any] = {"field": facet.name, "size": facet.size, "order": order}
    if facet.start:
        # "@" is Lucene's "anything": ".*" at the end is optimised in a way that fails where
        # nothing matches.
        terms["include"] = f"{_escaped(facet.start)}@"
    return {"terms": terms}


def _escaped(text: str) -> str:
    """Return a text as one of Lucene's regular expressions in which nothing is syntax."""
    return "".join(letter if letter.isalnum() else f"\\{letter}" for letter in text)


def words_like(among: Condition, word: str, edits: int) -> Json:
    """Return the body of the search that counts words as long as one, give or take edits.

    Of photographs that hold a word so many edits away; others of their words are among them.
    """
    # By default the best 50 words of the whole index are looked for, which may all be of
    # photographs that do not meet the condition; this way all are:
    # https://docs.opensearch.org/docs/query-dsl/rewrite-parameter
    fuzzy = {"value": word, "fuzziness": edits, "rewrite": "constant_score"}
    lengths = f".{{{max(1, len(word) - edits)},{len(word) + edits}}}"
    terms = {"field": "words", "include": lengths, "size": _MAX_WORDS_LIKE}
    return {
        "query": {"bool": {"filter": [query_of(among), {"fuzzy": {"words": fuzzy}}]}},
        "size": 0,
        "track_total_hits": False,
        "aggs": {"words": {"terms": terms}},
    }


# Answers -----------------------------------------------------------------------------------------


def retrieved(asked: Retrieval, answer: Json) -> Retrieved:
    """Return the answer to a retrieval."""
    hits = answer["hits"]["hits"]
    places = [hit["sort"] for hit in hits]
    scores = np.array([score for score, _, _ in places], np.float64)
    return Retrieved(
        keys=np.array([key for _, key, _ in places], np.int64),
        scores=_scores(asked.order, scores),
        human=np.array([human for _, _, human in places], np.bool_),
        total=_total(asked, answer) if asked.counts else 0,
        facets={facet.name: values_of(answer, facet.name) for facet in asked.facets},
        stored={hit["sort"][1]: stored_of(hit) for hit in hits} if asked.stored else {},
    )


def held_of(hit: Json) -> Held:
    """Return which revision a hit with its version is of."""
    return Held(hit["_id"], hit["_version"], hit["fields"]["deleted"][0])


def stored_of(hit: Json) -> Stored:
    """Return what is shown of a match."""
    visual, space = look_of(hit)
    return Stored(hit["_id"], hit["_source"].get("text", ""), visual, space)


def look_of(hit: Json) -> tuple[bytes | None, str | None]:
    """Return the visual vector of a match, and the space that it is of."""
    fields = hit.get("fields", {})
    likeness, space = fields.get("likeness"), fields.get("space", [None])[0]
    # Doc values come without the padding that they were sent with.
    return b64decode(f"{likeness[0]}==") if likeness else None, space


def _total(asked: Retrieval, answer: Json) -> int:
    total = int(answer["hits"]["total"]["value"])
    return min(total, asked.by.count) if isinstance(asked.by, Nearest) else total


def values_of(answer: Json, name: str) -> tuple[tuple[str, int], ...]:
    """Return the values and counts of an aggregation."""
    buckets = answer["aggregations"][name]["buckets"]
    return tuple((bucket["key"], bucket["doc_count"]) for bucket in buckets)


def _score(product: float) -> float:
    """Return the score that Lucene makes of an inner product, so that none is negative."""
    return 1 + product if product >= 0 else 1 / (1 - product)


def _scores(by: By, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the scores behind the first of the values that hits are sorted by."""
    if isinstance(by, ByTime):
        return -values if by.oldest_first else values
    return _products(values) if _is_vector(by) else values


def _products(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the whole inner products behind scores of Lucene's."""
    below = 1 - 1 / np.minimum(scores, 1.0)
    products: npt.NDArray[np.float64] = np.rint(np.where(scores >= 1, scores - 1, below))
    return products
