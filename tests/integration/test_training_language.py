"""The decoder learns English from captions alone, and photographs teach it the rest."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from captioner.vision.text import Tokenizer
from training.captioning import Captioned, Recipe, Validation, train_decoder, train_language
from training.decoder import LANGUAGE, Shape, TrainableDecoder
from training.logs import read_log

pytestmark = [pytest.mark.training, pytest.mark.slow]

THINGS = ("dog", "boy", "car", "ball")
WORDS = Tokenizer(["a", "in", "the", "runs", "grass", *THINGS], captioned=13)
TEXTS = [f"a {thing} runs in the grass" for thing in THINGS] * 16
RECIPE = Recipe(epochs=4, batch=8, rate=4e-3, dropout=0.0, smoothing=0.0, seed=2)


def shown(captions: list[str]) -> Captioned:
    maps = np.random.default_rng(1).normal(size=(1, len(captions), 2, 2, 8))
    return Captioned(maps.astype(np.float16), [[text] for text in captions])


DEV = Validation(shown(TEXTS[:4]), shown(["the grass runs in a ball"]))


def test_captions_become_likely_and_word_salad_does_not(tmp_path: Path) -> None:
    train_language(RECIPE, WORDS, TEXTS, DEV, out=tmp_path)
    lines = read_log(tmp_path / "language.jsonl")
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    # Four things are equally likely, and all else is certain: the seventh root of four.
    assert lines[-1]["dev_perplexity"] == pytest.approx(4 ** (1 / 7), abs=0.1)
    assert lines[-1]["everyday_perplexity"] > 3 * lines[-1]["dev_perplexity"]


def test_a_run_goes_on_after_its_last_epoch(tmp_path: Path) -> None:
    first = train_language(RECIPE, WORDS, TEXTS, DEV, out=tmp_path, resume=True)
    again = train_language(RECIPE, WORDS, ["dog"] * 64, DEV, out=tmp_path, resume=True)
    assert {name: array.tobytes() for name, array in again.items()} == {
        name: array.tobytes() for name, array in first.items()
    }


def test_it_teaches_nothing_of_the_map(tmp_path: Path) -> None:
    assert set(train_language(RECIPE, WORDS, TEXTS, DEV, out=tmp_path)) == set(LANGUAGE)


def test_training_on_photographs_begins_from_what_texts_taught(tmp_path: Path) -> None:
    recipe = Recipe(epochs=1, batch=4, seed=3, dropout=0.0)
    begun = train_language(RECIPE, WORDS, TEXTS, DEV, out=tmp_path)
    for name, weights in (("from-texts", begun), ("from-nothing", None)):
        train_decoder(recipe, WORDS, shown(TEXTS), DEV, out=tmp_path / name, begun=weights)
    taught, untaught = (
        read_log(tmp_path / name / "decoder.jsonl")[0]["loss"]
        for name in ("from-texts", "from-nothing")
    )
    assert taught < 0.7 * untaught


def test_with_nothing_to_look_at_a_map_of_nothing_says_the_same() -> None:
    network = TrainableDecoder(
        Shape(WORDS.captioned, 1, 8, word=12, state=16, attention=10),
        np.zeros(8, np.float32),
        np.ones(8, np.float32),
        seed=4,
        dropout=0.0,
    )
    texts = np.array([WORDS.encode("a dog runs"), WORDS.encode("the boy runs")])
    looked = network.logits(np.zeros((2, 1, 8), np.float32), texts, training=False)
    assert np.allclose(network.language(texts, training=False), looked, atol=1e-5)
