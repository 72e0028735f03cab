"""Every search index keeps the same promises: what it takes in, and who sees what of it."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import Attribute, Source, State
from chalicelib.search import Clause, Filters, Group, Query, Results, SearchIndex
from chalicelib.search.port import Held
from chalicelib.search.query import FACETS
from tests.corpora import START
from tests.searching import ENGINES, SCENE, document, found, ids, sparse, spread

# Taking in ------------------------------------------------------------------------------------


def test_an_empty_index_finds_nothing(index: SearchIndex) -> None:
    assert index.search(Query("ann", text="dog")) == Results((), 0)
    assert index.count(None) == 0


def test_a_document_is_found_by_its_words(index: SearchIndex) -> None:
    assert index.apply([document("a", "a brown dog"), document("b", "two cats")]) == ()
    assert found(index, text="dog") == {"a"}


@pytest.mark.fault(1)
def test_the_same_document_twice_is_one(index: SearchIndex) -> None:
    index.apply([document("a"), document("a")])
    index.apply([document("a")])
    assert index.count("ann") == 1
    assert index.search(Query("ann", text="dog")).total == 1


def test_a_newer_revision_replaces_all_of_the_older_one(index: SearchIndex) -> None:
    old = document("a", "a dog", attributes=(Attribute("dog", ("red",)),), visual=spread(0))
    index.apply([old, document("a", "a cat", rev=2, attributes=(Attribute("cat"),))])
    assert found(index, text="dog") == set()
    assert found(index, attributes=Clause("dog")) == set()
    assert found(index, visual=spread(0)) == set()
    assert found(index, text="cat", attributes=None) == {"a"}


def test_a_newer_revision_replaces_the_time_too(index: SearchIndex) -> None:
    index.apply([document("a"), document("a", rev=2, created_at=None)])
    assert found(index, filters=Filters(created_to=START + timedelta(hours=1))) == set()
    assert found(index) == {"a"}


@pytest.mark.fault(2)
def test_an_older_revision_changes_nothing(index: SearchIndex) -> None:
    index.apply([document("a", "a cat", rev=5)])
    index.apply([document("a", "a dog", rev=4)])
    assert found(index, text="cat") == {"a"}
    assert found(index, text="dog") == set()


@pytest.mark.fault(3)
def test_an_older_write_never_brings_a_removed_photograph_back(index: SearchIndex) -> None:
    index.apply([document("a", rev=2), document("a", rev=3, deleted=True)])
    index.apply([document("a", rev=2)])
    assert index.count(None) == 0
    index.apply([document("b", rev=7, deleted=True)])
    index.apply([document("b", rev=6)])
    assert found(index, text="dog") == set()


@pytest.mark.fault(3)
def test_a_removed_photograph_may_come_again(index: SearchIndex) -> None:
    index.apply([document("a", rev=1), document("a", rev=2, deleted=True), document("a", rev=3)])
    assert found(index, text="dog") == {"a"}


def test_a_malformed_document_is_named_and_the_others_are_taken_in(index: SearchIndex) -> None:
    bad = document("bad", visual=b"short")
    not_finite = document("nan", semantic=sparse((0, float("nan"))))
    assert set(index.apply([document("a"), bad, not_finite, document("b")])) == {"bad", "nan"}
    assert found(index, text="dog") == {"a", "b"}


@pytest.mark.parametrize("text", ["", "🐕", "a\0b dog", "dog \ud800", "ﬁ", "'; DROP TABLE caption"])
def test_any_caption_can_be_taken_in(index: SearchIndex, text: str) -> None:
    assert index.apply([document("a", text)]) == ()
    assert index.count("ann") == 1


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_a_person_can_type_breaks_an_engine(text: str) -> None:
    for engine in ENGINES.values():
        index = engine()
        index.apply([document("a", text)])
        with suppress(InvalidField):
            assert index.search(Query("ann", text=text)).total <= 1


def test_what_is_held_is_told_page_by_page_removals_and_revisions_too(index: SearchIndex) -> None:
    index.apply([document(f"id-{n}", rev=n + 1) for n in range(7)])
    index.apply([document("id-3", rev=9, deleted=True)])
    told: list[Held] = []
    while page := index.held(told[-1].image_id if told else None, 3):
        assert len(page) <= 3
        told += page
    expected = {Held(f"id-{n}", n + 1, deleted=False) for n in range(7) if n != 3}
    assert set(told) == expected | {Held("id-3", 9, deleted=True)}
    assert len(told) == 7
    assert index.revisions(["id-1", "id-3", "nobody"]) == {"id-1": 2, "id-3": 9}


# Who and what ---------------------------------------------------------------------------------


@pytest.mark.fault(24, 43)
def test_nobody_sees_what_is_another_owners(index: SearchIndex) -> None:
    theirs = document("b", owner="bob", visual=spread(0), attributes=(Attribute("dog"),))
    index.apply([document("a", visual=spread(0), attributes=(Attribute("dog"),)), theirs])
    for query in (
        Query("ann", text="dog", facets=FACETS),
        Query("ann", visual=spread(0), facets=FACETS),
        Query("ann", attributes=Clause("dog"), facets=FACETS),
        Query("ann", facets=FACETS),
    ):
        results = index.search(query)
        assert (ids(results), results.total) == (["a"], 1)
        assert all(count == 1 for facet in results.facets.values() for _, count in facet)
    assert index.count("ann") == 1
    assert index.search(Query("nobody", text="dog")).total == 0
    assert set(ids(index.search(Query(None, text="dog")))) == {"a", "b"}


def test_filters_narrow_by_state_source_and_time(index: SearchIndex) -> None:
    later = START + timedelta(days=1)
    index.apply(
        [
            document("a"),
            document("b", state=State.NEEDS_REVIEW, created_at=later),
            document("c", source=Source.USER, created_at=later + timedelta(microseconds=1)),
            document("timeless", source=None, created_at=None),
        ]
    )
    assert found(index, filters=Filters(states=(State.NEEDS_REVIEW,))) == {"b"}
    assert found(index, filters=Filters(sources=(Source.USER, Source.IMPORT))) == {"c"}
    assert found(index, filters=Filters(created_from=later)) == {"b", "c"}
    assert found(index, filters=Filters(created_to=later)) == {"a"}
    assert found(index, filters=Filters(created_from=later, created_to=later)) == set()


def test_without_anything_to_rank_the_newest_comes_first(index: SearchIndex) -> None:
    index.apply(
        [document(str(day), created_at=START + timedelta(days=day)) for day in (2, 0, 3, 1)]
    )
    assert ids(index.search(Query("ann"))) == ["3", "2", "1", "0"]


def test_facets_count_all_matches_beyond_the_page(index: SearchIndex) -> None:
    index.apply(SCENE)
    facets = index.search(Query("ann", limit=1, facets=FACETS)).facets
    assert facets["subjects"] == (("boy", 2), ("dog", 2), ("woman", 1))
    assert facets["colours"] == (("red", 3), ("brown", 2), ("white", 1))
    assert facets["actions"] == (("sit", 2), ("run", 1), ("talk", 1), ("walk", 1))
    assert facets["state"] == (("captioned", 4),)
    assert facets["source"] == (("model", 4),)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("limit", {"limit": 0}),
        ("limit", {"limit": 1_000_000}),
        ("facets", {"facets": ("owner",)}),
        ("text", {"text": "dog " * 1_000}),
        ("visual", {"visual": b"1"}),
        ("semantic", {"semantic": b""}),
        ("min_relevance", {"min_relevance": float("nan")}),
        ("attributes", {"attributes": Group("and", (Clause("a"),) * 17)}),
        ("attributes", {"attributes": Group("or", ())}),
    ],
)
def test_a_query_out_of_range_is_refused_by_field(
    index: SearchIndex, field: str, change: dict[str, object]
) -> None:
    with pytest.raises(InvalidField) as refused:
        index.search(Query("ann", **change))  # type: ignore[arg-type]
    assert refused.value.field == field
