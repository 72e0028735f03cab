"""Names and beings that no list holds are subjects by where they stand and what follows them."""

from collections.abc import Iterator
from itertools import pairwise, product

import pytest

from chalicelib.attributes import extract, singular
from chalicelib.attributes.kinds import participle

NAMES = ("Anna", "Rex", "Lukas", "Mia", "Fido", "Grandpa", "Grandma", "Oliver", "Zoe", "Santa")
BEINGS = (
    "knight", "astronaut", "robot", "wizard", "queen", "goblin", "mermaid", "commuter", "violinist",
    "pharaoh", "gladiator", "dentist", "zombie", "ghost",
)  # fmt: skip
# Third person, base form, and what may follow.
DONE = (
    ("rides", "ride", "a red bike"),
    ("runs", "run", "on the beach"),
    ("walks", "walk", "the dog"),
    ("jumps", "jump", "over a fence"),
    ("sleeps", "sleep", "under a tree"),
    ("dances", "dance", "with a friend"),
    ("swims", "swim", "in the lake"),
    ("climbs", "climb", "a wall"),
    ("plays", "play", "with a ball"),
    ("waves", "wave", "to the crowd"),
    ("fishes", "fish", "from a boat"),
    ("skates", "skate", "down the street"),
    ("works", "work", "at a desk"),
    ("drinks", "drink", "coffee"),
)
SUBJECTS = [*NAMES, *(f"{article} {being}" for being, article in product(BEINGS, ("The", "A")))]


def sentences() -> Iterator[tuple[str, str, str]]:
    """Yield sentences with the subject and the action that they tell of."""
    for subject, (verb, base, more) in product(SUBJECTS, DONE):
        head = subject.split()[-1].lower()
        for told in (verb, f"{verb} {more}", f"is {participle(base)}"):
            yield f"{subject} {told}", head, base
    for (one, other), (_, base, more) in product(pairwise(NAMES), DONE):
        yield f"{one} and {other} {base} {more}", one.lower(), base
    for being, (_, base, more) in product(BEINGS, DONE):
        yield f"Two {being}s {base} {more}", being, base


def is_read(sentence: str, subject: str, action: str) -> bool:
    return any((one.subject, action in one.actions) == (subject, True) for one in extract(sentence))


def test_nearly_all_sentences_about_names_and_unlisted_beings_are_read() -> None:
    asked = [*sentences()]
    wrong = [sentence for sentence, *told in asked if not is_read(sentence, *told)]
    assert len(asked) > 1_500
    assert len(wrong) / len(asked) <= 0.05, wrong


@pytest.mark.parametrize(
    ("caption", "subject"),
    [
        ("Street signs on a pole", "sign"),
        ("Water slides at a park", "slide"),
        ("Two ski lifts over the snow", "lift"),
        ("Sale signs in a shop window", "sign"),
        ("Teddy bears on a shelf", "teddy bear"),
        ("A hot dog on a plate", "hot dog"),
    ],
)
def test_what_only_looks_like_a_verb_is_a_noun(caption: str, subject: str) -> None:
    first = extract(caption)[0]
    assert (first.subject, first.actions) == (subject, ())


def test_plurals_are_undone_as_a_dictionary_has_them() -> None:
    words = ("zombies", "cookies", "Lukas".lower(), "cameras", "buses", "heroes")
    assert [*map(singular, words)] == ["zombie", "cookie", "lukas", "camera", "bus", "hero"]
