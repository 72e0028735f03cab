"""Every search index keeps the same promises."""

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import VECTOR_SIZE, Attribute, Source, State
from chalicelib.search import Clause, Document, Filters, Group, Query, Results, SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.memory import MemoryIndex
from chalicelib.search.query import FACETS, Mode
from tests.corpora import conditions, texts
from tests.opensearch import empty_index, needs_opensearch
from tests.paging import pages

START = datetime(2026, 1, 1, tzinfo=UTC)
ENGINES: dict[str, Callable[[], SearchIndex]] = {
    "memory": MemoryIndex,
    "embedded": lambda: EmbeddedIndex.at(None),
}


@pytest.fixture(
    params=[*ENGINES, "embedded file", pytest.param("opensearch", marks=needs_opensearch)]
)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    if request.param == "opensearch":
        with empty_index() as on_node:
            yield on_node
    elif request.param == "embedded file":
        on_disk = EmbeddedIndex.at(tmp_path / "index.sqlite")
        yield on_disk
        on_disk.close()
    else:
        yield ENGINES[request.param]()


def vector(*parts: tuple[int, float]) -> bytes:
    """Return a vector with the given components, the others 0."""
    numbers = [0.0] * VECTOR_SIZE
    for place, number in parts:
        numbers[place] = number
    return struct.pack(f"<{VECTOR_SIZE}e", *numbers)


def spread(direction: int) -> bytes:
    """Return a unit vector over the sixteen components from 16 × ``direction`` on."""
    return vector(*((direction * 16 + at, 0.25) for at in range(16)))


def document(image_id: str, text: str = "a dog", rev: int = 1, **more: object) -> Document:
    values = {"owner": "ann", "source": Source.MODEL, "created_at": START} | more
    return Document(image_id, rev, text=text, **values)  # type: ignore[arg-type]


def ids(results: Results) -> list[str]:
    return [hit.image_id for hit in results.hits]


def found(index: SearchIndex, **query: object) -> set[str]:
    return set(ids(index.search(Query(owner="ann", limit=100, **query))))  # type: ignore[arg-type]


# Taking in ------------------------------------------------------------------------------------


def test_an_empty_index_finds_nothing(index: SearchIndex) -> None:
    assert index.search(Query("ann", text="dog")) == Results((), 0)
    assert index.count(None) == 0


def test_a_document_is_found_by_its_words(index: SearchIndex) -> None:
    assert index.apply([document("a", "a brown dog"), document("b", "two cats")]) == ()
    assert found(index, text="dog") == {"a"}


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


def test_an_older_revision_changes_nothing(index: SearchIndex) -> None:
    index.apply([document("a", "a cat", rev=5)])
    index.apply([document("a", "a dog", rev=4)])
    assert found(index, text="cat") == {"a"}
    assert found(index, text="dog") == set()


def test_an_older_write_never_brings_a_removed_photograph_back(index: SearchIndex) -> None:
    index.apply([document("a", rev=2), document("a", rev=3, deleted=True)])
    index.apply([document("a", rev=2)])
    assert index.count(None) == 0
    index.apply([document("b", rev=7, deleted=True)])
    index.apply([document("b", rev=6)])
    assert found(index, text="dog") == set()


def test_a_removed_photograph_may_come_again(index: SearchIndex) -> None:
    index.apply([document("a", rev=1), document("a", rev=2, deleted=True), document("a", rev=3)])
    assert found(index, text="dog") == {"a"}


def test_a_malformed_document_is_named_and_the_others_are_taken_in(index: SearchIndex) -> None:
    bad = document("bad", visual=b"short")
    not_finite = document("nan", semantic=vector((0, float("nan"))))
    assert set(index.apply([document("a"), bad, not_finite, document("b")])) == {"bad", "nan"}
    assert found(index, text="dog") == {"a", "b"}


@pytest.mark.parametrize("text", ["", "🐕", "a\0b dog", "dog \ud800", "ﬁ", "'; DROP TABLE caption"])
def test_any_caption_can_be_taken_in(index: SearchIndex, text: str) -> None:
    assert index.apply([document("a", text)]) == ()
    assert index.count("ann") == 1


# Words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dogs", {"a", "b"}),
        ("RUN", {"a"}),
        ("cafe", {"c"}),
        ("brown dog", {"a"}),
        ('"dog runs"', {"a"}),
        ('"runs dog"', set()),
        ("dog -brown", {"b"}),
        ('dog -"brown dog"', {"b"}),
        ("-dog", {"c"}),
        ("the", {"c"}),
        ("the dog", {"a", "b"}),
        ("brown dog runs home", {"a"}),
        ('dog AND NOT "', set()),
        ("dog*", {"a", "b"}),
        ("text:dog^2", set()),
        ("NEAR(dog brown)", set()),
        ('dog AND "', {"a", "b"}),
    ],
)
def test_text_is_understood(index: SearchIndex, text: str, expected: set[str]) -> None:
    brown = document("a", "A brown dog runs away")
    index.apply([brown, document("b", "some dogs, asleep"), document("c", "the Café")])
    assert found(index, text=text) == expected


def test_of_many_words_two_thirds_must_occur(index: SearchIndex) -> None:
    index.apply([document("a", "boy red"), document("b", "boy red shirt"), document("c", "boy")])
    assert ids(index.search(Query("ann", text="boy in a red shirt"))) == ["b", "a"]


@pytest.mark.parametrize("text", ["🐕", "*:*", '""', "- -", "\0", "\ud800"])
def test_a_text_without_words_is_refused(index: SearchIndex, text: str) -> None:
    with pytest.raises(InvalidField, match="text"):
        index.search(Query("ann", text=text))


def test_matched_words_are_marked_and_the_rest_is_escaped(index: SearchIndex) -> None:
    index.apply([document("a", "A <b>dog</b> & two dogs, naïve")])
    (hit,) = index.search(Query("ann", text="dog")).hits
    marked = "A &lt;b&gt;<mark>dog</mark>&lt;/b&gt; &amp; two <mark>dogs</mark>, naïve"
    assert hit.highlight == marked


# Attributes -----------------------------------------------------------------------------------

SCENE = (
    document(
        "boy in red",
        attributes=(Attribute("boy", ("red",), ("run",)), Attribute("dog", ("brown",), ("sit",))),
    ),
    document(
        "boy in brown",
        attributes=(Attribute("boys", ("tan",), ("sitting",)), Attribute("dog", ("scarlet",))),
    ),
    document("woman", attributes=(Attribute("woman", ("red", "white"), ("walk", "talk")),)),
    document("bare"),
)
RED = Clause(colours=("red",))
BOY = Clause("boy")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Clause("boy", ("red",)), {"boy in red"}),
        (Clause("dog", ("red",)), {"boy in brown"}),
        (Clause("dog", ("red",), ("sit",)), set()),
        (Clause("boy", (), ("run",)), {"boy in red"}),
        (Clause("people", ("red",)), {"boy in red", "woman"}),
        (Clause("animal", ("crimson",)), {"boy in brown"}),
        (Clause(colours=("white", "red")), {"woman"}),
        (Clause(actions=("walking", "talks")), {"woman"}),
        (Clause("unicorn"), set()),
        (Clause(), {"boy in red", "boy in brown", "woman"}),
        (Group("and", (BOY, Clause("dog", ("brown",)))), {"boy in red"}),
        (Group("or", (Clause("woman"), Clause("boy", ("brown",)))), {"woman", "boy in brown"}),
        (Group("not", (BOY,)), {"woman", "bare"}),
        (Group("not", (Clause("woman"), Clause("boy", ("red",)))), {"boy in brown", "bare"}),
        (Group("and", (RED, Group("not", (Clause("woman"),)))), {"boy in red", "boy in brown"}),
    ],
)
def test_colours_and_actions_belong_to_one_subject(
    index: SearchIndex, condition: Clause | Group, expected: set[str]
) -> None:
    index.apply(SCENE)
    assert found(index, attributes=condition) == expected


def test_attributes_narrow_a_search_by_words(index: SearchIndex) -> None:
    index.apply(SCENE)
    assert found(index, text="dog", attributes=Clause("boy", ("red",))) == {"boy in red"}


# Vectors --------------------------------------------------------------------------------------


def test_the_likest_photograph_comes_first(index: SearchIndex) -> None:
    between = vector(*((at, 0.25) for at in range(8, 24)))
    index.apply(
        [
            document("same", visual=spread(0)),
            document("half", visual=between),
            document("other", visual=spread(1)),
            document("none"),
        ]
    )
    results = index.search(Query("ann", visual=spread(0)))
    assert ids(results) == ["same", "half", "other"]
    assert [hit.score for hit in results.hits] == pytest.approx([1.0, 0.5, 0.0], abs=0.02)
    assert results.total == 3


def test_excluded_ids_never_appear(index: SearchIndex) -> None:
    index.apply([document("a", visual=spread(0)), document("b", visual=spread(0))])
    assert found(index, visual=spread(0), exclude=("a", "unknown")) == {"b"}
    assert found(index, text="dog", exclude=("a",)) == {"b"}


def test_a_score_far_below_the_best_can_be_left_out(index: SearchIndex) -> None:
    index.apply([document("same", visual=spread(0)), document("other", visual=spread(1))])
    assert found(index, visual=spread(0), min_relevance=0.5) == {"same"}
    results = index.search(Query("ann", visual=spread(0), min_relevance=0.5, facets=("state",)))
    assert (results.total, results.facets["state"]) == (1, (("captioned", 1),))


def test_meaning_finds_what_says_it_otherwise(index: SearchIndex) -> None:
    index.apply([document("a", "a hound", semantic=spread(0)), document("b", "a dog")])
    asked = Query("ann", text="dog", semantic=spread(0))
    assert ids(index.search(replace(asked, mode=Mode.MEANING))) == ["a"]
    assert ids(index.search(replace(asked, mode=Mode.WORDS))) == ["b"]
    assert set(ids(index.search(replace(asked, mode=Mode.FUSED)))) == {"a", "b"}


def test_a_text_without_a_vector_is_matched_by_words_and_says_so(index: SearchIndex) -> None:
    index.apply([document("a")])
    results = index.search(Query("ann", text="dog", mode=Mode.FUSED))
    assert ids(results) == ["a"]
    assert "meaning" in results.degraded[0]


def test_what_two_rankings_agree_on_comes_first(index: SearchIndex) -> None:
    index.apply(
        [
            document("image only", "a cat", visual=spread(0)),
            document("words only", "a dog", visual=spread(1)),
            document("both", "a dog", visual=spread(0)),
        ]
    )
    results = index.search(Query("ann", text="dog", visual=spread(0)))
    assert ids(results)[0] == "both"
    assert results.total == 3


# Who and what ---------------------------------------------------------------------------------


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


# Paging ---------------------------------------------------------------------------------------

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


@pytest.mark.parametrize(
    "damage", ["", "x", "A" * 500, "🐕", "bm90IGpzb24", "W10", "{", "WzEsMiwzLDRd"]
)
def test_a_forged_cursor_is_refused(index: SearchIndex, damage: str) -> None:
    index.apply(MANY)
    with pytest.raises(InvalidField) as refused:
        index.search(Query("ann", text="dog", cursor=damage))
    assert refused.value.field == "cursor"


@pytest.mark.parametrize(
    "other", [{"text": "runs"}, {"owner": "bob"}, {"mode": Mode.FUSED}, {"min_relevance": 0.1}]
)
def test_a_cursor_of_another_query_is_refused(index: SearchIndex, other: dict[str, object]) -> None:
    index.apply(MANY)
    query = Query("ann", text="dog", limit=4)
    cursor = index.search(query).cursor
    with pytest.raises(InvalidField, match="cursor"):
        index.search(replace(query, cursor=cursor, **other))  # type: ignore[arg-type]


# Both engines agree ---------------------------------------------------------------------------

_WORDS = st.sampled_from(["dog", "dogs", "boy", "running", "red", "the", "a", "snow", "café", "3"])
_TEXTS = st.lists(_WORDS, max_size=8).map(" ".join)
_ATTRIBUTES = st.builds(
    Attribute,
    st.sampled_from(["dog", "boy", "men", "person", "ball"]),
    st.lists(st.sampled_from(["red", "scarlet", "blue"]), max_size=2).map(tuple),
    st.lists(st.sampled_from(["run", "sitting"]), max_size=2).map(tuple),
)
_DOCUMENTS = st.builds(
    lambda number, rev, text, attributes, deleted, owner, direction: document(
        str(number),
        text,
        rev,
        attributes=tuple(attributes),
        deleted=deleted,
        owner=owner,
        visual=None if direction is None else spread(direction),
        created_at=START + timedelta(hours=number),
    ),
    st.integers(0, 12),
    st.integers(1, 3),
    _TEXTS,
    st.lists(_ATTRIBUTES, max_size=3),
    st.booleans(),
    st.sampled_from(["ann", "bob"]),
    st.sampled_from([None, 0, 1]),
)
_CLAUSES = st.builds(
    Clause,
    st.sampled_from([None, "dog", "animal", "person", "man", "ball"]),
    st.lists(st.sampled_from(["red", "blue"]), max_size=2).map(tuple),
    st.lists(st.sampled_from(["run", "sit"]), max_size=1).map(tuple),
)
_QUERIES = st.builds(
    Query,
    owner=st.sampled_from(["ann", None]),
    text=st.none() | texts(_WORDS),
    attributes=st.none() | conditions(_CLAUSES),
    visual=st.sampled_from([None, spread(0)]),
    facets=st.just(FACETS),
    limit=st.just(100),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(_DOCUMENTS, max_size=20), _QUERIES)
def test_engines_agree_on_matches_facets_and_totals(
    documents: list[Document], query: Query
) -> None:
    answers: list[object] = []
    for engine in ENGINES.values():
        index = engine()
        index.apply(documents)
        try:
            results = index.search(query)
        except InvalidField as refused:
            answers.append(refused.field)
        else:
            answers.append((set(ids(results)), results.total, results.facets))
    assert answers[0] == answers[1]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_no_text_a_person_can_type_breaks_an_engine(text: str) -> None:
    for engine in ENGINES.values():
        index = engine()
        index.apply([document("a", text)])
        with suppress(InvalidField):
            assert index.search(Query("ann", text=text)).total <= 1


def test_a_beginning_is_completed_by_what_is_there(index: SearchIndex) -> None:
    index.apply(
        [
            document("a", "a brown dog runs", attributes=(Attribute("dog", ("brown",), ("run",)),)),
            document("b", "dogs doze outdoors", attributes=(Attribute("dog", (), ("doze",)),)),
            document("c", "a doll", owner="bob", attributes=(Attribute("doll"),)),
        ]
    )
    found = [(one.kind, one.value, one.count) for one in index.suggest("ann", "brown DO", 10)]
    assert found == [("subject", "dog", 2), ("word", "dogs", 2), ("action", "doze", 1)]
    assert [one.value for one in index.suggest("ann", "br", 10)] == ["brown"]
    assert [one.value for one in index.suggest(None, "dol", 10)] == ["doll"]
    assert len(index.suggest("ann", "do", 2)) == 2


@pytest.mark.parametrize("prefix", ["", " ", "brown ", "zz", "*", ".", "[", "\\", '"', "\0", "%"])
def test_nothing_is_completed_where_nothing_begins_so(index: SearchIndex, prefix: str) -> None:
    index.apply([document("a", "a brown dog runs")])
    assert index.suggest("ann", prefix, 10) == ()


def test_what_was_removed_is_not_suggested(index: SearchIndex) -> None:
    index.apply([document("a", "a zebra", attributes=(Attribute("zebra"),))])
    assert [one.value for one in index.suggest("ann", "ze", 10)] == ["zebra"]
    index.apply([document("a", rev=2, deleted=True), document("b", "a zeppelin")])
    assert [one.value for one in index.suggest("ann", "ze", 10)] == ["zeppelin"]


def test_unknown_words_are_near_known_ones(index: SearchIndex) -> None:
    index.apply(
        [
            document("a", "a snowboarder and a dog"),
            document("b", "dogs and a fog"),
            document("c", "a dig", owner="bob"),
        ]
    )
    words = ("odg", "dogs", "snowbaorders", "snowbordr", "zebra", "og", "dgi")
    assert index.nearest("ann", words) == {
        "odg": "dog",
        "snowbaorders": "snowboarder",
        "snowbordr": "snowboarder",
    }
    assert index.nearest("bob", ("dgi",)) == {"dgi": "dig"}
    assert index.nearest(None, ("dgi",)) == {"dgi": "dig"}


def test_of_equally_near_words_the_commonest_is_meant(index: SearchIndex) -> None:
    index.apply([document("a", "a cat"), document("b", "cats"), document("c", "a cap")])
    assert index.nearest("ann", ("car",)) == {"car": "cat"}
