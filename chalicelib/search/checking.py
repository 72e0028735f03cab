"""Refuses a query that no engine should see."""

import math
from dataclasses import fields

from chalicelib.errors import InvalidField
from chalicelib.images import VECTOR_SIZE
from chalicelib.search.query import (
    AUTO,
    FACETS,
    MAX_CLAUSES,
    MAX_LIMIT,
    MAX_TEXT_CHARS,
    MAX_UNLIKE,
    NEAR_DUPLICATES,
    Clause,
    Group,
    Query,
    Weights,
)

VECTOR_BYTES = 2 * VECTOR_SIZE
MAX_DEPTH = 8
MAX_WEIGHT = 100
WEIGHED = tuple(field.name for field in fields(Weights))


def check(query: Query) -> None:
    """Raise ``InvalidField`` where a part of ``query`` is out of its range."""
    if query.text is not None and len(query.text) > MAX_TEXT_CHARS:
        raise InvalidField("text", f"must have at most {MAX_TEXT_CHARS} characters")
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidField("limit", f"must be between 1 and {MAX_LIMIT}")
    for facet in query.facets:
        if facet not in FACETS:
            raise InvalidField("facets", f"must be among {', '.join(FACETS)}")
    _check_vectors(query)
    _check_relevance(query.min_relevance)
    _check_weights(query.weights)
    if query.collapse not in (None, NEAR_DUPLICATES):
        raise InvalidField("collapse", f"must be {NEAR_DUPLICATES}")
    if query.attributes is not None and _clauses(query.attributes, 1) > MAX_CLAUSES:
        raise InvalidField("attributes", f"must hold at most {MAX_CLAUSES} clauses")


def _check_vectors(query: Query) -> None:
    if len(query.unlike) > MAX_UNLIKE:
        raise InvalidField("unlike", f"must name at most {MAX_UNLIKE} photographs")
    named = [("visual", query.visual), ("semantic", query.semantic)]
    for name, vector in [*named, *(("unlike", vector) for vector in query.unlike)]:
        if vector is not None and len(vector) != VECTOR_BYTES:
            raise InvalidField(name, f"must be {VECTOR_SIZE} float16 numbers")


def _check_relevance(relevance: float | str | None) -> None:
    if relevance is None or relevance == AUTO:
        return
    if isinstance(relevance, str) or not (math.isfinite(relevance) and 0 <= relevance <= 1):
        raise InvalidField("min_relevance", f"must be between 0 and 1, or {AUTO}")


def _check_weights(weights: Weights | None) -> None:
    if weights is None:
        return
    for name in WEIGHED:
        weight = getattr(weights, name)
        if not (math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT):
            raise InvalidField(f"weights.{name}", f"must be between 0 and {MAX_WEIGHT}")


def _clauses(part: Clause | Group, depth: int) -> int:
    """Count the clauses of a condition, refusing one that is nested too deeply."""
    if depth > MAX_DEPTH:
        raise InvalidField("attributes", f"must be nested at most {MAX_DEPTH} deep")
    if isinstance(part, Clause):
        return 1
    if not part.members:
        raise InvalidField("attributes", f"'{part.operator}' needs at least one clause")
    return sum(_clauses(member, depth + 1) for member in part.members)
