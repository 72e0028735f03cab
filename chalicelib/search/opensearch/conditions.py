"""What must hold of a match, without a say in its score, in OpenSearch's query language."""

from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib.search.chosen import ALIKE
from chalicelib.search.clauses import terms_of
from chalicelib.search.fusion import DEPTH
from chalicelib.search.opensearch.documents import microseconds
from chalicelib.search.query import Clause, Filters, Group, Query
from chalicelib.search.text import Run, Words
from chalicelib.search.vectors import SCALE, numbers, quantised

Json = Mapping[str, Any]


def owned(owner: str | None) -> list[Json]:
    """Return what makes a photograph visible to an owner: None sees everyone's."""
    living: Json = {"term": {"deleted": False}}
    return [living] if owner is None else [living, {"term": {"owner": owner}}]


def conditions(query: Query, words: Words | None) -> Json:
    """Return everything that must hold of a match, the words' quorum left out."""
    wanted = [*owned(query.owner), *_filters(query.filters)]
    unwanted: list[Json] = []
    if query.exclude:
        unwanted.append({"ids": {"values": list(query.exclude)}})
    for vector in query.unlike:
        unwanted += _alike(numbers(quantised(vector)), owned(query.owner))
    if query.attributes is not None:
        wanted.append(_attributes(query.attributes))
    if words is not None:
        wanted += map(holding, words.required)
        unwanted += map(holding, words.excluded)
    return {"bool": {"filter": wanted, "must_not": unwanted}}


def holding(run: Run) -> Json:
    """Return what holds of photographs whose caption or labels have a word or a phrase."""
    return {"multi_match": {"query": run.raw, "type": "phrase", "fields": ["text", "seen"]}}


def said(run: Run) -> Json:
    """Return what holds of captions with a word or a phrase."""
    return {"match_phrase": {"text": run.raw}}


def seen(run: Run) -> Json:
    """Return what holds of labels with a word or a phrase."""
    return {"match_phrase": {"seen": run.raw}}


def nearest(kind: str, vector: Sequence[int], count: int, among: Json) -> Json:
    """Return the query of the ``count`` nearest vectors of a kind."""
    return {"knn": {kind: {"vector": list(vector), "k": count, "filter": among}}}


def _alike(vector: Sequence[int], among: list[Json]) -> list[Json]:
    """Return what holds of photographs that look like a vector: any of these.

    A walk through the graph by score alone ends where no neighbour is near enough, and may end
    before it comes to all that are. So the nearest are asked for by number, too: of no more
    photographs than that all are compared.
    """
    bound = 1 + ALIKE * SCALE**2
    walked = {"knn": {"visual": {"vector": list(vector), "min_score": bound}}}
    counted = nearest("visual", vector, DEPTH, {"bool": {"filter": among}})
    return [walked, {"function_score": {"query": counted, "min_score": bound}}]


def _filters(filters: Filters) -> list[Json]:
    found: list[Json] = []
    if filters.states:
        found.append({"terms": {"state": [state.value for state in filters.states]}})
    if filters.sources:
        found.append({"terms": {"source": [source.value for source in filters.sources]}})
    found += ({"term": {"labels": label}} for label in filters.labels)
    ends = {"gte": filters.created_from, "lt": filters.created_to}
    between = {end: microseconds(moment) for end, moment in ends.items() if moment is not None}
    return [*found, {"range": {"created": between}}] if between else found


def _attributes(condition: Clause | Group) -> Json:
    if isinstance(condition, Clause):
        return clause_holds(condition)
    members = [_attributes(member) for member in condition.members]
    match condition.operator:
        case "and":
            return {"bool": {"filter": members}}
        case "or":
            return {"bool": {"should": members, "minimum_should_match": 1}}
        case _:
            return {"bool": {"must_not": members}}


def clause_holds(clause: Clause) -> Json:
    """Return what holds where one attribute has the subject, all the colours and the actions.

    Or, if the clause says so, where a label is the subject.
    """
    terms = terms_of(clause)
    parts: list[Json] = []
    if terms.subjects:
        parts.append({"terms": {"attributes.subject": sorted(terms.subjects)}})
    parts += ({"term": {"attributes.colours": colour}} for colour in terms.colours)
    parts += ({"term": {"attributes.actions": action}} for action in terms.actions)
    bound: Json = {"bool": {"filter": parts}} if parts else {"match_all": {}}
    attribute: Json = {"nested": {"path": "attributes", "query": bound}}
    if not terms.labels:
        return attribute
    label = {"terms": {"seen.word": sorted(terms.labels)}}
    return {"bool": {"should": [attribute, label], "minimum_should_match": 1}}
