"""What matches: words, attributes and vectors."""

from dataclasses import replace

import pytest

from chalicelib.errors import InvalidField
from chalicelib.search import Clause, Group, Query, SearchIndex
from chalicelib.search.query import Mode
from tests.searching import SCENE, document, found, ids, sparse, spread

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
        ('dog -"brown', {"b"}),
        ("-dog", {"c"}),
        ("the", {"c"}),
        ("the dog", {"a", "b"}),
        ("brown dog runs home", {"a"}),
        ('dog AND NOT "', set()),
        ("dog*", {"a", "b"}),
        ("text:dog^2", set()),
        ("NEAR(dog brown)", {"a"}),
        ('dog AND "', {"a", "b"}),
        ("dog's", set()),
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
    between = sparse(*((at, 0.25) for at in range(8, 24)))
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
