"""The vocabulary is counted on training captions, the same every time."""

from captioner.vision.text import SPECIALS
from training.vocabulary import WRITTEN_IN_TEXTS, frequent_words, vocabulary, word_targets

CAPTIONS = [["A dog runs .", "the dog"], ["A cat ."]]


def test_words_come_by_frequency_then_by_the_alphabet() -> None:
    assert frequent_words(CAPTIONS) == ["a", "dog", "cat", "runs", "the"]


def test_rare_words_are_left_out() -> None:
    assert frequent_words(CAPTIONS, at_least=2) == ["a", "dog"]


def test_a_photograph_has_the_words_of_any_of_its_captions() -> None:
    assert word_targets(CAPTIONS, ["dog", "cat", "runs"]).tolist() == [[1, 0, 1], [0, 1, 0]]


def written(captions: list[list[str]], texts: list[str]) -> set[str]:
    words = vocabulary(captions, texts)
    return set(words.words[len(SPECIALS) : words.captioned])


def test_a_word_of_five_captions_can_be_written_and_of_two_be_searched_by() -> None:
    words = vocabulary([["dog"] * 5, ["cat"] * 4, ["pig", "pig"], ["owl"]])
    assert words.words[len(SPECIALS) :] == ("dog", "cat", "pig")
    assert words.captioned == len(SPECIALS) + 1


def test_what_texts_often_name_can_be_written_once_photographs_show_it() -> None:
    texts = ["giraffe"] * WRITTEN_IN_TEXTS + ["unicorn"] * 1000
    assert written([["giraffe", "giraffe", "owl"]], texts) == {"giraffe"}
    assert written([["giraffe", "giraffe", "owl"]], texts[1:49]) == set()


def test_words_that_can_be_written_have_the_first_numbers() -> None:
    words = vocabulary([["dog"] * 5], ["unicorn"] * 1000)
    assert words.words[len(SPECIALS) :] == ("dog", "unicorn")
