"""How a search index ranks, ends, collapses and explains what it found, and pages through it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.errors import InvalidField
from chalicelib.images import Attribute, Source
from chalicelib.search import Document, Query, Results, SearchIndex
from chalicelib.search.chosen import ALIKE, CUTOFFS, NEAR_DUPLICATE, WEIGHTS
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.fusion import EMPHASIS
from chalicelib.search.memory import MemoryIndex
from chalicelib.search.query import AUTO, FACETS, NEAR_DUPLICATES, Contribution, Mode, Weights
from chalicelib.search.vectors import product, quantised
from tests.corpora import VECTORS, corpora, vector
from tests.opensearch import empty_index, needs_opensearch
from tests.paging import pages

ENGINES: dict[str, Callable[[], SearchIndex]] = {
    "memory": MemoryIndex,
    "embedded": lambda: EmbeddedIndex.at(None),
}
HERE, THERE, BETWEEN = vector(1), vector(0, 1), vector(1, 1)
FUSED = Query("ann", text="dog", mode=Mode.FUSED, semantic=HERE)


@pytest.fixture(params=[*ENGINES, pytest.param("opensearch", marks=needs_opensearch)])
def index(request: pytest.FixtureRequest) -> Iterator[SearchIndex]:
    if request.param == "opensearch":
        with empty_index() as on_node:
            yield on_node
    else:
        yield ENGINES[request.param]()


def document(image_id: str, text: str = "", **more: object) -> Document:
    values = {"owner": "ann", "source": Source.USER} | more
    return Document(image_id, 1, text=text, **values)  # type: ignore[arg-type]


def cosine(left: bytes, right: bytes) -> float:
    return product(quantised(left), quantised(right))


def ids(results: Results) -> list[str]:
    return [hit.image_id for hit in results.hits]


# Fusion ---------------------------------------------------------------------------------------


def test_words_of_a_person_count_more_than_those_of_a_model(index: SearchIndex) -> None:
    index.apply(
        [
            document("model", "a dog", source=Source.MODEL, semantic=BETWEEN),
            document("person", "a dog", source=Source.USER, semantic=BETWEEN),
            document("neither", "a cat", semantic=BETWEEN),
        ]
    )
    assert ids(index.search(FUSED)) == ["person", "model", "neither"]


def test_of_many_words_one_is_enough_where_meaning_ranks_too(index: SearchIndex) -> None:
    index.apply([document("one", "a dog"), document("none", "a cat")])
    query = replace(FUSED, text="a dog runs over the green grass")
    assert ids(index.search(query)) == ["one"]


def test_a_phrase_and_an_exclusion_still_hold(index: SearchIndex) -> None:
    index.apply(
        [
            document("phrase", "a brown dog", semantic=HERE),
            document("words", "a dog, brown", semantic=HERE),
        ]
    )
    assert ids(index.search(replace(FUSED, text='"brown dog"'))) == ["phrase"]
    assert ids(index.search(replace(FUSED, text='dog -"brown dog"'))) == ["words"]


def test_the_subjects_of_a_text_speak_for_their_kin(index: SearchIndex) -> None:
    index.apply(
        [
            document("dog", "it runs", attributes=(Attribute("dog", ("brown",)),)),
            document("car", "it runs", attributes=(Attribute("car", ("brown",)),)),
        ]
    )
    query = replace(FUSED, text="a brown animal", semantic=HERE, explain=True)
    (hit,) = index.search(query).hits
    assert hit.image_id == "dog"
    assert hit.explanation is not None
    (part,) = hit.explanation
    assert (part.part, set(part.terms)) == ("attributes", {"brown animal"})


def test_an_attribute_speaks_only_where_all_of_it_holds(index: SearchIndex) -> None:
    index.apply(
        [
            document("all", "it", attributes=(Attribute("dog", ("brown",), ("run",)),)),
            document("part", "it", attributes=(Attribute("dog", ("brown",)), Attribute("boy"))),
        ]
    )
    query = replace(FUSED, text="a brown dog runs and a boy stands", explain=True)
    shares = {
        hit.image_id: part.terms
        for hit in index.search(query).hits
        for part in hit.explanation or ()
        if part.part == "attributes"
    }
    assert {image_id: set(terms) for image_id, terms in shares.items()} == {
        "all": {"brown dog run"}
    }


def test_attributes_count_alike_whoever_wrote_the_caption(index: SearchIndex) -> None:
    dog = (Attribute("dog", ("brown",)),)
    index.apply(
        [
            document("model", "it", source=Source.MODEL, attributes=dog),
            document("person", "it", source=Source.USER, attributes=dog),
        ]
    )
    first, second = index.search(replace(FUSED, text="a brown animal")).hits
    assert first.score == pytest.approx(second.score)
    assert first.score == pytest.approx(WEIGHTS.attributes)


def test_a_phrase_speaks_where_no_other_word_is_held(index: SearchIndex) -> None:
    index.apply(
        [
            document("phrase", "a brown dog", semantic=THERE),
            document("all", "a brown dog and a cat", semantic=HERE),
        ]
    )
    query = replace(FUSED, text='cat "brown dog"', explain=True)
    second = index.search(query).hits[1]
    assert second.image_id == "phrase"
    assert [part.part for part in second.explanation or ()] == ["words", "meaning"]


def test_half_of_the_words_is_worth_less_than_half_of_all(index: SearchIndex) -> None:
    index.apply([document("both", "dog and cat"), document("one", "dog"), document("two", "cat")])
    both, one, two = index.search(replace(FUSED, text="dog cat")).hits
    assert both.image_id == "both"
    assert both.score == pytest.approx(WEIGHTS.words)
    assert one.score == pytest.approx(WEIGHTS.words * 0.5**EMPHASIS)
    assert one.score == pytest.approx(two.score)


def test_a_part_that_weighs_nothing_leaves_the_order_to_the_others(index: SearchIndex) -> None:
    index.apply(
        [
            document("words", "a dog", semantic=THERE),
            document("meaning", "a cat", semantic=HERE),
        ]
    )
    only_words = Weights(words=1, meaning=0, attributes=0, image=0, trust=1)
    assert ids(index.search(replace(FUSED, weights=only_words)))[0] == "words"
    only_meaning = replace(only_words, words=0, meaning=1)
    assert ids(index.search(replace(FUSED, weights=only_meaning)))[0] == "meaning"


# Where matches end ----------------------------------------------------------------------------


def test_auto_ends_the_matches_at_a_share_of_the_best(index: SearchIndex) -> None:
    share = CUTOFFS["text"].share
    index.apply(
        [
            document("best", semantic=HERE),
            document("near", semantic=vector(1, 0.3)),
            document("far", semantic=vector(share - 0.2, 1)),
        ]
    )
    query = Query("ann", semantic=HERE, min_relevance=AUTO, facets=("state",))
    results = index.search(query)
    assert ids(results) == ["best", "near"]
    assert (results.total, results.facets["state"]) == (2, (("captioned", 2),))
    assert set(ids(index.search(replace(query, min_relevance=None)))) == {"best", "near", "far"}


def test_auto_finds_nothing_where_nothing_is_relevant(index: SearchIndex) -> None:
    index.apply([document("far", "a cat", semantic=vector(0.1, 1))])
    assert index.search(replace(FUSED, min_relevance=AUTO)).total == 0
    assert index.search(FUSED).total == 1


def at(cosine: float) -> bytes:
    """Return a vector with this cosine to ``HERE``."""
    return vector(cosine, (1 - cosine**2) ** 0.5)


def test_a_later_page_ends_where_the_first_one_said(index: SearchIndex) -> None:
    share = CUTOFFS["text"].share
    nearer = (1 + share) / 2
    far = share * (1 + nearer) / 2  # no match beside "best", but one were it not for "best"
    looks = {"best": 1.0, "nearer": nearer, "near": (share + nearer) / 2, "far": far}
    index.apply([document(name, semantic=at(cosine)) for name, cosine in looks.items()])
    query = Query("ann", semantic=HERE, min_relevance=AUTO, limit=1)
    page = index.search(query)
    index.apply([Document("best", 2, "ann", deleted=True)])
    seen = ids(page)
    while page.cursor is not None:
        page = index.search(replace(query, cursor=page.cursor))
        seen += ids(page)
    assert seen == ["best", "nearer", "near"]


def test_auto_never_cuts_what_is_not_ranked(index: SearchIndex) -> None:
    index.apply([document("a"), document("b")])
    assert index.search(Query("ann", min_relevance=AUTO)).total == 2


def test_auto_cuts_words_that_say_little_of_the_query(index: SearchIndex) -> None:
    filler = [document(f"{number}", "a dog") for number in range(20)]
    index.apply([document("both", "unicorn and dog and cat"), *filler])
    query = Query("ann", text="dog unicorn cat", min_relevance=AUTO)
    assert ids(index.search(query)) == ["both"]


# Likeness -------------------------------------------------------------------------------------

SAME = vector(1, 0.02)  # a copy that was compressed again, say


def test_of_near_duplicates_the_best_match_is_shown(index: SearchIndex) -> None:
    index.apply(
        [
            document("first", "dog", visual=HERE),
            document("copy", "dog and many more words besides", visual=SAME),
            document("other", "dog and many more words besides it", visual=THERE),
            document("blind", "dog and many more words besides that"),
        ]
    )
    query = Query("ann", text="dog", collapse=NEAR_DUPLICATES, facets=("state",))
    results = index.search(query)
    assert sorted(ids(results)) == ["blind", "first", "other"]
    assert (results.total, results.facets["state"]) == (4, (("captioned", 4),))
    assert set(ids(index.search(replace(query, collapse=None)))) == {*ids(results), "copy"}


def test_a_near_duplicate_does_not_come_on_a_later_page_either(index: SearchIndex) -> None:
    looks = [vector(*([0] * place), 1) for place in range(4)]
    index.apply(
        [
            document(f"{look}-{copy}", "dog" + " and" * 3 * copy, visual=looks[look])
            for look in range(4)
            for copy in range(3)
        ]
    )
    query = Query("ann", text="dog", collapse=NEAR_DUPLICATES, limit=1)
    seen = [image_id for page in pages(index, query) for image_id in ids(page)]
    assert sorted(image_id[0] for image_id in seen) == ["0", "1", "2", "3"]


def test_what_looks_like_an_unwanted_photograph_is_no_match(index: SearchIndex) -> None:
    index.apply(
        [
            document("alike", "dog", visual=SAME),
            document("unlike", "dog", visual=THERE),
            document("blind", "dog"),
        ]
    )
    query = Query("ann", text="dog", unlike=(HERE,), facets=("state",))
    results = index.search(query)
    assert set(ids(results)) == {"unlike", "blind"}
    assert results.facets["state"] == (("captioned", 2),)
    assert ids(index.search(replace(query, unlike=(HERE, THERE)))) == ["blind"]


def test_all_that_looks_like_an_unwanted_photograph_is_left_out(index: SearchIndex) -> None:
    chance = random.Random(2)
    for turn in range(6):
        looks = {str(number): chance.choice(VECTORS) for number in chance.sample(range(15), 8)}
        index.apply(
            [replace(document(name, visual=look), rev=turn) for name, look in looks.items()]
        )
        for unwanted in VECTORS:
            left = ids(index.search(Query("ann", unlike=(unwanted,), limit=100)))
            assert {name for name, look in looks.items() if cosine(look, unwanted) < ALIKE} == (
                set(left) & set(looks)
            )


def test_bounds_lie_where_they_can_tell_anything() -> None:
    assert 0 < ALIKE < NEAR_DUPLICATE < 1
    assert 0 < WEIGHTS.trust <= 1


# Why ------------------------------------------------------------------------------------------


def test_shares_add_up_to_the_score(index: SearchIndex) -> None:
    index.apply(
        [
            document("a", "a brown dog", attributes=(Attribute("dog", ("brown",)),)),
            document("b", "a dog", source=Source.MODEL, semantic=BETWEEN, visual=BETWEEN),
            document("c", "a cat", semantic=HERE, visual=THERE),
        ]
    )
    query = replace(FUSED, text="a brown dog", visual=HERE, explain=True)
    for hit in index.search(query).hits:
        assert hit.explanation is not None
        assert sum(part.share for part in hit.explanation) == pytest.approx(hit.score)


def explained(index: SearchIndex, query: Query) -> dict[str, Contribution]:
    first = index.search(replace(query, explain=True)).hits[0]
    assert first.explanation is not None
    return {part.part: part for part in first.explanation}


def test_words_are_explained_by_their_rarity(index: SearchIndex) -> None:
    index.apply([document("a", "a brown dog"), *(document(f"{n}", "a dog") for n in range(9))])
    parts = explained(index, replace(FUSED, text="brown dog"))
    words = parts["words"]
    assert words.terms["brown"] > words.terms["dog"] > 0
    assert words.score == pytest.approx(sum(words.terms.values()))
    assert words.rank == 1


def test_meaning_and_image_are_explained_by_cosine_and_rank(index: SearchIndex) -> None:
    index.apply(
        [
            document("a", "a dog", semantic=BETWEEN, visual=HERE),
            document("b", semantic=HERE, visual=THERE),
        ]
    )
    parts = explained(index, replace(FUSED, visual=HERE))
    assert parts["meaning"].score == pytest.approx(0.7071, abs=0.01)
    assert (parts["meaning"].rank, parts["image"].rank) == (2, 1)
    assert parts["image"].score == pytest.approx(1, abs=0.02)


def test_nothing_is_explained_unless_asked(index: SearchIndex) -> None:
    index.apply([document("a", "a dog")])
    assert index.search(Query("ann", text="dog")).hits[0].explanation is None


# Paging ---------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("query", PAGED[1:])
def test_a_cursor_with_forged_weights_is_refused(index: SearchIndex, query: Query) -> None:
    index.apply([document(f"{n}", "dog boy red shirt runs", visual=HERE) for n in range(5)])
    cursor = index.search(replace(query, limit=1)).cursor
    assert cursor is not None
    other = replace(query, text=f"{query.text or ''} snow", cursor=cursor, limit=1)
    with pytest.raises(InvalidField) as refused:
        index.search(other)
    assert refused.value.field == "cursor"
