"""Every engine filters by albums, and counts them and the months of photographs."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from chalicelib.search import Document, Filters, Query, SearchIndex
from tests.searching import found, told


def filed(image_id: str, *albums: str, **more: object) -> Document:
    """Return a photograph in albums."""
    return told(image_id, "a dog", albums=albums, **more)


def test_a_photograph_is_found_in_all_of_its_albums(index: SearchIndex) -> None:
    both = filed("both", "Oslo 2024", "Favourites")
    index.apply([both, filed("one", "Oslo 2024"), filed("none")])
    assert found(index, filters=Filters(albums=("Oslo 2024",))) == {"both", "one"}
    assert found(index, filters=Filters(albums=("Oslo 2024", "Favourites"))) == {"both"}
    assert found(index, filters=Filters(albums=("oslo 2024",))) == set()
    assert found(index, text="Oslo") == set()


def test_albums_are_counted_as_they_are_written_and_the_commonest_come_first(
    index: SearchIndex,
) -> None:
    index.apply([filed("both", "B", "A"), filed("one", "B"), filed("theirs", "C", owner="bob")])
    facets = index.search(Query("ann", facets=("albums",))).facets
    assert facets["albums"] == (("B", 2), ("A", 1))


def test_an_album_that_a_photograph_was_taken_out_of_does_not_find_it(index: SearchIndex) -> None:
    index.apply([filed("a", "Oslo")])
    index.apply([replace(filed("a"), rev=2)])
    assert found(index, filters=Filters(albums=("Oslo",))) == set()


def test_months_are_counted_the_latest_first_and_what_has_no_date_is_in_none(
    index: SearchIndex,
) -> None:
    may, june = datetime.fromisoformat("2024-05-31T23:59"), datetime.fromisoformat("2024-06-01")
    index.apply(
        [
            filed("a", taken_at=may, created_at=datetime(2025, 1, 1, tzinfo=UTC)),
            filed("b", taken_at=may, created_at=datetime(2025, 1, 31, 23, 59, tzinfo=UTC)),
            filed("c", taken_at=june, created_at=datetime(2024, 12, 31, 23, 59, tzinfo=UTC)),
            filed("d", taken_at=datetime.fromisoformat("1969-12-31"), created_at=None),
        ]
    )
    facets = index.search(Query("ann", facets=("added_months", "taken_months"))).facets
    assert facets["taken_months"] == (("2024-06", 1), ("2024-05", 2), ("1969-12", 1))
    assert facets["added_months"] == (("2025-01", 2), ("2024-12", 1))


def test_a_month_is_that_of_the_moment_in_utc(index: SearchIndex) -> None:
    eve = datetime(2024, 12, 31, 20, tzinfo=timezone(timedelta(hours=-5)))
    index.apply([filed("a", created_at=eve)])
    facets = index.search(Query("ann", facets=("added_months",))).facets
    assert facets["added_months"] == (("2025-01", 1),)


def test_months_are_counted_within_what_was_asked_for(index: SearchIndex) -> None:
    index.apply(
        [
            filed("in", "Oslo", taken_at=datetime.fromisoformat("2024-05-01")),
            filed("out", taken_at=datetime.fromisoformat("2024-06-01")),
        ]
    )
    asked = Query("ann", filters=Filters(albums=("Oslo",)), facets=("taken_months",))
    assert index.search(asked).facets["taken_months"] == (("2024-05", 1),)
