"""What is made of a text of the search box: subjects, what is left, what was mistyped."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.search import Clause
from chalicelib.search.reading import Reading, read
from chalicelib.search.spelling import (
    corrected,
    distance,
    edits,
    last_word,
    near_words,
    nearest_of,
    unsure,
)
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


def test_of_equally_near_words_the_commoner_one_is_meant() -> None:
    assert nearest_of("dgo", ["ago", "dog", "dig"]) == "ago"
    assert nearest_of("kichen", ["dog", "chicken", "kitchen"]) == "kitchen"
    assert nearest_of("xylophone", ["dog"]) is None


EVERYDAY = """
fog tea map rain fridge party man men team ruin bridge part cake lake coffee toffee sofa soda wine
pine boat goat hat cat bat coat moat road toad mouse house horse nurse purse bread beard bear pear
deer beer sheep ship train brain plane plate glass grass class moon spoon noon snow show river liver
summit selfie smartphone laptop toddler picnic barbecue sunset selfies skiing hiking wedding bride
groom funeral birthday concert parade market fireworks lightning rainbow mountain fountain valley
alley volley trolley castle cattle kettle nettle puddle paddle saddle granny nanny daddy mummy uncle
auntie cousin neighbour teacher doctor nurse sailor tailor soldier chef thief queen king knight
witch wizard ghost dragon unicorn mermaid fairy pirate astronaut robot drone scooter tractor lorry
caravan tram ferry canoe kayak yacht harbour pier beach peach coast toast roast ghost cliff cave
wave cove dove glove love stove pasta pizza sushi burger waffle omelette cheese chess grapes drapes
"""


@pytest.mark.parametrize("word", sorted(set(EVERYDAY.split())))
def test_a_word_that_english_has_is_never_doubted(word: str) -> None:
    assert unsure(parse(word)) == ()


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
