"""The decoder learns English from captions without photographs, before it sees any.

There is nothing to look at: what attention gives is nothing, and the first state is learnt. So
the weights of words, of the LSTM and of the output are trained, and training on photographs
begins from them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.tokenizer import PAD, Tokenizer
from training.arrays import Arrays, Tensor
from training.batches import NumberedCaption, like_lengths, padded, rows_of
from training.captioning import Validation
from training.decoder import Shape, TrainableDecoder
from training.descent import CaptionStep, Schedule
from training.epochs import Epochs


@dataclass(frozen=True)
class LanguageRecipe:
    """How the words' side of the decoder is trained; ``precision`` is that of products."""

    epochs: int = 2
    batch: int = 384
    rate: float = 2e-3
    dropout: float = 0.2
    smoothing: float = 0.1
    minutes: float = 120.0
    seed: int = 1
    precision: Tensor = tf.float32


def train_language(
    recipe: LanguageRecipe,
    words: Tokenizer,
    captions: Sequence[str],
    validation: Validation,
    *,
    out: Path,
    resume: bool = False,
) -> Arrays:
    """Train, keep one checkpoint an epoch in ``out``, return the weights of the best epoch.

    They are what ``begun`` of `training.captioning.train_decoder` takes: none is the map's.
    ``out/language.jsonl`` has a line an epoch: the perplexity of a word on the captions of
    ``validation``, by the averaged weights. ``resume`` as `training.captioning.train_decoder` takes
    it.
    """
    network, averaged = (_network(recipe, words) for _ in range(2))
    rows = rows_of(words, [[caption] for caption in captions])
    steps = recipe.epochs * (1 + len(rows) // recipe.batch)
    step = CaptionStep(
        lambda texts: _loss(network, texts, recipe.smoothing, training=True),
        network.language_variables,
        Schedule(recipe.rate, steps, recipe.minutes),
    )
    epochs = Epochs(out, "language", step.state, resume=resume)
    step.spent(epochs.seconds)
    perplexity = _Perplexity(averaged, recipe.batch)
    for epoch in range(epochs.done + 1, recipe.epochs + 1):
        if not step.goes_on():
            break
        rng = np.random.default_rng((recipe.seed, epoch))
        batches = takewhile(step.goes_on, like_lengths(rng, rows, recipe.batch))
        losses = [step(tf.constant(padded([text for _, text in batch]))) for batch in batches]
        arrays = step.averaged()
        averaged.begin_from(arrays)
        entry = {"epoch": epoch, "loss": round(float(np.mean(losses)), 4)}
        entry |= _perplexities(perplexity, words, validation)
        epochs.keep(entry | {"seconds": round(epochs.seconds)}, arrays)
    return epochs.best() or step.averaged()


def _network(recipe: LanguageRecipe, words: Tokenizer) -> TrainableDecoder:
    nothing = np.zeros(1, np.float32), np.ones(1, np.float32)
    settings = {"dropout": recipe.dropout, "precision": recipe.precision}
    return TrainableDecoder(Shape(words.captioned, 1, 1), *nothing, seed=recipe.seed, **settings)


def _loss(network: TrainableDecoder, texts: Tensor, smoothing: float, *, training: bool) -> Tensor:
    return network.loss(network.language(texts[:, :-1], training), texts[:, 1:], smoothing)


def _perplexities(
    perplexity: Callable[[list[NumberedCaption]], float], words: Tokenizer, validation: Validation
) -> dict[str, float]:
    found = {"dev_perplexity": perplexity(rows_of(words, validation.dev.captions))}
    if validation.everyday:
        captions = validation.everyday.captions
        found["everyday_perplexity"] = perplexity(rows_of(words, captions))
    return found | {"score": -found["dev_perplexity"]}


class _Perplexity:
    """Of a word, the caption's end included."""

    def __init__(self, network: TrainableDecoder, batch: int) -> None:
        self._batch = batch
        self._loss = tf.function(
            lambda texts: _loss(network, texts, 0.0, training=False), autograph=False
        )

    def __call__(self, rows: list[NumberedCaption]) -> float:
        lost, counted = 0.0, 0
        for batch in like_lengths(np.random.default_rng(0), rows, self._batch):
            texts = padded([text for _, text in batch])
            said = int((texts[:, 1:] != PAD).sum())
            lost += said * float(self._loss(tf.constant(texts)))
            counted += said
        return round(float(np.exp(lost / counted)), 3)
