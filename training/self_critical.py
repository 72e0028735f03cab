"""Training the decoder on CIDEr itself, by the captions it samples.

Self-critical sequence training (Rennie 2017) with the mean of a photograph's other
samples as the baseline (Luo 2020): what scores above its siblings is made likelier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.tokenizer import END, Tokenizer
from training.arrays import F16, F32, I32, Arrays, Tensor
from training.batches import encoded
from training.captioning import Captioned, write_captions
from training.decoder import TrainableDecoder
from training.epochs import Epochs
from training.reward import CiderReward
from training.scores import cider

__all__ = ["CriticalRecipe", "train_on_cider"]


@dataclass(frozen=True)
class CriticalRecipe:
    """How the decoder goes on training. ``samples`` captions are drawn of each photograph."""

    epochs: int = 3
    photographs: int = 24
    samples: int = 5
    rate: float = 2e-5
    longest: int = 18
    beam: int = 1
    seed: int = 1
    precision: Tensor = tf.float32


def train_on_cider(
    recipe: CriticalRecipe,
    words: Tokenizer,
    decoder: Arrays,
    train: Captioned,
    dev: Captioned,
    *,
    out: Path,
    resume: bool = False,
) -> Arrays:
    """Go on from a decoder's weights; give the best epoch's by dev CIDEr, or those given.

    ``out/critical.jsonl`` has a line an epoch. ``resume`` as `train_decoder` takes it.
    """
    numbers = [[encoded(words, text)[1:] for text in group] for group in train.captions]
    positions = train.maps.shape[2] * train.maps.shape[3]
    network = TrainableDecoder.serving(decoder, positions, recipe.precision)
    reward = CiderReward(numbers)
    steps = recipe.epochs * (len(train.captions) // recipe.photographs + 1)
    reinforce = _Reinforce(network, recipe, steps)
    epochs = Epochs(out, "critical", reinforce.state, resume=resume)
    before = cider(write_captions(decoder, words, dev.maps[0], recipe.beam), dev.captions)
    for epoch in range(epochs.done + 1, recipe.epochs + 1):
        rng = np.random.default_rng((recipe.seed, epoch))
        rewards = [
            reinforce(rows, _seen(rng, train.maps, rows), reward)
            for rows in _batches(rng, len(train.captions), recipe.photographs)
        ]
        arrays = network.arrays()
        score = cider(write_captions(arrays, words, dev.maps[0], recipe.beam), dev.captions)
        entry = {"epoch": epoch, "reward": round(float(np.mean(rewards)), 4), "dev_cider": score}
        epochs.keep(entry, arrays)
    return epochs.best(at_least=before) or decoder


def _batches(rng: np.random.Generator, count: int, size: int) -> Iterator[I32]:
    order = rng.permutation(count).astype(np.int32)
    for start in range(0, count, size):
        yield order[start : start + size]


def _seen(rng: np.random.Generator, maps: F16, rows: I32) -> F32:
    chosen = maps[rng.integers(0, len(maps), len(rows)), rows]
    return chosen.reshape(len(rows), -1, maps.shape[-1]).astype(np.float32)


class _Reinforce:
    """One step: sample, score against the siblings, descend."""

    def __init__(self, network: TrainableDecoder, recipe: CriticalRecipe, steps: int) -> None:
        self._network, self._recipe = network, recipe
        self._variables = list(network.variables.values())
        rate = tf.keras.optimizers.schedules.CosineDecay(recipe.rate, steps, alpha=0.05)
        self._optimizer = tf.keras.optimizers.Adam(rate, global_clipnorm=1.0)
        self._optimizer.build(self._variables)
        self._sample = tf.function(
            lambda maps: network.sample(maps, recipe.longest), autograph=False
        )
        self._descend = tf.function(self._descended, autograph=False)

    @property
    def state(self) -> list[Tensor]:
        """Everything that a step changes."""
        return [*self._variables, *self._optimizer.variables]

    def __call__(self, rows: I32, maps: F32, reward: CiderReward) -> float:
        """Give the mean reward of the captions sampled."""
        count = self._recipe.samples
        repeated = tf.constant(np.repeat(maps, count, 0))
        captions = self._sample(repeated).numpy()
        owners = np.repeat(rows, count)
        scores = [reward.score(int(o), _ended(c)) for o, c in zip(owners, captions, strict=True)]
        siblings = np.array(scores, np.float32).reshape(-1, count)
        others = (siblings.sum(1, keepdims=True) - siblings) / (count - 1)
        self._descend(repeated, tf.constant(captions), tf.constant((siblings - others).ravel()))
        return float(siblings.mean())

    def _descended(self, maps: Tensor, captions: Tensor, advantage: Tensor) -> None:
        with tf.GradientTape() as tape:
            loss = self._network.reinforcement(maps, captions, advantage)
        gradients = [tf.convert_to_tensor(g) for g in tape.gradient(loss, self._variables)]
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))


def _ended(caption: I32) -> list[int]:
    words = [int(word) for word in caption[1:]]
    return words[: words.index(END) + 1] if END in words else words
