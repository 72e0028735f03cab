"""Training the joint image-text space by contrast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.tokenizer import PAD, UNKNOWN, Tokenizer
from training.arrays import F32, I32, Tensor
from training.joint_space import JointRecipe, JointSpace
from training.logs import note
from training.scores import retrieval

__all__ = ["Paired", "train_joint"]

LONGEST = 24


@dataclass(frozen=True)
class Paired:
    """Pooled maps float32 (views, n, 2c), and the captions people wrote of each."""

    features: F32
    captions: Sequence[Sequence[str]]


def train_joint(
    recipe: JointRecipe,
    words: Tokenizer,
    train: Paired,
    dev: Paired,
    log: Path,
) -> JointSpace:
    """Train by contrast within the batch (InfoNCE both ways), keep the best epoch on dev.

    Parameters
    ----------
    train, dev : Paired
        Dev chooses the epoch; its first view is used.
    log : Path
        JSON lines, one an epoch.
    """
    space = JointSpace(recipe, len(words.words), train.features[0])
    texts = np.stack([_numbers(words, text) for group in train.captions for text in group])
    owners = np.array([i for i, group in enumerate(train.captions) for _ in group])
    rng, step = np.random.default_rng(recipe.seed), _contrast(space, recipe, len(texts))
    best: tuple[float, list[F32]] = (-1.0, [])
    for epoch in range(1, recipe.epochs + 1):
        losses = []
        for rows in _distinct_batches(rng, owners, recipe.batch):
            views = rng.integers(0, len(train.features), len(rows))
            seen = train.features[views, owners[rows]]
            losses.append(float(step(seen, _thinned(rng, texts[rows], recipe.word_dropout))))
        found = _dev_retrieval(space, words, dev.features[0], dev.captions)
        note(log, {"epoch": epoch, "loss": round(float(np.mean(losses)), 4)} | found)
        if found["r10"] > best[0]:
            best = (found["r10"], [v.numpy() for v in space.variables()])
    for variable, value in zip(space.variables(), best[1], strict=True):
        variable.assign(value)
    return space


def _contrast(space: JointSpace, recipe: JointRecipe, count: int) -> Tensor:
    steps = recipe.epochs * (1 + count // recipe.batch)
    rate = tf.keras.optimizers.schedules.CosineDecay(recipe.rate, steps, alpha=0.02)
    optimizer = tf.keras.optimizers.AdamW(rate, weight_decay=1e-3)

    def step(features: Tensor, captions: Tensor) -> Tensor:
        with tf.GradientTape() as tape:
            image, text = space.image(features, True), space.text(captions, True)
            similarity = tf.matmul(image, text, transpose_b=True) / recipe.temperature
            right = tf.range(tf.shape(similarity)[0])
            each = tf.nn.sparse_softmax_cross_entropy_with_logits
            loss = tf.reduce_mean(each(right, similarity) + each(right, tf.transpose(similarity)))
        variables = space.variables()
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        return loss

    return tf.function(step, reduce_retracing=True, autograph=False)


def _numbers(words: Tokenizer, text: str) -> I32:
    padded = np.full(LONGEST, PAD, np.int32)
    numbers = words.encode(text)[:LONGEST] or [UNKNOWN]
    padded[: len(numbers)] = numbers
    return padded


def _distinct_batches(rng: np.random.Generator, owners: Tensor, size: int) -> Tensor:
    """Rows of captions, never two of one photograph in a batch: they would be false negatives."""
    by_owner: dict[int, list[int]] = {}
    for row in rng.permutation(len(owners)):
        by_owner.setdefault(int(owners[row]), []).append(int(row))
    while by_owner:
        turn = rng.permutation(list(by_owner))
        for start in range(0, len(turn), size):
            yield np.array([by_owner[owner].pop() for owner in turn[start : start + size]])
        by_owner = {owner: rows for owner, rows in by_owner.items() if rows}


def _thinned(rng: np.random.Generator, captions: I32, share: float) -> I32:
    gone = (rng.random(captions.shape) < share) & (captions != PAD)
    return np.where(gone, UNKNOWN, captions).astype(np.int32)


def _dev_retrieval(
    space: JointSpace, words: Tokenizer, features: F32, captions: Sequence[Sequence[str]]
) -> dict[str, float]:
    texts = np.stack([_numbers(words, text) for group in captions for text in group])
    owners = [[i] for i, group in enumerate(captions) for _ in group]
    return retrieval(space.text(texts).numpy(), space.image(features).numpy(), owners)
