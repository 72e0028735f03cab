"""Labels say what is seen, whatever the caption says."""

import numpy as np
import pytest

from captioner.vision.labels import FURTHEST, Labels, entropy, softmax
from captioner.vision.text import F32

PUG, LABRADOR, TABBY, OWL, JAY = 254, 208, 281, 24, 17


def head(**shown: float) -> tuple[Labels, F32]:
    """A head that sees the given classes with the given probabilities, and its map."""
    rest = (1 - sum(shown.values())) / (1000 - len(shown))
    probabilities = np.full(1000, rest, np.float32)
    for name, probability in shown.items():
        probabilities[int(name[1:])] = probability
    weights = {
        "labels/kernel": np.zeros((3, 1000), np.float32),
        "labels/bias": np.log(probabilities),
        "labels/usual": np.full(1000, 0.001, np.float32),
    }
    return Labels(weights), np.ones((2, 2, 3), np.float32)


def test_probabilities_come_of_the_mean_of_the_map() -> None:
    rng = np.random.default_rng(1)
    weights = {
        "labels/kernel": rng.normal(size=(3, 1000)).astype(np.float32),
        "labels/bias": rng.normal(size=1000).astype(np.float32),
        "labels/usual": np.full(1000, 0.001, np.float32),
    }
    map_ = rng.random((4, 5, 3), np.float32)
    found = Labels(weights).probabilities(map_)
    wanted = softmax(map_.mean((0, 1)) @ weights["labels/kernel"] + weights["labels/bias"])
    assert found == pytest.approx(wanted, abs=1e-7)
    assert found.dtype == np.float32
    assert found.sum() == pytest.approx(1, abs=1e-5)


def test_classes_of_one_word_are_summed() -> None:
    labels, map_ = head(c254=0.3, c208=0.4, c281=0.2)
    dog, cat = labels.named(labels.probabilities(map_))
    assert (dog.word, cat.word) == ("dog", "cat")
    assert [dog.probability, cat.probability] == pytest.approx([0.71, 0.2], abs=0.02)


def test_a_narrower_word_comes_before_a_broader_one_that_is_as_probable() -> None:
    labels, map_ = head(c24=0.9999999)
    assert [label.word for label in labels.named(labels.probabilities(map_))] == ["owl", "bird"]


def test_what_is_unlikely_is_not_named_and_five_words_are_the_most() -> None:
    labels, map_ = head(c281=0.95)
    assert [label.word for label in labels.named(labels.probabilities(map_))] == ["cat"]
    many, map_ = head(c281=0.14, c254=0.14, c24=0.14, c1=0.14, c963=0.14, c340=0.14)
    assert len(many.named(many.probabilities(map_))) == 5


def test_a_caption_of_a_dog_loses_where_a_cat_is_seen() -> None:
    labels, map_ = head(c281=0.9)
    seen = labels.probabilities(map_)
    dog, cat = (labels.agreement(f"a {name} on a bed", seen) for name in ("dog", "cat"))
    assert dog < 0 < cat


def test_a_caption_that_names_nothing_known_is_neither_for_nor_against() -> None:
    labels, map_ = head(c281=0.9)
    assert labels.agreement("a man and two boys smile", labels.probabilities(map_)) == 0


def test_one_unlikely_noun_is_no_more_than_so_much_against_a_caption() -> None:
    labels, map_ = head(c281=0.9999)
    seen = labels.probabilities(map_)
    assert labels.agreement("a zebra", seen) == pytest.approx(-FURTHEST, abs=2)
    assert labels.agreement("a zebra", seen) >= -FURTHEST


def test_entropy_is_nothing_where_one_class_is_sure_and_most_where_none_is() -> None:
    sure = np.zeros(1000, np.float32)
    sure[0] = 1
    assert entropy(sure) == pytest.approx(0, abs=1e-3)
    assert entropy(np.full(1000, 0.001, np.float32)) == pytest.approx(np.log(1000), abs=1e-3)
