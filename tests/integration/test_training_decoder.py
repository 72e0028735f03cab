"""The decoder while it is trained: it learns, by every option, what it is shown."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

import tensorflow as tf

from captioner.vision.decoder import Decoder
from captioner.vision.text import END, PAD, SPECIALS, START, Tokenizer
from training.arrays import Arrays
from training.batches import drawn, encoded, like_lengths, padded, rows_of
from training.captioning import Captioned, Recipe, Validation, train_decoder, write_captions
from training.decoder import Shape, TrainableDecoder
from training.self_critical import SHARES, CriticalRecipe, best_between, train_on_cider

pytestmark = [pytest.mark.training, pytest.mark.slow]

THINGS = ("dog", "boy", "car", "ball")
PLACES = ("grass", "snow", "water")
WORDS = Tokenizer(["a", "in", "the", "runs", *THINGS, *PLACES], captioned=15)
QUICK = {"epochs": 5, "batch": 12, "rate": 3e-3, "seed": 2}


def shown(copies: int, seed: int) -> Captioned:
    """Maps whose first cell tells the thing and whose last one the place."""
    rng, maps, captions = np.random.default_rng(seed), [], []
    for thing in range(len(THINGS)):
        for place in range(len(PLACES)):
            for _ in range(copies):
                map_ = rng.normal(0, 0.1, (2, 2, 8))
                map_[0, 0, thing] += 2
                map_[1, 1, 4 + place] += 2
                maps.append(map_)
                text = f"a {THINGS[thing]} runs in the {PLACES[place]}"
                captions.append([text, text.replace("a ", "the ", 1)])
    return Captioned(np.stack(maps).astype(np.float16)[None], captions)


TRAIN, DEV = shown(8, 1), shown(1, 2)


def learnt(out: Path, **more: object) -> Arrays:
    settings = QUICK | {"smoothing": 0.0, "dropout": 0.0} | more
    return train_decoder(Recipe(**settings), WORDS, TRAIN, Validation(DEV), out=out)  # type: ignore[arg-type]


def right(arrays: Arrays) -> float:
    """Share of dev captions that name the thing and the place."""
    texts = write_captions(arrays, WORDS, DEV.maps[0], 1)
    wanted = [set(group[0].split()) & {*THINGS, *PLACES} for group in DEV.captions]
    return float(np.mean([w <= set(t.split()) for w, t in zip(wanted, texts, strict=True)]))


def decoder(seed: int = 3, precision: object = tf.float32) -> TrainableDecoder:
    shape = Shape(WORDS.captioned, 4, 8, word=12, state=16, attention=10)
    plain = np.zeros(8, np.float32), np.ones(8, np.float32)
    return TrainableDecoder(shape, *plain, seed=seed, dropout=0.0, precision=precision)


def captions() -> npt.NDArray[Any]:
    return padded([encoded(WORDS, "a dog runs in the snow"), encoded(WORDS, "a boy runs")])


@pytest.mark.parametrize(
    "option",
    [{}, {"smoothing": 0.1}, {"dropout": 0.2}, {"precision": tf.bfloat16}],
    ids=["plain", "smoothed", "dropout", "bfloat16"],
)
def test_it_learns_what_maps_show(option: dict[str, object], tmp_path: Path) -> None:
    assert right(learnt(tmp_path, **option)) > 0.9


def test_a_seed_makes_every_random_choice(tmp_path: Path) -> None:
    once, again = (learnt(tmp_path / name, epochs=1, dropout=0.5) for name in ("a", "b"))
    assert all(np.allclose(once[name], again[name], atol=1e-3) for name in once)
    recipe = CriticalRecipe(epochs=1, photographs=12, rate=2e-3, seed=3)
    for name in ("c", "d"):
        train_on_cider(recipe, WORDS, once, TRAIN, Validation(DEV), out=tmp_path / name)
    (first, second) = (lines(tmp_path / name / "critical.jsonl") for name in ("c", "d"))
    assert first[0]["reward"] == pytest.approx(second[0]["reward"], rel=0.01)


def test_training_on_cider_raises_the_reward(tmp_path: Path) -> None:
    arrays = learnt(tmp_path, epochs=1)
    recipe = CriticalRecipe(epochs=6, photographs=12, rate=2e-3, seed=3)
    better = train_on_cider(recipe, WORDS, arrays, TRAIN, Validation(DEV), out=tmp_path)
    rewards = [line["reward"] for line in lines(tmp_path / "critical.jsonl")]
    assert len(rewards) == 6
    assert rewards[-1] > 1.2 * rewards[0]
    assert right(better) >= right(arrays)
    between = lines(tmp_path / "between.jsonl")
    assert [line["share"] for line in between] == list(SHARES)
    scores = Validation(DEV).scores(better, WORDS, recipe.beam)
    assert scores["score"] >= max(line["score"] for line in between)


def test_weights_halfway_are_taken_where_they_are_best(tmp_path: Path) -> None:
    before: Arrays = {"a": np.zeros(2, np.float32)}
    after: Arrays = {"a": np.full(2, 4, np.float32)}

    def scored(arrays: Arrays) -> dict[str, float]:
        return {"score": -abs(float(arrays["a"][0]) - 2.0)}

    log = tmp_path / "between.jsonl"
    assert best_between(before, after, -2.0, scored, log)["a"].tolist() == [2, 2]
    assert best_between(before, after, 0.0, scored, log) is before
    assert len(lines(log)) == len(SHARES)


class Cut(Exception):
    """The machine is gone."""


class CutAfter(list[list[str]]):
    """Captions that end the process when they are read once too often."""

    def __init__(self, captions: Sequence[list[str]], reads: int) -> None:
        super().__init__(captions)
        self._left = reads

    def __iter__(self) -> Iterator[list[str]]:
        self._left -= 1
        if self._left < 0:
            raise Cut
        return super().__iter__()


def lines(path: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_that_was_cut_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    recipe = Recipe(**QUICK | {"epochs": 3, "dropout": 0.0})  # type: ignore[arg-type]
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    train_decoder(recipe, WORDS, TRAIN, Validation(DEV), out=whole, resume=True)
    dying = Captioned(DEV.maps, CutAfter([*DEV.captions], 1))  # type: ignore[list-item]
    with pytest.raises(Cut):
        train_decoder(recipe, WORDS, TRAIN, Validation(dying), out=cut, resume=True)
    assert len(lines(cut / "decoder.jsonl")) == 1
    train_decoder(recipe, WORDS, TRAIN, Validation(DEV), out=cut, resume=True)
    expected, found = lines(whole / "decoder.jsonl"), lines(cut / "decoder.jsonl")
    assert [line["epoch"] for line in found] == [1, 2, 3]
    assert [line["loss"] for line in found] == pytest.approx(
        [line["loss"] for line in expected], rel=0.02
    )


def test_a_run_that_had_ended_trains_no_more(tmp_path: Path) -> None:
    recipe = Recipe(**QUICK | {"epochs": 2})  # type: ignore[arg-type]
    first = train_decoder(recipe, WORDS, TRAIN, Validation(DEV), out=tmp_path, resume=True)
    unread = Captioned(DEV.maps, CutAfter([], 0))
    again = train_decoder(recipe, WORDS, TRAIN, Validation(unread), out=tmp_path, resume=True)
    assert all(np.array_equal(first[name], again[name]) for name in first)


def test_a_served_decoder_goes_on_training_as_it_was() -> None:
    mean, std = np.linspace(0, 1, 8, dtype=np.float32), np.linspace(1, 3, 8, dtype=np.float32)
    shape = Shape(WORDS.captioned, 4, 8)
    network = TrainableDecoder(shape, mean, std, seed=1, dropout=0.0)
    trained = {name: variable.numpy() for name, variable in network.variables.items()}
    again = network.unfolded(network.arrays())
    assert all(np.allclose(again[name], trained[name], atol=1e-5) for name in trained)
    assert not np.allclose(network.arrays()["keys"], trained["keys"])


def test_it_serves_as_it_was_trained(tmp_path: Path) -> None:
    network = decoder()
    map_ = np.random.default_rng(4).normal(size=(2, 2, 8)).astype(np.float32)
    serving, state = Decoder(network.arrays()), None
    begun, word = network.begin(map_.reshape(1, 4, 8)), START
    state = serving.start(map_)
    for _ in range(4):
        logits, begun, attention = network.advance(begun, tf.constant([word]))
        log_probs, state, looked = serving.step(state, np.array([word]))
        assert np.allclose(tf.nn.log_softmax(logits), log_probs, atol=1e-5)
        assert np.allclose(attention, looked, atol=1e-5)
        word = int(np.argmax(log_probs))


def test_teacher_forcing_and_one_word_at_a_time_agree() -> None:
    network, texts = decoder(), captions()
    maps = tf.constant(np.random.default_rng(5).normal(size=(2, 4, 8)), tf.float32)
    at_once = network.logits(maps, tf.constant(texts[:, :-1]), training=False)
    begun = network.begin(maps)
    for at in range(3):
        logits, begun, _ = network.advance(begun, tf.constant(texts[:, at]))
        assert np.allclose(logits, at_once[:, at], atol=1e-5)


def test_an_epoch_reads_no_more_captions_of_a_photograph_than_asked() -> None:
    rows = rows_of(WORDS, [["a dog"] * 50, ["a boy"] * 3, ["a car"]])
    some = drawn(np.random.default_rng(8), rows, 5)
    assert [sum(owner == photograph for owner, _ in some) for photograph in range(3)] == [5, 3, 1]


def test_an_epoch_reads_other_captions_of_a_photograph_than_the_last() -> None:
    rows = rows_of(WORDS, [[f"a {thing}" for thing in THINGS]])
    seen = {drawn(np.random.default_rng(seed), rows, 1)[0][1][2] for seed in range(30)}
    assert len(seen) == len(THINGS)


def test_a_view_may_be_mirrored_and_is_of_the_photograph_asked_for() -> None:
    maps = np.arange(2 * 3 * 2 * 2 * 1).reshape(2, 3, 2, 2, 1).astype(np.float16)
    seen = Captioned(maps, [], mirrored=True).seen(np.random.default_rng(9), [1] * 64)
    found = {tuple(map_.ravel().tolist()) for map_ in seen}
    views = [tuple(maps[view, 1].ravel().tolist()) for view in range(2)]
    mirrored = [tuple(maps[view, 1, :, ::-1].ravel().tolist()) for view in range(2)]
    assert found == {*views, *mirrored}


def test_epochs_are_chosen_by_dev_and_everyday_photographs(tmp_path: Path) -> None:
    everyday = Captioned(DEV.maps, [["a zebra on the sand"]] * len(DEV.captions))
    recipe = Recipe(**QUICK | {"epochs": 1})  # type: ignore[arg-type]
    train_decoder(recipe, WORDS, TRAIN, Validation(DEV, everyday, 1.0), out=tmp_path)
    line = lines(tmp_path / "decoder.jsonl")[0]
    assert line["dev_cider"] > line["everyday_cider"]
    mean = (line["dev_cider"] + line["everyday_cider"]) / 2
    assert line["score"] == pytest.approx(mean, abs=0.01)


def test_batches_hold_every_caption_once_with_little_padding() -> None:
    rows = rows_of(WORDS, [["a dog"] * 3, ["a dog runs in the snow"] * 3, ["a boy runs"] * 3])
    batches = like_lengths(np.random.default_rng(7), rows, 3)
    assert sorted(row for batch in batches for row in batch) == sorted(rows)
    assert all((padded([text for _, text in batch]) == PAD).mean() < 0.5 for batch in batches)


def test_rare_and_long_captions_are_cut_to_what_the_decoder_writes() -> None:
    numbers = encoded(WORDS, "a zebra " * 30)
    assert numbers[0] == START
    assert numbers[-1] == END
    assert len(numbers) == 22
    assert SPECIALS[numbers[2]] == "<unk>"
