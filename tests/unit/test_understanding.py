"""What is made of a text of the search box: subjects, what is left, what was mistyped."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.search import Clause, Group, Query
from chalicelib.search.interpret import (
    Reading,
    conditioned,
    corrected,
    distance,
    edits,
    last_word,
    near_words,
    read,
    unconditioned,
    unsure,
)
from chalicelib.search.query import Mode
from chalicelib.search.text import parse


@pytest.mark.parametrize(
    ("text", "clauses", "rest"),
    [
        ("brown dog running", [Clause("dog", ("brown",), ("run",))], None),
        ("dogs", [Clause("dog")], None),
        (
            "a tan dog running on the beach",
            [Clause("dog", ("brown",), ("run",), ("beach",))],
            None,
        ),
        ("girl in a pink dress", [Clause("girl", ("pink",))], "dress"),
        (
            "girl in a pink dress and a black dog",
            [Clause("girl", ("pink",)), Clause("dog", ("black",))],
            "dress",
        ),
        ("brown dog run", [Clause("dog", ("brown",), ("run",))], None),
        ("boy catch frisbee", [Clause("boy", (), ("catch",))], "frisbee"),
        ("scarlet", [Clause(None, ("red",))], None),
        ("dog -brown", [Clause("dog")], "-brown"),
        ('dog "on the beach"', [Clause("dog")], '"on the beach"'),
        ("soccer player kicks", [Clause("player", (), ("kick",))], "soccer"),
    ],
)
def test_a_text_is_read(text: str, clauses: list[Clause], rest: str | None) -> None:
    assert read(parse(text)) == Reading(tuple(clauses), rest)


@pytest.mark.parametrize(
    "text", ["beach", "snow", '"brown dog"', "-dog", "", "!", "dog park", "sunset mountains"]
)
def test_what_says_nothing_of_subjects_has_no_reading(text: str) -> None:
    assert read(parse(text)) is None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    reading = read(parse(text))
    assert reading is None or reading.clauses


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [("dog", "dog", 0), ("dog", "odg", 1), ("dog", "dogs", 1), ("dog", "fig", 2), ("", "ab", 2)],
)
def test_edits_are_counted(one: str, other: str, apart: int) -> None:
    assert distance(one, other) == distance(other, one) == apart


def test_short_words_may_have_one_wrong_letter_and_long_ones_two() -> None:
    assert [edits(word) for word in ("it", "dog", "running", "mountain")] == [0, 1, 1, 2]


def test_words_are_near_by_their_edits() -> None:
    known = ["dog", "dig", "drag", "dug", "cat"]
    assert near_words("dug", known) == [(1, "dig"), (1, "dog")]
    assert near_words("snowbaorders", ["snowboarder", "snow"]) == [(2, "snowboarder")]


def test_quoted_words_and_what_is_understood_anyhow_are_never_doubted() -> None:
    assert unsure(parse('the animal "brwn odg" scarlet buses hats runing zebrra -snwo')) == (
        "runing",
        "zebrra",
        "snwo",
    )
    text = 'Odg, "odg" -odg odgs'
    assert corrected(parse(text), {"odg": "dog"}) == 'dog, "odg" -dog odgs'


def test_the_last_word_is_completed() -> None:
    assert [last_word(text) for text in ("bro", "Brown DO", "brown ", "-do", '"do', "")] == [
        "bro", "do", "", "do", "do", "",
    ]  # fmt: skip


def test_a_reading_is_a_condition_beside_the_one_that_was_asked_for() -> None:
    query = Query("ann", "brown dog with frisbee", Mode.WORDS, attributes=Clause("cat"))
    dog = Clause("dog", ("brown",))
    offer = conditioned(query, Reading((dog,), "frisbee"))
    assert offer.attributes == Group("and", (dog, Clause("cat")))
    assert offer.text == "frisbee"


def test_a_condition_leaves_the_whole_text_to_rank_by_meaning_and_cuts_nothing_off() -> None:
    query = Query("ann", "brown dog", Mode.FUSED, semantic=b"vector")
    offer = conditioned(query, Reading((Clause("dog", ("brown",)),), None))
    assert (offer.text, offer.min_relevance) == ("brown dog", 0.0)


def test_meaning_alone_ends_where_it_stops_being_relevant_unless_asked_otherwise() -> None:
    query = Query("ann", "brown dog", Mode.FUSED, semantic=b"vector")
    assert unconditioned(query) == replace(query, min_relevance="auto")
    assert unconditioned(replace(query, min_relevance=0.5)).min_relevance == 0.5
    assert unconditioned(replace(query, semantic=None)).min_relevance is None
