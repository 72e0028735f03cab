"""Training the decoder: teacher forcing, smoothed labels, the epoch chosen by dev CIDEr."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision import beam
from captioner.vision.decoder import Decoder
from captioner.vision.sentence import Rules
from captioner.vision.tokenizer import Tokenizer
from training.arrays import F16, I32, Arrays, Tensor
from training.batches import NumberedCaption, drawn, fed, like_lengths, padded, rows_of
from training.decoder import Shape, TrainableDecoder
from training.descent import CaptionStep, Schedule
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
    """Photographs that are not trained on, by which epochs are chosen.

    ``weight`` is that of everyday photographs beside dev's: 0 leaves the choice to dev, 1 lets
    both count alike.
    """

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
    drawn_rows = sum(min(recipe.captions, len(group)) for group in train.captions)
    steps = recipe.epochs * (1 + drawn_rows // recipe.batch)
    schedule = Schedule(recipe.rate, steps, recipe.minutes)
    step = CaptionStep(_loss(decoder, recipe), decoder.variables, schedule)
    epochs = Epochs(out, "decoder", step.state, resume=resume)
    step.spent(epochs.seconds)
    for epoch in range(epochs.done + 1, recipe.epochs + 1):
        if not step.goes_on():
            break
        batches = takewhile(step.goes_on, _batches(recipe, epoch, train, rows))
        loss = float(np.mean([step(*batch) for batch in batches]))
        arrays = decoder.folded(step.averaged())
        entry = {"epoch": epoch, "loss": round(loss, 4)}
        entry |= validation.scores(arrays, words, recipe.beam)
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


def _decoder(recipe: Recipe, words: Tokenizer, maps: F16, begun: Arrays) -> TrainableDecoder:
    flat = maps[0, ::8].reshape(-1, maps.shape[-1]).astype(np.float32)
    shape = Shape(words.captioned, maps.shape[2] * maps.shape[3], maps.shape[-1])
    std = np.maximum(flat.std(0), 1e-2)
    settings = {"dropout": recipe.dropout, "precision": recipe.precision}
    decoder = TrainableDecoder(shape, flat.mean(0), std, seed=recipe.seed, **settings)
    decoder.begin_from(decoder.unfolded(begun))
    return decoder


def _loss(decoder: TrainableDecoder, recipe: Recipe) -> Callable[..., Tensor]:
    def loss(maps: Tensor, captions: Tensor) -> Tensor:
        logits = decoder.logits(tf.cast(maps, tf.float32), captions[:, :-1], True)
        return decoder.loss(logits, captions[:, 1:], recipe.smoothing)

    return loss


def _batches(recipe: Recipe, epoch: int, train: Captioned, rows: list[NumberedCaption]) -> Tensor:
    def batches() -> Iterator[tuple[F16, I32]]:
        rng = np.random.default_rng((recipe.seed, epoch))
        some = drawn(rng, rows, recipe.captions)
        for chunk in like_lengths(rng, some, recipe.batch):
            seen = train.seen(rng, [photograph for photograph, _ in chunk])
            yield seen, padded([caption for _, caption in chunk])

    return fed(batches, train.size)
