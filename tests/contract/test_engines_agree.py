"""Any two engines agree, whatever photographs there are and whatever is asked.

Exactly: which photographs match, how many, the facets, what is refused. Of the ranking: every
score within ``TOLERANCE`` of the plain one in `PlainIndex`, and whatever lies further apart in
the same order. A tolerance it is because engines break ties by what they have: a document's
number, or its id; and because the plain index weighs the length of a caption more finely.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.search import Document, Query, Results, SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import Searching
from chalicelib.search.query import Sort
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from tests.corpora import VECTORS, corpora, queries
from tests.memory.index_store import MemoryIndexStore
from tests.opensearch import empty_index, needs_opensearch
from tests.plain_index import PlainIndex

TOLERANCE = 1 / 16  # one step of inverse frequency; cosines agree far more closely

Filled = Callable[[list[Document]], AbstractContextManager[Searching]]


@contextmanager
def embedded(documents: list[Document]) -> Iterator[Searching]:
    """Yield an index that took everything in at once."""
    index = EmbeddedIndex()
    index.apply(documents)
    yield index


@contextmanager
def embedded_following(documents: list[Document]) -> Iterator[Searching]:
    """Yield an index that was asked after each document, so that it follows what changes."""
    index = EmbeddedIndex()
    for document in documents:
        index.apply([document])
        answer(index, Query(None, visual=VECTORS[0], text="dog"))
    yield index


@contextmanager
def published(documents: list[Document]) -> Iterator[Searching]:
    """Yield what a reader sees of what an indexer published."""
    store = MemoryIndexStore()
    writer = IndexWriter(store, tuple)
    for at in range(0, len(documents), 5):
        writer.apply(documents[at : at + 5])
    yield PublishedIndex(store)


@contextmanager
def opensearch(documents: list[Document]) -> Iterator[Searching]:
    """Yield an index on a real node."""
    with empty_index() as index:
        fill(index, documents)
        yield index


def fill(index: SearchIndex, documents: list[Document]) -> None:
    assert index.apply(documents) == ()


def answer(index: Searching, query: Query) -> Results | str:
    try:
        return index.search(query)
    except InvalidField as refused:
        return refused.field


def agree(plain: Results | str, other: Results | str, *, by_time: bool) -> None:
    if isinstance(plain, str) or isinstance(other, str):
        assert plain == other
        return
    expected = {hit.image_id: hit.score for hit in plain.hits}
    found = {hit.image_id: hit.score for hit in other.hits}
    assert found.keys() == expected.keys()
    assert (other.total, other.facets) == (plain.total, plain.facets)
    assert other.degraded == plain.degraded
    assert other.cursor is None
    assert found == pytest.approx(expected, abs=TOLERANCE)
    marked = {hit.image_id: hit.highlight for hit in plain.hits}
    assert {hit.image_id: hit.highlight for hit in other.hits} == marked
    if by_time:
        assert [*found] == [*expected]
        return
    scores = [expected[hit.image_id] for hit in other.hits]
    highest_after = list(scores)
    for at in range(len(scores) - 2, -1, -1):
        highest_after[at] = max(scores[at], highest_after[at + 1])
    assert all(score >= highest - TOLERANCE for score, highest in zip(scores, highest_after))  # noqa: B905


def newest_first(index: Searching, documents: list[Document]) -> None:
    """Without anything that ranks the times alone decide, and exactly."""
    created = {document.image_id: document.created_at for document in documents}
    hits = index.search(Query(None, limit=100)).hits
    times = [created[hit.image_id] for hit in hits if created[hit.image_id] is not None]
    assert times == sorted(times, reverse=True)  # type: ignore[type-var]


def compared(filled: Filled, documents: list[Document], asked: list[Query]) -> None:
    plain = PlainIndex()
    plain.apply(documents)
    with filled(documents) as index:
        for query in asked:
            by_time = query.sort is not Sort.RELEVANCE
            agree(answer(plain, query), answer(index, query), by_time=by_time)
        for owner in ("ann", "bob", None):
            assert index.count(owner) == plain.count(owner)


QUERIES = st.lists(
    st.builds(
        lambda query, unlike: replace(query, unlike=unlike),
        queries(),
        st.lists(st.sampled_from(VECTORS), max_size=1).map(tuple),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.parametrize("filled", [embedded, embedded_following, published])
def test_any_engine_agrees_with_the_plain_one(filled: Filled) -> None:
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(corpora(), QUERIES)
    def property_holds(documents: list[Document], asked: list[Query]) -> None:
        compared(filled, documents, asked)

    property_holds()


@needs_opensearch
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(corpora(), QUERIES)
def test_opensearch_agrees_with_the_plain_one(
    documents: list[Document], asked: list[Query]
) -> None:
    compared(opensearch, documents, asked)


@settings(max_examples=40, deadline=None)
@given(corpora())
def test_where_nothing_ranks_the_newest_comes_first_in_any_engine(
    documents: list[Document],
) -> None:
    newest: dict[str, Document] = {}
    for document in documents:
        if document.rev >= newest.get(document.image_id, document).rev:
            newest[document.image_id] = document
    times = {one.image_id: one.created_at for one in newest.values()}
    known = [replace(one, created_at=times[one.image_id]) for one in documents]
    for filled in (embedded, embedded_following, published):
        with filled(known) as index:
            newest_first(index, known)
