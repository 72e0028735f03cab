"""The tokenizer reads words as people type them and never fails on a text."""

import json
from pathlib import Path

import pytest

from captioner.vision.manifest import BundleError
from captioner.vision.text import UNKNOWN, Tokenizer, words_of

WORDS = Tokenizer(["a", "dog", "puppy", "beach", "t-shirt"], captioned=6)


def test_words_are_lower_case_and_keep_inner_hyphens_and_apostrophes() -> None:
    assert words_of("A man 's T-shirt, wet!") == ["a", "man's", "t-shirt", "wet"]


@pytest.mark.parametrize(
    ("plural", "singular"), [("dogs", "dog"), ("puppies", "puppy"), ("beaches", "beach")]
)
def test_a_plural_is_read_as_its_known_singular(plural: str, singular: str) -> None:
    assert WORDS.encode(plural) == WORDS.encode(singular)


@pytest.mark.parametrize("text", ["zebra", "s", "ies"])
def test_a_word_never_seen_is_unknown(text: str) -> None:
    assert WORDS.encode(text) == [UNKNOWN]


@pytest.mark.parametrize("text", ["", "  ", "!!!", "🐕"])
def test_a_text_without_words_has_no_numbers(text: str) -> None:
    assert WORDS.encode(text) == []


def test_a_file_that_is_no_tokenizer_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"words": 3}))
    with pytest.raises(BundleError, match=r"tokenizer\.json"):
        Tokenizer.read(path)
