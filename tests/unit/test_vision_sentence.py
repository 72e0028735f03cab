"""Captions from elsewhere come under the same rules."""

import pytest

from captioner.vision.sentence import tidy


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("a a dog runs", "a dog runs"),
        ("a dog runs in a", "a dog runs"),
        ("a dog with the", "a dog"),
        ("a dog and", "a dog"),
        ("a <unk> dog", "a dog"),
        ("a dog <unk> dog", "a dog"),
        ("in the", ""),
        ("", ""),
    ],
)
def test_tidy_removes_repeats_unknown_words_and_dangling_ends(said: str, kept: str) -> None:
    assert tidy(said) == kept
