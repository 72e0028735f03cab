"""Training the decoder by teacher forcing and smoothed labels, the epoch chosen on dev.

First, where there are texts, it learns English from captions without photographs: with nothing to
look at, the weights of words, of the LSTM and of the output are trained.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision import beam
from captioner.vision.decoder import Decoder
from captioner.vision.sentence import Rules
from captioner.vision.text import PAD, Tokenizer
from training.arrays import F16, I32, Arrays, Tensor
from training.batches import NumberedCaption, drawn, like_lengths, padded, rows_of
from training.decoder import Shape, TrainableDecoder
from training.descent import CaptionStep
from training.epochs import Epochs
from training.scores import cider


@dataclass(frozen=True)
class Recipe:
    """How the decoder is trained.

    ``captions`` is how many of each photograph an epoch reads at most, ``beam`` the width that
    epochs are compared at, ``precision`` what products are computed in.
    """

    epochs: int = 12
    batch: int = 96
    rate: float = 1e-3
    dropout: float = 0.3
    smoothing: float = 0.1
    captions: int = 5
    beam: int = 1
    seed: int = 1
    minutes: float = 60.0
    precision: Tensor = tf.float32


LANGUAGE = Recipe(epochs=2, batch=384, rate=2e-3, dropout=0.2, minutes=120.0)
"""How the words' side of it is trained on captions without photographs."""

AHEAD = 4
"""Batches made ready beside the step, so that a GPU need not wait."""


@dataclass(frozen=True)
class Captioned:
    """Maps float16 (views, n, h, w, c) of photographs, and the captions people wrote.

    ``mirrored``: the mirror image of each view is another view of it. The encoder knows left
    from right hardly better than its training, half of which was mirrored.
    """

    maps: F16
    captions: Sequence[Sequence[str]]
    mirrored: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Positions and channels of a map."""
        return self.maps.shape[2] * self.maps.shape[3], self.maps.shape[4]

    def seen(self, rng: np.random.Generator, rows: npt.ArrayLike) -> F16:
        """Give a view each of photographs, drawn at random: float16 (rows, positions, c)."""
        chosen = np.asarray(rows)
        found = self.maps[rng.integers(0, len(self.maps), len(chosen)), chosen]
        if self.mirrored:
            turned = rng.random(len(chosen)) < 0.5
            found[turned] = found[turned, :, ::-1]
        return np.reshape(found, (len(chosen), *self.size))


@dataclass(frozen=True)
class Validation:
    """Photographs by which epochs are chosen; ``weight`` is that of everyday ones beside dev's."""

    dev: Captioned
    everyday: Captioned | None = None
    weight: float = 0.5

    def scores(self, arrays: Arrays, words: Tokenizer, beam: int) -> dict[str, float]:
        """Give ``dev_cider``, ``everyday_cider`` where there is one, and their mean ``score``."""
        ours = _cider(arrays, words, self.dev, beam)
        if self.everyday is None:
            return {"dev_cider": ours, "score": ours}
        others = _cider(arrays, words, self.everyday, beam)
        score = (ours + self.weight * others) / (1 + self.weight)
        return {"dev_cider": ours, "everyday_cider": others, "score": round(score, 2)}


def _cider(arrays: Arrays, words: Tokenizer, captioned: Captioned, beam: int) -> float:
    return cider(write_captions(arrays, words, captioned.maps[0], beam), captioned.captions)


def train_decoder(
    recipe: Recipe,
    words: Tokenizer,
    train: Captioned,
    validation: Validation,
    *,
    out: Path,
    begun: Arrays | None = None,
    resume: bool = False,
) -> Arrays:
    """Train, keep one checkpoint an epoch in ``out``, return the best by ``validation``.

    ``out/decoder.jsonl`` has a line an epoch. An epoch's checkpoint holds the exponential average
    of the weights. With ``resume`` the whole state is kept too, and a run that was cut goes on
    after its last whole epoch. ``begun`` gives weights by name, as a decoder serves them, that take
    the place of random ones.
    """
    decoder = _decoder(recipe, words, train.maps, begun or {})
    rows = rows_of(words, train.captions)
    count = sum(min(recipe.captions, len(group)) for group in train.captions)

    def loss(maps: Tensor, captions: Tensor) -> Tensor:
        logits = decoder.logits(tf.cast(maps, tf.float32), captions[:, :-1], True)
        return decoder.loss(logits, captions[:, 1:], recipe.smoothing)

    def scored(averaged: Arrays) -> tuple[Arrays, dict[str, float]]:
        arrays = decoder.folded(averaged)
        return arrays, validation.scores(arrays, words, recipe.beam)

    step = CaptionStep(loss, decoder.variables, recipe.rate, _steps(recipe, count), recipe.minutes)
    epochs = Epochs(out, "decoder", step.state, resume=resume)
    _through(epochs, step, recipe, lambda epoch: _batches(recipe, epoch, train, rows), scored)
    return epochs.best() or decoder.arrays()


def train_language(
    recipe: Recipe,
    words: Tokenizer,
    captions: Sequence[str],
    validation: Validation,
    *,
    out: Path,
    resume: bool = False,
) -> Arrays:
    """Train on captions without photographs; give the weights of the best epoch, none the map's.

    ``out/language.jsonl`` has a line an epoch: the perplexity of a word on the captions of
    ``validation``, by the averaged weights. ``resume`` as `train_decoder` takes it.
    """
    network, averaged = (_blind(recipe, words) for _ in range(2))
    rows = rows_of(words, [[caption] for caption in captions])
    perplexity = _Perplexity(averaged, recipe.batch)

    def batches(epoch: int) -> Iterator[tuple[Tensor]]:
        rng = np.random.default_rng((recipe.seed, epoch))
        for chunk in like_lengths(rng, rows, recipe.batch):
            yield (tf.constant(padded([text for _, text in chunk])),)

    def scored(arrays: Arrays) -> tuple[Arrays, dict[str, float]]:
        averaged.begin_from(arrays)
        found = {"dev_perplexity": perplexity(rows_of(words, validation.dev.captions))}
        if validation.everyday:
            everyday = rows_of(words, validation.everyday.captions)
            found["everyday_perplexity"] = perplexity(everyday)
        return arrays, found | {"score": -found["dev_perplexity"]}

    step = CaptionStep(
        lambda texts: _blind_loss(network, texts, recipe.smoothing, training=True),
        network.language_variables,
        recipe.rate,
        _steps(recipe, len(rows)),
        recipe.minutes,
    )
    epochs = Epochs(out, "language", step.state, resume=resume)
    _through(epochs, step, recipe, batches, scored)
    return epochs.best() or step.averaged()


def _steps(recipe: Recipe, captions: int) -> int:
    return recipe.epochs * (1 + captions // recipe.batch)


def _through(
    epochs: Epochs,
    step: CaptionStep,
    recipe: Recipe,
    batches: Callable[[int], Iterable[tuple[Tensor, ...]]],
    scored: Callable[[Arrays], tuple[Arrays, dict[str, float]]],
) -> None:
    """Train epoch after epoch while there is time, keeping what ``scored`` gives of each."""
    step.spent(epochs.seconds)
    for epoch in range(epochs.done + 1, recipe.epochs + 1):
        if not step.goes_on():
            break
        losses = [step(*batch) for batch in takewhile(step.goes_on, batches(epoch))]
        arrays, scores = scored(step.averaged())
        entry = {"epoch": epoch, "loss": round(float(np.mean(losses)), 4)} | scores
        epochs.keep(entry | {"seconds": round(epochs.seconds)}, arrays)


def write_captions(arrays: Arrays, words: Tokenizer, maps: F16, width: int) -> list[str]:
    """Write the best caption of each map, by the beam search that serves."""
    decoder, rules = Decoder(arrays), Rules(words)
    texts = []
    for map_ in maps:
        found = beam.search(decoder, map_.astype(np.float32), rules, width)
        texts.append(" ".join(map(words.word, found[0].words)) if found else "")
    return texts


def _decoder(recipe: Recipe, words: Tokenizer, maps: F16, begun: Arrays) -> TrainableDecoder:
    tf.random.set_seed(recipe.seed)  # of what is dropped out
    flat = maps[0, ::8].reshape(-1, maps.shape[-1]).astype(np.float32)
    shape = Shape(words.captioned, maps.shape[2] * maps.shape[3], maps.shape[-1])
    std = np.maximum(flat.std(0), 1e-2)
    settings = {"dropout": recipe.dropout, "precision": recipe.precision}
    decoder = TrainableDecoder(shape, flat.mean(0), std, seed=recipe.seed, **settings)
    decoder.begin_from(decoder.unfolded(begun))
    return decoder


def _batches(recipe: Recipe, epoch: int, train: Captioned, rows: list[NumberedCaption]) -> Tensor:
    def batches() -> Iterator[tuple[F16, I32]]:
        rng = np.random.default_rng((recipe.seed, epoch))
        some = drawn(rng, rows, recipe.captions)
        for chunk in like_lengths(rng, some, recipe.batch):
            seen = train.seen(rng, [photograph for photograph, _ in chunk])
            yield seen, padded([caption for _, caption in chunk])

    maps = tf.TensorSpec((None, *train.size), tf.float16)
    captions = tf.TensorSpec((None, None), tf.int32)
    fed = tf.data.Dataset.from_generator(batches, output_signature=(maps, captions))
    return fed.prefetch(AHEAD)


def _blind(recipe: Recipe, words: Tokenizer) -> TrainableDecoder:
    nothing = np.zeros(1, np.float32), np.ones(1, np.float32)
    settings = {"dropout": recipe.dropout, "precision": recipe.precision}
    return TrainableDecoder(Shape(words.captioned, 1, 1), *nothing, seed=recipe.seed, **settings)


def _blind_loss(
    network: TrainableDecoder, texts: Tensor, smoothing: float, *, training: bool
) -> Tensor:
    return network.loss(network.language(texts[:, :-1], training), texts[:, 1:], smoothing)


class _Perplexity:
    """Of a word, the caption's end included."""

    def __init__(self, network: TrainableDecoder, batch: int) -> None:
        self._batch = batch
        self._loss = tf.function(
            lambda texts: _blind_loss(network, texts, 0.0, training=False), autograph=False
        )

    def __call__(self, rows: list[NumberedCaption]) -> float:
        lost, counted = 0.0, 0
        for batch in like_lengths(np.random.default_rng(0), rows, self._batch):
            texts = padded([text for _, text in batch])
            said = int((texts[:, 1:] != PAD).sum())
            lost += said * float(self._loss(tf.constant(texts)))
            counted += said
        return round(float(np.exp(lost / counted)), 3)
