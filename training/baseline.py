"""The prototype's recipe, as the line to print beside: pooled map, LSTM, greedy.

Twenty epochs, a checkpoint each, the one with the least validation loss chosen
(the "merge" model: Tanti, Gatt and Camilleri 2017).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from captioner.vision.text import END, PAD, START, Tokenizer
from training.arrays import F32, I32, Tensor, read_arrays, save_arrays
from training.batches import LONGEST, padded, rows_of
from training.captioning import Captioned
from training.logs import note
from training.scores import caption_scores

WIDTH, DROPOUT, BATCH, RATE = 256, 0.5, 128, 1e-3


def train_baseline(
    words: Tokenizer, train: Captioned, dev: Captioned, *, out: Path, epochs: int, seed: int
) -> dict[str, Any]:
    """Train, keep every epoch, and score the best one's greedy captions on dev.

    Gives the epoch chosen, every epoch's validation loss and the dev scores, also left in
    ``out/baseline.json``; ``out/baseline.jsonl`` has a line an epoch as it ends.
    """
    tf.keras.utils.set_random_seed(seed)
    features = _pooled(train)
    model = _model(words.captioned, features)
    losses: list[float] = []

    def keep(epoch: int, logs: dict[str, float]) -> None:
        arrays = {f"{number:02d}": array for number, array in enumerate(model.get_weights())}
        save_arrays(_checkpoint(out, epoch + 1), arrays, np.float32)
        losses.append(round(logs["val_loss"], 4))
        entry = {"epoch": epoch + 1, "loss": round(logs["loss"], 4), "val_loss": losses[-1]}
        note(out / "baseline.jsonl", entry)

    seen = _pooled(dev)
    held = _examples(words, dev, seen)
    kept = [tf.keras.callbacks.LambdaCallback(on_epoch_end=keep)]
    shown = {"batch_size": BATCH, "epochs": epochs, "callbacks": kept, "verbose": 0}
    model.fit(*_examples(words, train, features), validation_data=held, **shown)
    best = 1 + int(np.argmin(losses))
    model.set_weights(list(read_arrays(_checkpoint(out, best)).values()))
    found = {"recipe": "baseline", "beam": 1, "epoch": best, "val_loss": losses}
    found |= caption_scores(_greedy(model, words, seen), dev.captions)
    (out / "baseline.json").write_text(json.dumps(found) + "\n", encoding="utf-8")
    return found


def _checkpoint(out: Path, epoch: int) -> Path:
    return out / f"baseline-{epoch:02d}.npz"


def _pooled(captioned: Captioned) -> F32:
    return np.asarray(captioned.maps[0].astype(np.float32).mean((1, 2)))


def _examples(words: Tokenizer, captioned: Captioned, features: F32) -> tuple[list[Tensor], I32]:
    """Give features and words read, a row a caption, and the words that follow."""
    rows = rows_of(words, captioned.captions)
    texts = padded([caption for _, caption in rows])
    return [features[[photograph for photograph, _ in rows]], texts[:, :-1]], texts[:, 1:]


def _model(vocabulary: int, features: F32) -> Tensor:
    layers = tf.keras.layers
    photograph, said = layers.Input((features.shape[1],)), layers.Input((None,), dtype="int32")
    standard = layers.Normalization(mean=features.mean(0), variance=features.var(0) + 1e-3)
    seen = layers.Dense(WIDTH, activation="relu")(layers.Dropout(DROPOUT)(standard(photograph)))
    read = layers.Dropout(DROPOUT)(layers.Embedding(vocabulary, WIDTH)(said))
    read = layers.LSTM(WIDTH, return_sequences=True)(read)
    both = layers.Add()([layers.Reshape((1, WIDTH))(seen), read])
    both = layers.Dense(WIDTH, activation="relu")(both)
    model = tf.keras.Model([photograph, said], layers.Dense(vocabulary)(both))
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=PAD)
    model.compile(optimizer=tf.keras.optimizers.Adam(RATE), loss=loss)
    return model


def _greedy(model: Tensor, words: Tokenizer, features: F32) -> list[str]:
    """Write the likeliest next word each time, until the end or `LONGEST`."""
    written = np.full((len(features), LONGEST), PAD, np.int32)
    written[:, 0] = START
    for at in range(1, LONGEST):
        following = model.predict([features, written], batch_size=256, verbose=0)[:, at - 1]
        written[:, at] = np.argmax(following, -1)
    return [_text(words, row[1:]) for row in written]


def _text(words: Tokenizer, numbers: I32) -> str:
    ends = np.flatnonzero((numbers == END) | (numbers == PAD))
    return " ".join(words.word(int(number)) for number in numbers[: ends[0] if ends.size else None])
