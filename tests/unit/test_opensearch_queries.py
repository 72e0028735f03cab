"""What OpenSearch is asked, and what its answers mean."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.conditions import AllOf, Among, HasAttribute, Holds, Living, LooksLike, Not
from chalicelib.search.opensearch.queries import Json, query_of, retrieved, search_of
from chalicelib.search.port import Nearest, Retrieval, Terms

VECTOR = bytes(VECTOR_SIZE)
HIGHEST = VECTOR_SIZE * 127 * 127  # product of two quantised vectors


def answered(score: float) -> Json:
    """Return an answer with one hit, whose score is a float32 as Lucene computes it."""
    hit = {"sort": [float(np.float32(score)), 7, False]}
    return {"hits": {"hits": [hit], "total": {"value": 1}}}


@given(st.integers(-HIGHEST, HIGHEST))
def test_every_inner_product_comes_back_whole_and_can_be_resumed_after(product: int) -> None:
    asked = Retrieval(Living(), Nearest("visual", VECTOR, 5), 1, after=(-product, 7), least=product)
    body = search_of(asked)
    score = 1 + product if product >= 0 else 1 / (1 - product)  # Lucene's maximum inner product
    assert np.float32(body["search_after"][0]) == np.float32(score)
    assert np.float32(body["min_score"]) == np.float32(score)
    assert retrieved(asked, answered(score)).scores.tolist() == [product]


def test_no_more_than_the_nearest_are_counted() -> None:
    shards = {"hits": {"hits": [], "total": {"value": 10}}}  # each shard finds five
    assert retrieved(Retrieval(Living(), Nearest("visual", VECTOR, 5)), shards).total == 5


def test_what_is_only_counted_is_one_term_that_lucene_need_not_search() -> None:
    for condition in (
        Holds(("dog",)),
        Living(),
        HasAttribute((("subject", frozenset({"dog"})),)),
    ):
        body = search_of(Retrieval(condition))
        assert set(body["query"]) == {"term"}
        assert (body["size"], body["track_total_hits"]) == (0, True)
        assert "sort" not in body


def test_what_looks_alike_is_searched_among_what_meets_the_rest() -> None:
    rest = (Living(), Among((7,)))
    query = query_of(AllOf((*rest, Not(LooksLike(VECTOR, 0.5)))))
    assert query["bool"]["filter"] == [query_of(one) for one in rest]
    (alike,) = query["bool"]["must_not"]
    nearest = alike["bool"]["should"][1]["function_score"]["query"]["knn"]["visual"]
    assert nearest["filter"] == query_of(AllOf(rest))


def test_a_quorum_counts_groups() -> None:
    by = Terms(groups=(), quorum=2)
    query = search_of(Retrieval(Living(), by))["query"]
    assert query["bool"]["must"]["bool"]["minimum_should_match"] == 2
