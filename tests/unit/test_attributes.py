"""Reading subjects, their colours and their actions out of captions."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.attributes import labels, measure
from chalicelib.attributes import base_form, basic_colour, extract, kin, normalised, singular
from chalicelib.images import MAX_ATTRIBUTES, Attribute, Garment

# caption → what is said of each subject, as "subject: colours; actions"
CAPTIONS = {
    "A black and white dog leaps over a log.": ["dog: black white; leap"],
    "A little girl in a pink dress and a brown dog are running on the beach": [
        "girl: pink; run",
        "dog: brown; run",
    ],
    "boy in a red shirt": ["boy: red;"],
    "A boy wearing a red shirt and blue shorts jumps over a green fence.": [
        "boy: red blue; jump",
        "fence: green;",
    ],
    "a man and a woman are walking": ["man: ; walk", "woman: ; walk"],
    "The boy and girl pose for a picture": ["boy: ; pose", "girl: ; pose"],
    "Two dogs play in the snow.": ["dog: ; play"],
    "Three smiling children swing at a playground": ["child: ; smile swing"],
    "A running dog": ["dog: ; run"],
    "The dog is brown and white.": ["dog: brown white;"],
    "A dog is being held by a man.": ["dog: ; hold", "man: ; hold"],
    "A man in a blue cowboy hat is riding a white horse": ["man: blue; ride", "horse: white;"],
    "A man without a shirt is not wearing a red hat.": ["man: ;"],
    "a boy is not running": ["boy: ;"],
    "A boy holding a stick and a girl holding a ball are smiling.": [
        "boy: ; hold smile",
        "girl: ; hold smile",
    ],
    "A man watches as a dog catches a yellow frisbee.": [
        "man: ; watch",
        "dog: ; catch",
        "frisbee: yellow;",
    ],
    "A group of young people dressed in black stand in line.": ["person: black; stand"],
    "Two people rock climbing": ["person: ; climb"],
    "A woman with red hair plays guitar and sings.": ["woman: red; play sing"],
    "The man who is wearing a navy jacket sits on a bench.": ["man: blue; sit"],
    "A man is sitting. He is smiling.": ["man: ; sit smile"],
    "A brown dog chases a black dog running through grass.": [
        "dog: brown; chase",
        "dog: black; run",
    ],
    "A soccer player kicks the ball": ["player: ; kick"],
    "A dog tries to catch a ball": ["dog: ; catch"],
    "Dog in plants crouches to look at camera": ["dog: ; crouch look"],
    "a red car": ["car: red;"],
    "An orange and white cat sleeps": ["cat: orange white; sleep"],
    "a red bus next to a white wall": ["bus: red;", "wall: white;"],
    "people aboard a white boat": ["person: ;", "boat: white;"],
    "a close up of a toilet with a banana on it": ["toilet: ;"],
    "close up of a brown cat sleeping": ["cat: brown; sleep"],
    "A black and white photo of a dog running": ["dog: ; run"],
    "a close-up view of a group of people eating": ["person: ; eat"],
    "a picture of a man hangs on the wall": ["picture: ; hang", "man: ;"],
    "the view of the mountains is blocked by a bus": ["view: ; block", "bus: ; block"],
    "close  up of a cat": ["cat: ;"],
    "A brown dog close to the camera": ["dog: brown;"],
    "There are two women walking": ["woman: ; walk"],
    "A person near a red brick building": ["person: ;", "building: red;"],
    "a fountain in a park": ["fountain: ;"],
    "A man does a trick while another man in a blue shirt watches.": [
        "man: ; do",
        "man: blue; watch",
    ],
    "A child is thrown in the air by an adult.": ["child: ; throw", "adult: ; throw"],
    "A man watches a black dog jump on a lawn.": ["man: ; watch", "dog: black; jump"],
    "Five kids are on a yellow ride.": ["kid: ;", "ride: yellow;"],
    "A girl holding a frilly white dress": ["girl: ; hold", "dress: white;"],
    "A man with his arms raised": ["man: ;"],
    "A man on a motorcycle is waving": ["man: ; wave", "motorcycle: ;"],
    "Mountain climbing gear": ["gear: ;"],
    "A greenish dog that belays": ["dog: green; belay"],
    "Men in black chasing a man in white": ["man: black; chase", "man: white;"],
    "A dog carrying something red": ["dog: ; carry"],
    "A brown dog and a girl in red": ["dog: brown;", "girl: red;"],
    "A man and a woman in a red dress": ["man: ;", "woman: red;"],
    "A man and a woman in white shirts": ["man: white;", "woman: white;"],
    "A man and a woman dressed in black": ["man: black;", "woman: black;"],
    "A scruffy looking man": ["man: ;"],
    "People in green shirts push a cannon": ["person: green; push"],
    "Two dogs try to get the frisbee": ["dog: ; get"],
}


def told(attribute: Attribute) -> str:
    colours, actions = " ".join(attribute.colours), " ".join(attribute.actions)
    return f"{attribute.subject}: {colours}; {actions}".replace(":  ;", ": ;").strip()


@pytest.mark.parametrize(("caption", "expected"), CAPTIONS.items())
def test_a_caption_is_read(caption: str, expected: list[str]) -> None:
    assert [told(attribute) for attribute in extract(caption)] == expected


def test_what_is_worn_is_named_with_its_colours() -> None:
    girl, dog = extract("A little girl in a pink dress and a brown dog are running on the beach")
    assert girl == Attribute("girl", ("pink",), ("run",), (Garment("dress", ("pink",)),))
    assert dog == Attribute("dog", ("brown",), ("run",))


def test_captions_nobody_wrote_rules_from_are_read_as_a_person_reads_them() -> None:
    captions = labels("held-out")
    measured = measure("own rules", extract, captions)
    assert len(captions) >= 200
    assert measured.colours.f1 >= 0.95
    assert measured.actions.f1 >= 0.91


@pytest.mark.parametrize("caption", ["", " ", "...", "123", "🐕", "¿?", "\0", "\ud800"])
def test_a_caption_that_says_nothing_has_no_attributes(caption: str) -> None:
    assert extract(caption) == []


@settings(max_examples=300)
@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    assert len(extract(text)) <= MAX_ATTRIBUTES


_ANY_WORDS = (
    "a the two dog dogs man people of group red black and , . is are running runs run wearing "
    "in with shirt not no who that by held to 's building swing while rock"
)
_WORDS = st.sampled_from(_ANY_WORDS.split(" "))


@settings(max_examples=300)
@given(st.lists(_WORDS, max_size=40))
def test_any_order_of_words_can_be_read(words: list[str]) -> None:
    for attribute in extract(" ".join(words)):
        assert attribute.subject == attribute.subject.lower()
        assert len(set(attribute.colours)) == len(attribute.colours)
        assert all(basic_colour(colour) == colour for colour in attribute.colours)


@pytest.mark.parametrize(
    "word", ["a ", "dog ", "running ", "group of ", "red and ", "very ", "is ", "a dog and "]
)
def test_a_monotonous_caption_of_full_length_takes_no_time(word: str) -> None:
    begin = time.process_time()
    extract(word * (2_000 // len(word)))
    assert time.process_time() - begin < 0.5


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("dogs", "dog"), ("men", "man"), ("women", "woman"), ("firemen", "fireman"),
        ("children", "child"), ("schoolchildren", "schoolchild"), ("puppies", "puppy"),
        ("benches", "bench"), ("boxes", "box"), ("glass", "glass"), ("bus", "bus"),
        ("horses", "horse"), ("tennis", "tennis"), ("gas", "gas"), ("as", "as"), ("", ""),
    ],
)  # fmt: skip
def test_plurals_become_singular(word: str, expected: str) -> None:
    assert singular(word) == expected


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("running", "run"), ("riding", "ride"), ("lying", "lie"), ("carried", "carry"),
        ("carries", "carry"), ("jumps", "jump"), ("held", "hold"), ("catches", "catch"),
        ("swimming", "swim"), ("falling", "fall"), ("zorbing", "zorb"),
        ("featuring", "feature"), ("encouraging", "encourage"),
        ("building", "build"), ("run", "run"), ("sing", "sing"), ("", ""),
    ],
)  # fmt: skip
def test_verbs_get_their_base_form(form: str, expected: str) -> None:
    assert base_form(form) == expected


def test_people_are_found_as_persons_and_never_the_other_way() -> None:
    assert {"boy", "woman", "surfer", "person"} <= kin("person")
    assert "person" not in kin("boy")
    assert {"dog", "puppy", "horse"} <= kin("animal")
    assert kin("teapot") == {"teapot"}


def test_an_uploaders_words_are_compared_in_the_same_forms() -> None:
    given_words = Attribute(" Dogs", ("Scarlet", "red", "plaid"), ("Running", "runs", " "))
    assert normalised(given_words) == Attribute("dog", ("red", "plaid"), ("run",))
