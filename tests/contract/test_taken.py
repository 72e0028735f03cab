"""Photographs by when they were taken, in any engine: ranges, orders, pages."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from chalicelib.images import Source
from chalicelib.search import Filters, Query, SearchIndex
from chalicelib.search.query import NEAR_DUPLICATES, Direction, Mode, Sort
from tests.corpora import START
from tests.searching import document, found, ids, spread

NOON = datetime.fromisoformat("2024-05-01T12:00")
OLD = datetime.fromisoformat("1931-08-09")
DAY = timedelta(days=1)
# Added in the order of the names, taken in another; the camera of "never" had no clock.
SHELF = (
    document("a", "a dog runs", created_at=START, taken_at=NOON, semantic=spread(1)),
    document("b", "a dog", created_at=START + DAY, taken_at=OLD, semantic=spread(1)),
    document("c", "a dog on a red sofa", created_at=START + 2 * DAY, taken_at=NOON + DAY),
    document("never", "a dog sits", created_at=START + 3 * DAY),
    document("cat", "a cat", created_at=START + 4 * DAY, taken_at=NOON + 2 * DAY),
    document("bob's", "a dog", owner="bob", created_at=START, taken_at=NOON),
)


@pytest.fixture
def shelf(index: SearchIndex) -> SearchIndex:
    assert index.apply(SHELF) == ()
    return index


def by_taken(text: str | None = None, **more: object) -> Query:
    return Query("ann", text=text, sort=Sort.TAKEN, **more)  # type: ignore[arg-type]


def test_a_range_begins_with_its_first_moment_and_ends_before_its_last(shelf: SearchIndex) -> None:
    assert found(shelf, filters=Filters(taken_from=NOON, taken_to=NOON + DAY)) == {"a"}
    assert found(shelf, filters=Filters(taken_from=NOON + DAY)) == {"c", "cat"}


def test_a_photograph_of_no_known_date_is_in_no_range(shelf: SearchIndex) -> None:
    assert found(shelf, filters=Filters(taken_to=datetime.fromisoformat("9999-12-31"))) == {
        "a",
        "b",
        "c",
        "cat",
    }
    assert found(shelf, filters=Filters(taken_from=datetime.fromisoformat("0001-01-01"))) == {
        "a",
        "b",
        "c",
        "cat",
    }


def test_the_newest_taken_comes_first_and_what_has_no_date_last(shelf: SearchIndex) -> None:
    assert ids(shelf.search(by_taken())) == ["cat", "c", "a", "b", "never"]


def test_the_oldest_taken_may_come_first_and_what_has_no_date_is_still_last(
    shelf: SearchIndex,
) -> None:
    oldest = by_taken(direction=Direction.OLDEST)
    assert ids(shelf.search(oldest)) == ["b", "a", "c", "cat", "never"]


def test_what_a_text_finds_is_ordered_by_when_it_was_taken_or_added(shelf: SearchIndex) -> None:
    assert ids(shelf.search(by_taken("dog"))) == ["c", "a", "b", "never"]
    added = Query("ann", text="dog", sort=Sort.ADDED)
    assert ids(shelf.search(added)) == ["never", "c", "b", "a"]


def test_what_words_and_meaning_find_is_ordered_by_when_it_was_taken(shelf: SearchIndex) -> None:
    fused = by_taken("dog", semantic=spread(1), mode=Mode.FUSED)
    assert ids(shelf.search(fused)) == ["c", "a", "b", "never"]
    assert ids(shelf.search(replace(fused, direction=Direction.OLDEST)))[:3] == ["b", "a", "c"]


def test_an_order_by_time_leaves_scores_and_reasons_as_they_are(shelf: SearchIndex) -> None:
    ranked = shelf.search(Query("ann", text="dog", explain=True))
    by_time = shelf.search(by_taken("dog", explain=True))
    assert {hit.image_id: hit for hit in by_time.hits} == {hit.image_id: hit for hit in ranked.hits}


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("text", [None, "dog", "fused"])
def test_pages_go_on_in_every_order(
    shelf: SearchIndex, text: str | None, direction: Direction
) -> None:
    meaning = {"semantic": spread(1), "mode": Mode.FUSED} if text == "fused" else {}
    asked = by_taken(text and "dog", direction=direction, limit=100, **meaning)
    whole = ids(shelf.search(asked))
    assert pages(shelf, asked) == whole and len(whole) >= 4


def pages(index: SearchIndex, asked: Query) -> list[str]:
    """Return what pages of one photograph each hold together."""
    shown: list[str] = []
    cursor = None
    for _ in range(20):
        page = index.search(replace(asked, limit=1, cursor=cursor))
        shown += ids(page)
        if (cursor := page.cursor) is None:
            return shown
    raise AssertionError("the pages do not end")


def test_of_a_likeness_only_its_matches_are_ordered(index: SearchIndex) -> None:
    taken = {"far": NOON + DAY, "near": NOON, "nearer": NOON - DAY}
    index.apply(
        [
            document("far", visual=spread(3), taken_at=taken["far"]),
            document("near", visual=spread(1), taken_at=taken["near"]),
            document("nearer", visual=spread(1), taken_at=taken["nearer"]),
        ]
    )
    asked = by_taken(visual=spread(1), min_relevance=0.5)
    assert ids(index.search(asked)) == ["near", "nearer"]


def test_of_near_duplicates_the_newest_taken_is_shown(index: SearchIndex) -> None:
    index.apply(
        [
            document("copy", visual=spread(1), taken_at=NOON, source=Source.USER),
            document("first", visual=spread(1), taken_at=NOON + DAY),
        ]
    )
    assert ids(index.search(by_taken(collapse=NEAR_DUPLICATES))) == ["first"]


def test_a_corrected_date_moves_a_photograph(shelf: SearchIndex) -> None:
    shelf.apply([document("a", "a dog runs", rev=2, taken_at=NOON + 9 * DAY)])
    assert ids(shelf.search(by_taken())) == ["a", "cat", "c", "b", "never"]
