"""Pages repeat and skip nothing, whatever comes and goes between them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import Attribute
from chalicelib.search import Clause, Document, Query, SearchIndex
from chalicelib.search.likely import LOOKED_AT
from chalicelib.search.query import AUTO, FACETS, Mode
from tests.corpora import START, VECTORS, corpora, vector
from tests.paging import pages
from tests.searching import ENGINES, Shown, document, ids, spread, told

MANY = [
    document(
        f"{number:02}",
        "a dog " * (1 + number % 3) + "runs" * (number % 2),
        created_at=START + timedelta(minutes=number // 4),
        visual=spread(number % 3),
        attributes=(Attribute("dog"),),
    )
    for number in range(25)
]
QUERIES = [
    Query("ann", limit=4),
    Query("ann", text="dog", limit=4),
    Query("ann", visual=spread(0), limit=4),
    Query("ann", text="dog", visual=spread(1), limit=4),
    Query("ann", attributes=Clause("animal"), limit=4),
]


@pytest.mark.parametrize("query", QUERIES)
def test_pages_hold_every_match_once(index: SearchIndex, query: Query) -> None:
    index.apply(MANY)
    seen = [image_id for page in pages(index, query) for image_id in ids(page)]
    assert sorted(seen) == [document.image_id for document in MANY]
    whole = index.search(replace(query, limit=100))
    assert seen == ids(whole)
    assert whole.cursor is None


@pytest.mark.fault(21)
@pytest.mark.parametrize("query", [query for query in QUERIES if not (query.text and query.visual)])
def test_pages_skip_and_repeat_nothing_while_photographs_come_and_go(
    index: SearchIndex, query: Query
) -> None:
    index.apply(MANY)
    seen: list[str] = []
    removed: set[str] = set()
    for turn, page in enumerate(pages(index, query)):
        seen += ids(page)
        gone = ids(page)[-1]  # the very one the cursor stands on
        removed.add(gone)
        new = replace(MANY[turn], image_id=f"new {turn}")
        index.apply([document(gone, rev=9, deleted=True), new])
    assert len(seen) == len(set(seen))
    assert {document.image_id for document in MANY} <= set(seen)


@pytest.mark.fault(21)
def test_a_photograph_whose_picture_was_looked_at_is_not_shown_again(index: SearchIndex) -> None:
    """Pictures of the best by all else are looked at: later ones must not push them out."""
    documents = [
        told(
            f"{number:03}",
            semantic=vector(1, number / 100),
            visual=vector(1) if LOOKED_AT - 10 <= number < LOOKED_AT + 10 else None,
        )
        for number in range(LOOKED_AT + 30)
    ]
    index.apply(documents)
    fused = {"mode": Mode.FUSED, "semantic": vector(1), "likely": Shown()}
    query = Query("ann", text="dog", limit=10, **fused)  # type: ignore[arg-type]
    seen: list[str] = []
    for turn, page in enumerate(pages(index, query)):
        seen += ids(page)
        if turn == 0:
            assert {*seen} <= {one.image_id for one in documents if one.visual}
            index.apply([told(f"new {number}", semantic=vector(1)) for number in range(10)])
    assert len(seen) == len(set(seen))
    assert {document.image_id for document in documents} <= set(seen)


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "damage", ["", "x", "A" * 500, "🐕", "bm90IGpzb24", "W10", "{", "WzEsMiwzLDRd"]
)
def test_a_forged_cursor_is_refused(index: SearchIndex, damage: str) -> None:
    index.apply(MANY)
    with pytest.raises(InvalidField) as refused:
        index.search(Query("ann", text="dog", cursor=damage))
    assert refused.value.field == "cursor"


@pytest.mark.fault(22)
@pytest.mark.parametrize(
    "other", [{"text": "runs"}, {"owner": "bob"}, {"mode": Mode.FUSED}, {"min_relevance": 0.1}]
)
def test_a_cursor_of_another_query_is_refused(index: SearchIndex, other: dict[str, object]) -> None:
    index.apply(MANY)
    query = Query("ann", text="dog", limit=4)
    cursor = index.search(query).cursor
    with pytest.raises(InvalidField, match="cursor"):
        index.search(replace(query, cursor=cursor, **other))  # type: ignore[arg-type]


PAGED = [
    Query("ann", limit=2),
    Query("ann", text="dog red shirt runs", limit=2),
    Query("ann", text="dog boy", limit=1),
    Query("ann", visual=VECTORS[0], limit=2),
    Query("ann", text="a dog runs red", mode=Mode.FUSED, semantic=VECTORS[1], limit=2),
    Query("ann", text="dog", visual=VECTORS[2], limit=2, min_relevance=AUTO),
    Query("ann", text="dog boy", mode=Mode.FUSED, semantic=VECTORS[3], limit=2, facets=FACETS),
]
_CHANGES = st.lists(
    st.tuples(st.integers(0, 30), corpora(most=40, size=3)), min_size=1, max_size=12
)


@pytest.mark.fault(21)
@pytest.mark.parametrize("query", PAGED)
@pytest.mark.parametrize("engine", ENGINES)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(documents=corpora(most=30, size=40), changes=_CHANGES)
def test_pages_repeat_and_skip_nothing_whatever_comes_and_goes(
    engine: str,
    query: Query,
    documents: list[Document],
    changes: list[tuple[int, list[Document]]],
) -> None:
    """What matched at first and is still there is seen once, in between inserts and deletes."""
    index = ENGINES[engine]()
    index.apply(documents)
    whole = index.search(replace(query, limit=100))
    at_first = ids(whole)
    seen: list[str] = []
    gone: set[str] = set()
    for turn, page in enumerate(pages(index, query)):
        seen += ids(page)
        if turn >= len(changes):
            continue
        place, come = changes[turn]
        new = [replace(one, image_id=f"new-{turn}-{one.image_id}") for one in come]
        removed = f"id-{place}"
        gone.add(removed)
        index.apply([*new, Document(removed, 99, "ann", deleted=True)])
    assert len(seen) == len(set(seen))
    assert all(image_id in at_first or image_id.startswith("new-") for image_id in seen)
    still_there = [image_id for image_id in at_first if image_id not in gone]
    assert [image_id for image_id in seen if image_id in still_there] == still_there


@pytest.mark.fault(22)
@pytest.mark.parametrize("query", PAGED[1:])
def test_a_cursor_with_forged_weights_is_refused(index: SearchIndex, query: Query) -> None:
    index.apply([told(f"{n}", "dog boy red shirt runs", visual=VECTORS[0]) for n in range(5)])
    cursor = index.search(replace(query, limit=1)).cursor
    assert cursor is not None
    other = replace(query, text=f"{query.text or ''} snow", cursor=cursor, limit=1)
    with pytest.raises(InvalidField) as refused:
        index.search(other)
    assert refused.value.field == "cursor"
