"""Captions are judged by the noun that they begin with."""

import json
from pathlib import Path

import pytest

from chalicelib.attributes import singular
from training.errors import TrainingError
from training.first_nouns import first_noun_right, first_nouns, read_labels


@pytest.mark.parametrize(
    ("caption", "nouns"),
    [
        ("a black dog runs through the snow", ("dog",)),
        ("Two dogs play", ("dog",)),
        ("a group of people standing in a field", ("person",)),
        ("a close up of a cat", ("cat",)),
        ("a close-up view of a cat", ("cat",)),
        ("a black and white photo of a bus", ("bus",)),
        ("a plate of food on a table", ("plate", "food")),
        ("a teddy bear sits on a bed", ("teddy bear",)),
        ("there is a toilet next to a sink", ("toilet",)),
        ("an orange and white cat", ("cat",)),
        ("a photograph", ("photograph",)),
        ("", ()),
    ],
)
def test_a_caption_begins_with_the_head_of_its_first_noun_phrase(
    caption: str, nouns: tuple[str, ...]
) -> None:
    assert first_nouns(caption) == nouns


def test_a_caption_is_right_where_any_of_its_first_nouns_is() -> None:
    labels = {"a.jpg": {"cat", "animal"}, "b.jpg": {"food"}}
    assert first_noun_right({"a.jpg": "a cat", "b.jpg": "a plate of food"}, labels) == 1
    assert first_noun_right({"a.jpg": "a dog and a cat", "b.jpg": "a plate of food"}, labels) == 0.5


def test_a_photograph_without_a_caption_counts_as_wrong() -> None:
    labels = {"a.jpg": {"cat"}, "b.jpg": {"dog"}}
    assert first_noun_right({"a.jpg": "a cat"}, labels) == 0.5


def test_the_labels_name_200_photographs_with_nouns_as_captions_are_read() -> None:
    labels = read_labels()
    assert len(labels) == 200
    for file, nouns in labels.items():
        assert nouns, file
        assert all(noun == noun.lower() and noun == singular(noun) for noun in nouns), file


def test_a_line_that_is_no_label_is_named(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps({"file": "a.jpg", "nouns": ["cat"]}) + "\n" + '{"file": "b.jpg"}\n')
    with pytest.raises(TrainingError, match=r"labels\.jsonl line 2"):
        read_labels(path)
