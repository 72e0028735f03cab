"""Training the decoder: teacher forcing, smoothed labels, the epoch chosen by dev CIDEr."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision import beam
from captioner.vision.decoder import Decoder
from captioner.vision.sentence import Rules
from captioner.vision.tokenizer import Tokenizer
from training.arrays import F16, I32, Arrays, Tensor
from training.average import Average
from training.batches import Row, fed, like_lengths, padded, rows_of
from training.decoder import Shape, TrainableDecoder
from training.descent import annealed
from training.epochs import Epochs
from training.scores import cider

__all__ = ["Captioned", "Recipe", "train_decoder", "write_captions"]


@dataclass(frozen=True)
class Recipe:
    """How the decoder is trained.

    ``scheduled`` is the share of words that, by the last epoch, are read as the decoder
    itself would have written them; it grows from nothing. ``beam`` is the width that
    epochs are compared at; ``precision`` what products are computed in.
    """

    epochs: int = 12
    batch: int = 96
    rate: float = 1e-3
    dropout: float = 0.3
    smoothing: float = 0.1
    scheduled: float = 0.0
    beam: int = 1
    seed: int = 1
    minutes: float = 60.0
    precision: Tensor = tf.float32

    def scheduled_at(self, epoch: int) -> float:
        """Share of words to sample in an epoch, 1 being the first."""
        return self.scheduled * (epoch - 1) / max(1, self.epochs - 1)


@dataclass(frozen=True)
class Captioned:
    """Maps float16 (views, n, h, w, c) of photographs, and the captions people wrote."""

    maps: F16
    captions: Sequence[Sequence[str]]


def train_decoder(
    recipe: Recipe,
    words: Tokenizer,
    train: Captioned,
    dev: Captioned,
    out: Path,
    *,
    resume: bool = False,
) -> Arrays:
    """Train, keep one checkpoint an epoch in ``out``, return the best by dev CIDEr.

    ``out/decoder.jsonl`` has a line an epoch. An epoch's checkpoint holds the
    exponential average of the weights. With ``resume`` the whole state is kept too, and
    a run that was cut goes on after its last whole epoch.
    """
    decoder = _decoder(recipe, words, train.maps)
    rows = rows_of(words, train.captions)
    steps = recipe.epochs * (1 + len(rows) // recipe.batch)
    step = _Step(decoder, recipe, steps)
    epochs = Epochs(out, "decoder", step.state, resume=resume)
    step.spent(epochs.seconds)
    for epoch in range(epochs.done + 1, recipe.epochs + 1):
        if not step.goes_on():
            break
        step.schedule(recipe.scheduled_at(epoch))
        batches = takewhile(step.goes_on, _batches(recipe, epoch, train.maps, rows))
        loss = float(np.mean([step(*batch) for batch in batches]))
        arrays = decoder.folded(step.averaged())
        score = cider(write_captions(arrays, words, dev.maps[0], recipe.beam), dev.captions)
        entry = {"epoch": epoch, "loss": round(loss, 4), "dev_cider": score}
        epochs.keep(entry | {"seconds": round(epochs.seconds)}, arrays)
    return epochs.best() or decoder.arrays()


def write_captions(arrays: Arrays, words: Tokenizer, maps: F16, width: int) -> list[str]:
    """Write the best caption of each map, by the beam search that serves."""
    decoder, rules = Decoder(arrays), Rules(words)
    texts = []
    for map_ in maps:
        found = beam.search(decoder, map_.astype(np.float32), rules, width)
        texts.append(" ".join(map(words.word, found[0].words)) if found else "")
    return texts


def _decoder(recipe: Recipe, words: Tokenizer, maps: F16) -> TrainableDecoder:
    flat = maps[0, ::8].reshape(-1, maps.shape[-1]).astype(np.float32)
    shape = Shape(words.captioned, maps.shape[2] * maps.shape[3], maps.shape[-1])
    std = np.maximum(flat.std(0), 1e-2)
    settings = {"dropout": recipe.dropout, "precision": recipe.precision}
    return TrainableDecoder(shape, flat.mean(0), std, seed=recipe.seed, **settings)


def _batches(recipe: Recipe, epoch: int, maps: F16, rows: list[Row]) -> Tensor:
    def batches() -> Iterator[tuple[F16, I32]]:
        rng = np.random.default_rng((recipe.seed, epoch))
        for chunk in like_lengths(rng, rows, recipe.batch):
            photographs = np.array([photograph for photograph, _ in chunk])
            seen = maps[rng.integers(0, len(maps), len(chunk)), photographs]
            flat = seen.reshape(len(chunk), -1, maps.shape[-1])
            yield flat, padded([caption for _, caption in chunk])

    return fed(batches, (maps.shape[2] * maps.shape[3], maps.shape[-1]))


class _Step:
    """One descent, on a cosine schedule, with averaged weights beside."""

    KEPT = 0.999

    def __init__(self, decoder: TrainableDecoder, recipe: Recipe, steps: int) -> None:
        self._decoder, self._recipe = decoder, recipe
        self._variables = list(decoder.variables.values())
        self._optimizer = tf.keras.optimizers.AdamW(
            recipe.rate, weight_decay=1e-3, global_clipnorm=2.0
        )
        self._steps, self._began = steps, time.monotonic()
        self._optimizer.build(self._variables)
        self._average = Average(self._variables, self.KEPT)
        self._taken = tf.Variable(0.0, trainable=False)
        self._own = tf.Variable(0.0, trainable=False)
        self._descend = tf.function(self._descended, autograph=False)

    def __call__(self, maps: Tensor, captions: Tensor) -> float:
        warm_up = min(200, self._steps // 5 + 1)
        share = annealed(self._progress(), float(self._taken), warm_up=warm_up, least=0.02)
        self._optimizer.learning_rate.assign(self._recipe.rate * share)
        return float(self._descend(maps, captions))

    def schedule(self, share: float) -> None:
        """Read this share of the words as the decoder writes them, from now on."""
        self._own.assign(share)

    def goes_on(self, _: object = None) -> bool:
        """Whether there is time left; the first step is always taken."""
        return self._progress() < 1 or float(self._taken) == 0

    def _progress(self) -> float:
        # Whichever runs out first, so that the rate has annealed by then.
        minutes = (time.monotonic() - self._began) / 60
        return max(float(self._taken) / self._steps, minutes / self._recipe.minutes)

    @property
    def state(self) -> list[Tensor]:
        """Everything that a step changes."""
        optimizer: list[Tensor] = list(self._optimizer.variables)
        return [*self._variables, *self._average.variables, self._taken, *optimizer]

    def spent(self, seconds: float) -> None:
        """Count time that an earlier run took."""
        self._began = time.monotonic() - seconds

    def averaged(self) -> Arrays:
        return dict(zip(self._decoder.variables, self._average.values(), strict=True))

    def _descended(self, maps: Tensor, captions: Tensor) -> Tensor:
        maps, read = tf.cast(maps, tf.float32), captions[:, :-1]
        if self._recipe.scheduled:
            read = self._decoder.partly_own(maps, read, self._own)
        with tf.GradientTape() as tape:
            logits = self._decoder.logits(maps, read, True)
            loss = self._decoder.loss(logits, captions[:, 1:], self._recipe.smoothing)
        gradients = tape.gradient(loss, self._variables)
        gradients = [tf.convert_to_tensor(g) for g in gradients]
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))
        self._taken.assign_add(1.0)
        self._average.follow()
        return loss
