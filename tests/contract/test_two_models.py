"""Vectors of two models in one index, as while photographs are captioned again."""

from dataclasses import replace

import pytest

from chalicelib.search import Query, SearchIndex
from chalicelib.search.query import NEAR_DUPLICATES, Mode
from tests.paging import pages
from tests.searching import document, ids, spread

pytestmark = pytest.mark.fault(36)
OLD, NEW = "net@1", "net@2"
# Of the same numbers: to compare them would find them all alike.
SAME = spread(0)
MIXED = (
    document("old 1", "a dog", visual=SAME, semantic=SAME, space=OLD),
    document("old 2", "a dog", visual=SAME, semantic=SAME, space=OLD),
    document("new 1", "a dog", visual=SAME, semantic=SAME, space=NEW),
    document("new 2", "a cat", visual=spread(1), semantic=spread(1), space=NEW),
    document("theirs", "a dog", owner="bob", visual=SAME, semantic=SAME, space=OLD),
)
LOOKS = Query("ann", visual=SAME, limit=100)


@pytest.mark.parametrize(
    ("space", "alike", "others"), [(OLD, {"old 1", "old 2"}, 2), (NEW, {"new 1", "new 2"}, 2)]
)
def test_an_image_is_compared_with_the_vectors_of_one_model_and_says_what_is_left_out(
    index: SearchIndex, space: str, alike: set[str], others: int
) -> None:
    index.apply(MIXED)
    results = index.search(replace(LOOKS, space=space, facets=("state",)))
    assert set(ids(results)) == alike
    assert results.total == len(alike) == dict(results.facets["state"])["captioned"]
    assert results.degraded == (
        f"vectors: {others} photographs are not compared until they are captioned again",
    )
    paged = pages(index, replace(LOOKS, space=space, limit=1))
    assert [image_id for page in paged for image_id in ids(page)] == ids(results)


def test_words_find_all_and_meaning_speaks_of_its_own_models_alone(index: SearchIndex) -> None:
    index.apply(MIXED)
    query = Query("ann", "dog", Mode.FUSED, semantic=SAME, space=NEW, explain=True, limit=100)
    hits = {hit.image_id: hit for hit in index.search(query).hits}
    parts = {
        name: {part.part for part in hit.explanation or () if part.part in ("words", "meaning")}
        for name, hit in hits.items()
    }
    assert parts["old 1"] == parts["old 2"] == {"words"}
    assert parts["new 1"] == {"words", "meaning"}
    assert hits["new 1"].score > hits["old 1"].score


def test_what_looks_the_same_to_two_models_is_no_duplicate(index: SearchIndex) -> None:
    index.apply(MIXED)
    shown = ids(index.search(Query("ann", collapse=NEAR_DUPLICATES, limit=100)))
    assert len(shown) == 3 and {"new 1", "new 2"} < {*shown}


def test_what_is_unwanted_is_unlike_what_its_own_model_saw(index: SearchIndex) -> None:
    index.apply(MIXED)
    query = Query("ann", unlike=(SAME,), unlike_spaces=(OLD,), limit=100)
    assert set(ids(index.search(query))) == {"new 1", "new 2"}
    both = replace(query, unlike=(SAME, SAME), unlike_spaces=(OLD, NEW))
    assert ids(index.search(both)) == ["new 2"]


def test_a_photograph_that_is_captioned_again_leaves_the_old_space(index: SearchIndex) -> None:
    index.apply(MIXED)
    assert index.spaces("ann") == {OLD: 2, NEW: 2} and index.spaces(None)[OLD] == 3
    index.apply([document("old 1", rev=2, visual=SAME, semantic=SAME, space=NEW)])
    assert [*index.spaces("ann").items()] == [(NEW, 3), (OLD, 1)]
    assert set(ids(index.search(replace(LOOKS, space=OLD)))) == {"old 2"}
    index.apply([document("old 2", rev=2, visual=SAME, semantic=SAME, space=NEW)])
    whole = index.search(replace(LOOKS, space=NEW))
    assert whole.total == 4 and whole.degraded == ()


@pytest.mark.fault(35)
def test_what_an_earlier_release_put_in_is_compared_until_it_is_known(index: SearchIndex) -> None:
    index.apply([document("unknown", visual=SAME, semantic=SAME)])
    results = index.search(replace(LOOKS, space=NEW))
    assert ids(results) == ["unknown"] and results.degraded == ()
