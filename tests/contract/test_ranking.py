"""Where matches end, and which of those that look alike are shown."""

import random
from dataclasses import replace

from chalicelib.search import Document, Query, SearchIndex
from chalicelib.search.duplicates import cosines, rows
from chalicelib.search.query import AUTO, NEAR_DUPLICATES, Mode
from chalicelib.search.text import quantised
from chalicelib.search.tuned import ALIKE, CUTOFFS, NEAR_DUPLICATE, WEIGHTS
from tests.corpora import VECTORS, vector
from tests.paging import pages
from tests.searching import ids, told

HERE, THERE = vector(1), vector(0, 1)
FUSED = Query("ann", text="dog", mode=Mode.FUSED, semantic=HERE)


def cosine(left: bytes, right: bytes) -> float:
    return float(cosines(rows([quantised(left)]), rows([quantised(right)]))[0, 0])


# Where matches end ----------------------------------------------------------------------------


def test_auto_ends_the_matches_at_a_share_of_the_best(index: SearchIndex) -> None:
    share = CUTOFFS["text"].share
    index.apply(
        [
            told("best", semantic=HERE),
            told("near", semantic=vector(1, 0.3)),
            told("far", semantic=vector(share - 0.2, 1)),
        ]
    )
    query = Query("ann", semantic=HERE, min_relevance=AUTO, facets=("state",))
    results = index.search(query)
    assert ids(results) == ["best", "near"]
    assert (results.total, results.facets["state"]) == (2, (("captioned", 2),))
    assert set(ids(index.search(replace(query, min_relevance=None)))) == {"best", "near", "far"}


def test_auto_finds_nothing_where_nothing_is_relevant(index: SearchIndex) -> None:
    index.apply([told("far", "a cat", semantic=vector(0.1, 1))])
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
    index.apply([told(name, semantic=at(cosine)) for name, cosine in looks.items()])
    query = Query("ann", semantic=HERE, min_relevance=AUTO, limit=1)
    page = index.search(query)
    index.apply([Document("best", 2, "ann", deleted=True)])
    seen = ids(page)
    while page.cursor is not None:
        page = index.search(replace(query, cursor=page.cursor))
        seen += ids(page)
    assert seen == ["best", "nearer", "near"]


def test_zero_shows_whatever_matches_however_unlike_it_is(index: SearchIndex) -> None:
    index.apply([told("like", semantic=HERE), told("unlike", semantic=vector(-1))])
    query = Query("ann", semantic=HERE, min_relevance=0.0)
    assert ids(index.search(query)) == ["like", "unlike"]
    assert set(ids(index.search(replace(FUSED, min_relevance=0.0)))) == {"like", "unlike"}


def test_auto_never_cuts_what_is_not_ranked(index: SearchIndex) -> None:
    index.apply([told("a"), told("b")])
    assert index.search(Query("ann", min_relevance=AUTO)).total == 2


def test_auto_cuts_words_that_say_little_of_the_query(index: SearchIndex) -> None:
    filler = [told(f"{number}", "a dog") for number in range(20)]
    index.apply([told("both", "unicorn and dog and cat"), *filler])
    query = Query("ann", text="dog unicorn cat", min_relevance=AUTO)
    assert ids(index.search(query)) == ["both"]


# Likeness -------------------------------------------------------------------------------------


SAME = vector(1, 0.02)  # a copy that was compressed again, say


def test_of_near_duplicates_the_best_match_is_shown(index: SearchIndex) -> None:
    index.apply(
        [
            told("first", "dog", visual=HERE),
            told("copy", "dog and many more words besides", visual=SAME),
            told("other", "dog and many more words besides it", visual=THERE),
            told("blind", "dog and many more words besides that"),
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
            told(f"{look}-{copy}", "dog" + " and" * 3 * copy, visual=looks[look])
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
            told("alike", "dog", visual=SAME),
            told("unlike", "dog", visual=THERE),
            told("blind", "dog"),
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
        index.apply([replace(told(name, visual=look), rev=turn) for name, look in looks.items()])
        for unwanted in VECTORS:
            left = ids(index.search(Query("ann", unlike=(unwanted,), limit=100)))
            assert {name for name, look in looks.items() if cosine(look, unwanted) < ALIKE} == (
                set(left) & set(looks)
            )


def test_bounds_lie_where_they_can_tell_anything() -> None:
    assert 0 < ALIKE < NEAR_DUPLICATE < 1
    assert 0 < WEIGHTS.trust <= 1
