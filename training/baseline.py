"""The prototype's recipe, as the line to print beside: pooled map, LSTM, greedy.

Twenty epochs, a checkpoint each, the one with the least validation loss chosen
(the "merge" model: Tanti, Gatt and Camilleri 2017).
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from captioner.vision.text import END, PAD, START, Tokenizer
from training.arrays import F32, I32, Tensor, read_arrays, save_arrays
from training.batches import LONGEST, NumberedCaption, like_lengths, padded, rows_of
from training.captioning import Captioned
from training.logs import note
from training.scores import caption_scores


@dataclass(frozen=True)
class BaselineRecipe:
    """The prototype's sizes."""

    epochs: int = 20
    width: int = 256
    dropout: float = 0.5
    batch: int = 128
    rate: float = 1e-3
    seed: int = 1


def train_baseline(
    words: Tokenizer,
    train: Captioned,
    dev: Captioned,
    out: Path,
    recipe: BaselineRecipe | None = None,
) -> dict[str, Any]:
    """Train, keep every epoch, and score the best one's greedy captions on dev.

    Returns
    -------
    dict
        The epoch chosen, every epoch's losses and the dev scores, also written to
        ``out/baseline.json``; ``out/baseline.jsonl`` has a line an epoch as it ends.
    """
    recipe = recipe or BaselineRecipe()
    out.mkdir(parents=True, exist_ok=True)
    features, dev_features = _features(train), _features(dev)
    model = _model(recipe, words.captioned, features)
    rows, dev_rows = rows_of(words, train.captions), rows_of(words, dev.captions)
    losses: list[float] = []
    for epoch in range(1, recipe.epochs + 1):
        rng = np.random.default_rng((recipe.seed, epoch))
        learnt = _mean(model.train_on_batch, _batches(rng, features, rows, recipe.batch))
        lost = _mean(model.test_on_batch, _batches(rng, dev_features, dev_rows, recipe.batch))
        _keep(model, _checkpoint(out, epoch))
        losses.append(round(lost, 4))
        entry = {"epoch": epoch, "loss": round(learnt, 4), "val_loss": losses[-1]}
        note(out / "baseline.jsonl", entry)
    best = 1 + int(np.argmin(losses))
    _restore(model, _checkpoint(out, best))
    found = {"recipe": "baseline", "beam": 1, "epoch": best, "val_loss": losses}
    found |= caption_scores(greedy(model, words, dev_features), dev.captions)
    (out / "baseline.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    return found


def _checkpoint(out: Path, epoch: int) -> Path:
    return out / f"baseline-{epoch:02d}.npz"


def _keep(model: Tensor, path: Path) -> None:
    weights = {f"{number:02d}": array for number, array in enumerate(model.get_weights())}
    save_arrays(path, weights, np.float32)


def _restore(model: Tensor, path: Path) -> None:
    kept = read_arrays(path)
    model.set_weights([kept[name] for name in sorted(kept)])


def greedy(model: Tensor, words: Tokenizer, features: F32) -> list[str]:
    """Write the likeliest next word each time, until the end or `LONGEST`."""
    written = np.full((len(features), LONGEST), PAD, np.int32)
    written[:, 0] = START
    for at in range(1, LONGEST):
        following = model.predict([features, written], batch_size=256, verbose=0)[:, at - 1]
        written[:, at] = np.argmax(following, -1)
    return [_text(words, row[1:]) for row in written]


def _text(words: Tokenizer, numbers: I32) -> str:
    kept = []
    for number in numbers:
        if number in (END, PAD):
            break
        kept.append(words.word(int(number)))
    return " ".join(kept)


def _features(captioned: Captioned) -> F32:
    return np.asarray(captioned.maps[0].astype(np.float32).mean((1, 2)))


def _batches(
    rng: np.random.Generator, features: F32, rows: Sequence[NumberedCaption], size: int
) -> Iterator[tuple[list[Tensor], I32, F32]]:
    for chunk in like_lengths(rng, rows, size):
        texts = padded([caption for _, caption in chunk])
        seen = features[[photograph for photograph, _ in chunk]]
        wanted = texts[:, 1:]
        yield [seen, texts[:, :-1]], wanted, (wanted != PAD).astype(np.float32)


def _mean(step: Tensor, batches: Iterator[tuple[list[Tensor], I32, F32]]) -> float:
    """Mean loss a word, whatever the sizes of the batches."""
    lost, counted = 0.0, 0.0
    for seen, wanted, real in batches:
        # Keras means over positions, padding included; a sample weight mends that.
        scale = real.size / real.sum()
        lost += real.sum() * float(step(seen, wanted, sample_weight=real * scale))
        counted += real.sum()
    return float(lost / counted)


def _model(recipe: BaselineRecipe, vocabulary: int, features: F32) -> Tensor:
    tf.keras.utils.set_random_seed(recipe.seed)
    layers = tf.keras.layers
    photograph = layers.Input((features.shape[1],))
    said = layers.Input((None,), dtype="int32")
    standard = layers.Normalization(mean=features.mean(0), variance=features.var(0) + 1e-3)
    seen = layers.Dropout(recipe.dropout)(standard(photograph))
    seen = layers.Dense(recipe.width, activation="relu")(seen)
    read = layers.Dropout(recipe.dropout)(layers.Embedding(vocabulary, recipe.width)(said))
    read = layers.LSTM(recipe.width, return_sequences=True)(read)
    both = layers.Add()([layers.Reshape((1, recipe.width))(seen), read])
    both = layers.Dense(recipe.width, activation="relu")(both)
    model = tf.keras.Model([photograph, said], layers.Dense(vocabulary)(both))
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=tf.keras.optimizers.Adam(recipe.rate), loss=loss)
    return model
