"""OpenSearch with more photographs than a ranking goes deep."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from benchmarks.search.corpus import OWNER, captions, documents, queries
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.opensearch import OpenSearchIndex
from chalicelib.search.plan import DEPTH
from tests.opensearch import empty_index, needs_opensearch

pytestmark = [needs_opensearch, pytest.mark.slow]

COUNT = 4 * DEPTH
TEXTS = captions(COUNT)


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[OpenSearchIndex, EmbeddedIndex]]:
    made = list(documents(TEXTS))
    embedded = EmbeddedIndex()
    with empty_index() as cluster:
        assert cluster.apply(made) == embedded.apply(made) == ()
        yield cluster, embedded


@pytest.mark.parametrize("kind", ["text", "attributes", "image", "fused", "text and image"])
def test_the_first_page_is_the_exact_engines(
    both: tuple[OpenSearchIndex, EmbeddedIndex], kind: str
) -> None:
    cluster, embedded = both
    for asked in islice(queries(TEXTS, 5)[kind], 5):
        query = replace(asked, limit=50)
        found, wanted = cluster.search(query), embedded.search(query)
        assert [hit.image_id for hit in found.hits] == [hit.image_id for hit in wanted.hits]
        assert found == wanted


def test_of_vectors_no_more_than_the_depth_are_ranked(
    both: tuple[OpenSearchIndex, EmbeddedIndex],
) -> None:
    (query, *_) = queries(TEXTS, 1)["image"]
    for index in both:
        assert index.search(query).total == DEPTH
    assert both[0].count(OWNER) > DEPTH
