"""``words``: fit what tells the words that captions of a photograph would hold: a bundle's head."""

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision import manifest
from captioner.vision.bundle import load
from captioner.vision.model import Model
from captioner.vision.text import words_of
from captioner.vision.words import FILE
from chalicelib.attributes.dictionary import STOP_WORDS, lemma
from training import photographs
from training.arrays import F16, F32, kept
from training.dataset import Split, read_splits

HIDDEN = 512
EPOCHS, BATCH, RATE, DECAY = 30, 256, 1e-3, 1e-3
DROPPED = 0.3, 0.4  # of the inputs and of the hidden layer
LEAST = 6  # photographs whose captions hold a word
SURE = 0.4  # of a photograph's captions that hold a word, from which on it is surely there


def run(options: Namespace) -> None:
    """Write ``words.npz`` into the bundle, and name it in ``bundle.json``."""
    folder: Path = options.bundle
    model = load(folder)
    splits, _ = read_splits(options)
    visual = np.concatenate([_looks(model, split, options.work) for split in splits])
    captions = [*chain.from_iterable(split.captions for split in splits)]
    head, words = fitted(visual.astype(np.float32), captions, options.seed)
    write(folder, head, words)
    print(json.dumps({"photographs": len(visual), "words": len(words)}))


def _looks(model: Model, split: Split, work: Path) -> F16:
    """Give the visual vectors (n, 256) of a split's photographs, kept in ``work``."""

    def made() -> F16:
        found = []
        for done, path in enumerate(split.photographs, start=1):
            found.append(model.embed(np.asarray(photographs.read(path)))[0])
            if done % 500 == 0:
                print(f"{done:,} of {len(split.photographs):,} photographs", flush=True)
        return np.asarray(found, np.float16)

    known = photographs.fingerprint(split.photographs)[:8]
    return kept(work / f"looks-{model.space.replace('@', '-')}-{split.name}-{known}.npy", made)


def fitted(
    visual: F32, captions: Sequence[Sequence[str]], seed: int
) -> tuple[dict[str, F32], list[str]]:
    """Fit the head on visual vectors (n, 256) and their captions; give its arrays and its words.

    Logistic regression of each word, over a hidden layer that all have in common. Of few captions
    each holds a word or does not, so that a word is wanted as much as a share of `SURE` has it.
    """
    tf.keras.utils.set_random_seed(seed)
    held = [[_lemmas(caption) for caption in group] for group in captions]
    counts = Counter(chain.from_iterable(set().union(*group) for group in held))
    often = (word for word, count in counts.items() if count >= LEAST)
    words = sorted(often, key=lambda word: (-counts[word], word))
    wanted = _wanted(held, words)
    mean, std = visual.mean(0), visual.std(0) + np.float32(1e-6)
    network = _network(visual.shape[1], wanted.mean(0))
    steps = max(1, EPOCHS * (len(visual) // BATCH))
    rate = tf.keras.optimizers.schedules.CosineDecay(RATE, steps)
    network.compile(tf.keras.optimizers.AdamW(rate, weight_decay=DECAY), loss=_apart)
    network.fit((visual - mean) / std, wanted, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    kernel, bias, out, out_bias = network.get_weights()
    frequency = np.array([counts[word] for word in words], np.float32)
    return {
        "hidden": kernel / std[:, None],
        "hidden_bias": bias - (mean / std) @ kernel,
        "out": out,
        "out_bias": out_bias,
        "idf": np.log(len(visual) / (frequency + np.float32(0.5))),
    }, words


def write(folder: Path, head: dict[str, F32], words: Sequence[str]) -> None:
    """Write the head of a bundle, as float16, and its checksum into ``bundle.json``."""
    arrays = {name: array.astype(np.float16) for name, array in head.items()}
    np.savez(folder / FILE, words=np.array(words), **arrays)  # type: ignore[arg-type]
    described = folder / manifest.FILE
    document = json.loads(described.read_text(encoding="utf-8"))
    document["sha256"][FILE] = manifest.sha256(folder / FILE)
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    described.write_text(text, encoding="utf-8")


def _lemmas(caption: str) -> frozenset[str]:
    return frozenset(lemma(word) for word in words_of(caption) if word not in STOP_WORDS)


def _wanted(held: Sequence[Sequence[frozenset[str]]], words: Sequence[str]) -> F32:
    """Give how much each word is wanted of each photograph, (n, words)."""
    columns = {word: column for column, word in enumerate(words)}
    wanted = np.zeros((len(held), len(words)), np.float32)
    for row, group in zip(wanted, held, strict=True):
        for word in chain.from_iterable(group):
            if word in columns:
                row[columns[word]] += 1 / len(group)
    return np.asarray(np.minimum(1, wanted / SURE), np.float32)


def _network(inputs: int, usual: F32) -> tf.keras.Model:
    layers = tf.keras.layers
    network = tf.keras.Sequential(
        [
            tf.keras.Input((inputs,)),
            layers.Dropout(DROPPED[0]),
            layers.Dense(HIDDEN, activation="relu"),
            layers.Dropout(DROPPED[1]),
            layers.Dense(len(usual)),
        ]
    )
    network.layers[-1].bias.assign(np.log(usual + 1e-4))
    return network


def _apart(wanted: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    each = tf.nn.sigmoid_cross_entropy_with_logits(wanted, logits)
    return tf.reduce_mean(tf.reduce_sum(each, -1))
