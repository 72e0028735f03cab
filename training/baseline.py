"""The prototype's recipe, as the line to print beside: pooled map, LSTM, greedy.

Twenty epochs, a checkpoint each, the one with the least validation loss chosen
(the "merge" model: Tanti, Gatt and Camilleri 2017).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision.tokenizer import END, PAD, START, Tokenizer
from training.arrays import F32, I32, Tensor
from training.captioning import LONGEST, Captioned, encoded
from training.scores import caption_scores

__all__ = ["BaselineRecipe", "greedy", "train_baseline"]


@dataclass(frozen=True)
class BaselineRecipe:
    """The prototype's sizes."""

    epochs: int = 20
    width: int = 256
    dropout: float = 0.5
    batch: int = 128
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
        The dev scores, also written to ``out/baseline.json``.
    """
    recipe = recipe or BaselineRecipe()
    out.mkdir(parents=True, exist_ok=True)
    features, dev_features = _features(train), _features(dev)
    model = _model(recipe, words.captioned, features)
    fitted = model.fit(
        *_examples(words, features, train.captions),
        validation_data=_examples(words, dev_features, dev.captions),
        epochs=recipe.epochs,
        batch_size=recipe.batch,
        verbose=2,
        callbacks=[tf.keras.callbacks.ModelCheckpoint(str(out / "baseline-{epoch:02d}.weights.h5"),
                                                      save_weights_only=True)],
    )  # fmt: skip
    losses = [round(float(loss), 4) for loss in fitted.history["val_loss"]]
    best = 1 + int(np.argmin(losses))
    model.load_weights(str(out / f"baseline-{best:02d}.weights.h5"))
    found = {"epoch": best, "val_loss": losses}
    found |= caption_scores(greedy(model, words, dev_features), dev.captions)
    (out / "baseline.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    print(json.dumps(found), flush=True)
    return found


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


def _examples(
    words: Tokenizer, features: F32, captions: Sequence[Sequence[str]]
) -> tuple[list[npt.NDArray[Any]], I32, F32]:
    rows = [(i, encoded(words, text)) for i, group in enumerate(captions) for text in group]
    texts = np.full((len(rows), LONGEST + 1), PAD, np.int32)
    for row, (_, numbers) in zip(texts, rows, strict=True):
        row[: len(numbers)] = numbers
    owners = np.array([i for i, _ in rows])
    wanted = texts[:, 1:]
    return [features[owners], texts[:, :-1]], wanted, (wanted != PAD).astype(np.float32)


def _model(recipe: BaselineRecipe, vocabulary: int, features: F32) -> Tensor:
    tf.keras.utils.set_random_seed(recipe.seed)
    layers = tf.keras.layers
    photograph = layers.Input((features.shape[1],))
    said = layers.Input((LONGEST,), dtype="int32")
    standard = layers.Normalization(mean=features.mean(0), variance=features.var(0) + 1e-3)
    seen = layers.Dropout(recipe.dropout)(standard(photograph))
    seen = layers.Dense(recipe.width, activation="relu")(seen)
    read = layers.Dropout(recipe.dropout)(layers.Embedding(vocabulary, recipe.width)(said))
    read = layers.LSTM(recipe.width, return_sequences=True)(read)
    both = layers.Add()([layers.RepeatVector(LONGEST)(seen), read])
    both = layers.Dense(recipe.width, activation="relu")(both)
    model = tf.keras.Model([photograph, said], layers.Dense(vocabulary)(both))
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss)
    return model
