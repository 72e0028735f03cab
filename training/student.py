"""The slim encoder with the heads that only training needs, and its losses."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from training.arrays import F32, Arrays, Tensor
from training.average import Average
from training.slim import WIDTHS, Slim
from training.targets import STAGES

__all__ = ["TEMPERATURE", "Student"]

TEMPERATURE = 2.0
LABEL_WEIGHT = 0.5
WORD_WEIGHT = 0.003
"""Ten times as much, and caption words of the photographs trained on are learnt by heart."""
KEPT = 0.998


class Student:
    """The slim encoder with the heads that only training needs."""

    def __init__(
        self,
        words: int,
        seed: int,
        arrays: Arrays | None = None,
        precision: Tensor = tf.float32,
    ) -> None:
        self.slim = Slim(seed, arrays, precision)
        self.heads = {
            name: tf.Variable(_head_start(name, shape, seed, arrays))
            for name, shape in _head_shapes(words).items()
        }
        self.trainable = [*self.slim.variables.values(), *self.heads.values()]
        self.average = Average(self.trainable, KEPT)

    @property
    def variables(self) -> list[Tensor]:
        """Everything that a step changes."""
        return [*self.trainable, *self.average.variables, *self.slim.statistics.values()]

    def losses(
        self, outputs: list[Tensor], maps: list[Tensor], labels: Tensor, words: Tensor
    ) -> Tensor:
        """Vector: each stage's unexplained share of variance, label KL, word cross entropy.

        ``labels`` are the teacher's probabilities at `TEMPERATURE`.
        """
        stages = [
            tf.reduce_mean((self._adapt(outputs[s.block - 1], s.block) - target) ** 2)
            for s, target in zip(STAGES, maps, strict=True)
        ]
        pooled = tf.reduce_mean(outputs[-1], (1, 2))
        return tf.stack([*stages, self._label_loss(pooled, labels), self._word_loss(pooled, words)])

    def _adapt(self, x: Tensor, block: int) -> Tensor:
        return x @ self.heads[f"adapter{block}/kernel"] + self.heads[f"adapter{block}/bias"]

    def _label_loss(self, pooled: Tensor, wanted: Tensor) -> Tensor:
        said = tf.nn.log_softmax(self._head(pooled, "labels") / TEMPERATURE)
        gap = tf.reduce_sum(wanted * (tf.math.log(wanted + 1e-9) - said), -1)
        return tf.reduce_mean(gap)

    def _word_loss(self, pooled: Tensor, words: Tensor) -> Tensor:
        known = tf.math.is_finite(words)
        loss = tf.nn.sigmoid_cross_entropy_with_logits(
            tf.where(known, words, 0.0), self._head(pooled, "words")
        )
        captioned = tf.reduce_sum(tf.cast(known[:, 0], tf.float32))
        return tf.reduce_sum(tf.where(known, loss, 0.0)) / tf.maximum(captioned, 1.0)

    def _head(self, pooled: Tensor, name: str) -> Tensor:
        return pooled @ self.heads[f"{name}/kernel"] + self.heads[f"{name}/bias"]

    def weighted(self, losses: Tensor) -> Tensor:
        """One number to descend."""
        weights = [s.weight for s in STAGES] + [LABEL_WEIGHT, WORD_WEIGHT]
        return tf.reduce_sum(losses * weights)

    def follow(self) -> None:
        """Let the averaged weights follow by a step."""
        self.average.follow()

    def arrays(self) -> Arrays:
        """Give the averaged weights, the statistics and the heads by name."""
        names = [*self.slim.variables, *self.heads]
        averaged = dict(zip(names, self.average.values(), strict=True))
        return averaged | {name: v.numpy() for name, v in self.slim.statistics.items()}


def _head_shapes(words: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for stage in STAGES:
        shapes[f"adapter{stage.block}/kernel"] = (WIDTHS[stage.block - 1], stage.dims)
        shapes[f"adapter{stage.block}/bias"] = (stage.dims,)
    for name, size in (("labels", 1000), ("words", words)):
        shapes[f"{name}/kernel"], shapes[f"{name}/bias"] = (WIDTHS[-1], size), (size,)
    return shapes


def _head_start(name: str, shape: tuple[int, ...], seed: int, arrays: Arrays | None) -> F32:
    if arrays is not None and name in arrays and arrays[name].shape == shape:
        return arrays[name]
    if name == "words/bias":
        return np.full(shape, -4.0, np.float32)
    scale = 0.0 if len(shape) == 1 else 1 / np.sqrt(shape[0])
    return np.random.default_rng(seed).normal(0, scale, shape).astype(np.float32)
