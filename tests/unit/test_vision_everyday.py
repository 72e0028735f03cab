"""Every class of ImageNet has its everyday word, and captions are read by them."""

import numpy as np
import pytest

from captioner.vision.everyday import CLASSES, Everyday, everyday, read

TABLE = everyday()
WHOLE = {"words": {"thing": "0-999"}, "broader": {}, "spoken": {}, "unread": []}


def word_of(number: int) -> set[str]:
    return {word for word, counts in zip(TABLE.words, TABLE.members[number], strict=True) if counts}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, {"goldfish", "fish"}),
        (11, {"bird"}),
        (24, {"owl", "bird"}),
        (254, {"dog"}),
        (281, {"cat"}),
        (340, {"zebra"}),
        (404, {"airplane"}),
        (466, {"train"}),
        (579, {"piano"}),
        (812, {"rocket"}),
        (963, {"pizza", "food"}),
        (967, {"coffee", "cup"}),
        (968, {"cup"}),
        (985, {"flower"}),
        (999, {"toilet paper"}),
    ],
)
def test_a_class_is_called_what_people_call_it(number: int, words: set[str]) -> None:
    assert word_of(number) == words


def test_every_class_has_a_word() -> None:
    assert len(TABLE.words) == len(set(TABLE.words)) > 400
    assert (TABLE.members.sum(1) >= 1).all()
    assert TABLE.members.shape == (CLASSES, len(TABLE.words))


def test_a_table_that_leaves_a_class_out_or_names_it_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="class 7 has 0 everyday words"):
        read(WHOLE | {"words": {"thing": "0-6,8-999"}})
    with pytest.raises(ValueError, match="class 7 has 2 everyday words"):
        read(WHOLE | {"words": {"thing": "0-999", "dog": "7"}})


@pytest.mark.parametrize("part", ["broader", "spoken"])
def test_a_word_that_stands_for_none_is_refused(part: str) -> None:
    with pytest.raises(ValueError, match="no everyday word 'wombats'"):
        read(WHOLE | {part: {"animal": ["wombats"]}})


def mentioned(text: str, table: Everyday = TABLE) -> list[set[str]]:
    return [
        set.intersection(*(word_of(int(number)) for number in classes))
        for classes in table.mentioned(text)
    ]


def test_nouns_are_found_in_the_plural_and_by_other_names() -> None:
    assert mentioned("two dogs and a kitten chase butterflies") == [
        {"dog"},
        {"cat"},
        {"butterfly", "insect"},
    ]


def test_a_name_of_two_words_is_not_one_of_its_words() -> None:
    assert mentioned("a hot dog under a traffic light") == [{"hot dog", "food"}, {"traffic light"}]


@pytest.mark.parametrize(
    "text", ["", "a man and two children walk", "an orange shirt on top", "a fly ball"]
)
def test_people_and_words_meant_otherwise_are_not_read(text: str) -> None:
    assert all({"shirt"} == words for words in mentioned(text))


def test_the_classes_of_a_broader_word_are_those_of_its_words() -> None:
    (birds,) = TABLE.mentioned("birds")
    assert {7, 11, 24, 84, 145} <= set(birds.tolist())
    assert np.array_equal(birds, np.unique(birds))
