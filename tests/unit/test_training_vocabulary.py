"""The vocabulary is counted on training captions, the same every time."""

from training.vocabulary import frequent_words, word_targets

CAPTIONS = [["A dog runs .", "the dog"], ["A cat ."]]


def test_words_come_by_frequency_then_by_the_alphabet() -> None:
    assert frequent_words(CAPTIONS) == ["a", "dog", "cat", "runs", "the"]


def test_rare_words_are_left_out() -> None:
    assert frequent_words(CAPTIONS, at_least=2) == ["a", "dog"]


def test_a_photograph_has_the_words_of_any_of_its_captions() -> None:
    assert word_targets(CAPTIONS, ["dog", "cat", "runs"]).tolist() == [[1, 0, 1], [0, 1, 0]]
