"""Distillation: the slim encoder learns the teacher's stages, labels and caption words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.crops import Crops, resample
from training.slim import BLOCKS, WIDTHS, Arrays, Slim, fold, read_arrays, save_arrays
from training.teacher import STAGES, Targets

__all__ = ["Plan", "Sample", "distil"]

F32 = npt.NDArray[np.float32]
TEMPERATURE = 2.0
LABEL_WEIGHT = 0.5
WORD_WEIGHT = 0.03
EMA = 0.998


@dataclass(frozen=True)
class Plan:
    """How long and how to distil.

    ``sizes`` are (share of the time, input side in pixels), smallest first: small
    inputs teach the same filters at a fraction of the cost.
    """

    minutes: float
    batch: int = 32
    rate: float = 2e-3
    decay: float = 0.03
    least_area: float = 0.5
    sizes: tuple[tuple[float, int], ...] = ((0.25, 64), (0.55, 96), (0.2, 128))
    seed: int = 1
    checkpoint_minutes: float = 4.0

    def size(self, progress: float) -> int:
        """Input side at a share 0..1 of the time."""
        for share, side in self.sizes:
            progress -= share
            if progress < 0:
                return side
        return self.sizes[-1][1]

    def rate_at(self, progress: float, steps: int) -> float:
        """Learning rate: 100 steps of warm-up, then a cosine over the time."""
        cosine = 0.5 * (1 + np.cos(np.pi * min(progress, 1.0)))
        return self.rate * min(1.0, (steps + 1) / 100) * max(float(cosine), 0.01)


@dataclass(frozen=True)
class Sample:
    """Photographs uint8 (n, s, s, 3), what the teacher says of them, and caption words.

    ``words`` is float32 (n, v) of 0 and 1; rows of NaN where there is no caption.
    """

    pixels: npt.NDArray[np.uint8]
    targets: Targets
    words: F32


class Student:
    """The slim encoder with the heads that only training needs."""

    def __init__(self, plan: Plan, words: int, arrays: Arrays | None) -> None:
        self.slim = Slim(plan.seed, arrays)
        self.heads = {
            name: tf.Variable(_head_start(name, shape, plan.seed, arrays))
            for name, shape in _head_shapes(words).items()
        }
        self.optimizer = tf.keras.optimizers.AdamW(
            plan.rate, weight_decay=plan.decay, beta_2=0.99, global_clipnorm=2.0
        )
        self.trainable = [*self.slim.variables.values(), *self.heads.values()]
        self.optimizer.exclude_from_weight_decay(var_list=[v for v in self.trainable if v.shape.rank < 2])
        self.optimizer.build(self.trainable)
        self.average = [tf.Variable(v, trainable=False) for v in self.trainable]

    def losses(self, outputs: list[Any], maps: list[Any], logits: Any, words: Any) -> Any:
        """Vector: each stage's unexplained share of variance, label KL, word cross entropy."""
        stages = [
            tf.reduce_mean((self._adapt(outputs[s.block - 1], s.block) - target) ** 2)
            for s, target in zip(STAGES, maps, strict=True)
        ]
        pooled = tf.reduce_mean(outputs[-1], (1, 2))
        return tf.stack([*stages, self._label_loss(pooled, logits), self._word_loss(pooled, words)])

    def _adapt(self, x: Any, block: int) -> Any:
        return x @ self.heads[f"adapter{block}/kernel"] + self.heads[f"adapter{block}/bias"]

    def _label_loss(self, pooled: Any, logits: Any) -> Any:
        said = tf.nn.log_softmax(self._head(pooled, "labels") / TEMPERATURE)
        wanted = tf.nn.softmax(tf.cast(logits, tf.float32) / TEMPERATURE)
        gap = tf.reduce_sum(wanted * (tf.math.log(wanted + 1e-9) - said), -1)
        return tf.reduce_mean(gap)

    def _word_loss(self, pooled: Any, words: Any) -> Any:
        known = tf.math.is_finite(words)
        loss = tf.nn.sigmoid_cross_entropy_with_logits(
            tf.where(known, words, 0.0), self._head(pooled, "words")
        )
        captioned = tf.reduce_sum(tf.cast(known[:, 0], tf.float32))
        return tf.reduce_sum(tf.where(known, loss, 0.0)) / tf.maximum(captioned, 1.0)

    def _head(self, pooled: Any, name: str) -> Any:
        return pooled @ self.heads[f"{name}/kernel"] + self.heads[f"{name}/bias"]

    def weighted(self, losses: Any) -> Any:
        """One number to descend."""
        weights = [s.weight for s in STAGES] + [LABEL_WEIGHT, WORD_WEIGHT]
        return tf.reduce_sum(losses * weights)

    def arrays(self) -> Arrays:
        """The averaged weights, the statistics and the heads by name."""
        names = [*self.slim.variables, *self.heads]
        averaged = dict(zip(names, (v.numpy() for v in self.average), strict=True))
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


def _step(student: Student) -> Any:
    def step(pixels: Any, grid: Any, maps: Any, grids: Any, logits: Any, words: Any) -> Any:
        crops = resample(pixels, *grid)
        wanted = [resample(m, *g) for m, g in zip(maps, grids, strict=True)]
        with tf.GradientTape() as tape:
            losses = student.losses(student.slim.train(crops), wanted, logits, words)
            total = student.weighted(losses)
        student.optimizer.apply_gradients(
            zip(tape.gradient(total, student.trainable), student.trainable, strict=True)
        )
        for kept, variable in zip(student.average, student.trainable, strict=True):
            kept.assign(kept * EMA + variable * (1 - EMA))
        return losses

    return tf.function(step)


def _endless(rng: np.random.Generator, count: int, batch: int) -> Iterator[npt.NDArray[np.int64]]:
    while True:
        order = rng.permutation(count)
        for start in range(0, count - batch + 1, batch):
            yield order[start : start + batch]


def _feed(sample: Sample, rows: npt.NDArray[np.int64], crops: Crops, size: int) -> tuple[Any, ...]:
    grid = crops.weights(sample.pixels.shape[1], size, 0.5)
    maps, grids = [], []
    for stage, stored in zip(STAGES, sample.targets.maps, strict=True):
        maps.append(tf.constant(stored[rows]))
        grids.append(crops.weights(stored.shape[1], size // stage.stride, stage.offset))
    return (
        tf.constant(sample.pixels[rows]),
        tuple(map(tf.constant, grid)),
        tuple(maps),
        tuple(tuple(map(tf.constant, g)) for g in grids),
        tf.constant(sample.targets.logits[rows]),
        tf.constant(sample.words[rows]),
    )


def distil(
    plan: Plan, sample: Sample, held_out: Sample, out: Path, log: Path, init: Path | None = None
) -> None:
    """Train for ``plan.minutes``, leaving the averaged weights at ``out``.

    A checkpoint replaces ``out`` every few minutes, so an interrupted run goes on
    from ``init=out``. Each checkpoint adds a line of held-out figures to ``log``.

    Raises
    ------
    CheckpointError
        If ``init`` is not a slim encoder's.
    """
    student = Student(plan, sample.words.shape[1], read_arrays(init) if init else None)
    rng, step = np.random.default_rng(plan.seed), _step(student)
    began = kept_at = time.monotonic()
    seen, recent = 0, []
    for rows in _endless(rng, len(sample.pixels), min(plan.batch, len(sample.pixels))):
        progress = (time.monotonic() - began) / (60 * plan.minutes)
        if progress >= 1:
            break
        student.optimizer.learning_rate.assign(plan.rate_at(progress, seen // plan.batch))
        crops = Crops.random(rng, len(rows), plan.least_area)
        recent.append(step(*_feed(sample, rows, crops, plan.size(progress))).numpy())
        seen += len(rows)
        if time.monotonic() - kept_at > 60 * plan.checkpoint_minutes:
            _keep(student, held_out, out, log, _entry(began, seen, plan.size(progress), recent))
            kept_at, recent = time.monotonic(), []
    _keep(student, held_out, out, log, _entry(began, seen, plan.size(1.0), recent))


def _entry(began: float, seen: int, size: int, recent: list[F32]) -> dict[str, Any]:
    means = np.mean(recent, 0) if recent else np.zeros(len(STAGES) + 2)
    return {
        "minutes": round((time.monotonic() - began) / 60, 2),
        "seen": seen,
        "size": size,
        "train": [round(float(mean), 4) for mean in means],
    }


def _keep(student: Student, held_out: Sample, out: Path, log: Path, entry: dict[str, Any]) -> None:
    arrays = student.arrays()
    save_arrays(out, arrays)
    entry |= held_out_figures(arrays, held_out, entry["size"])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(entry) + "\n")
    print(json.dumps(entry), flush=True)


def held_out_figures(arrays: Arrays, held_out: Sample, size: int) -> dict[str, float]:
    """Share of the last map's variance explained, and word mAP, on photographs never trained on."""
    last = _maps(arrays, held_out.pixels, size)
    grid = Crops.whole(1).weights(held_out.targets.maps[-1].shape[1], size // 32, STAGES[-1].offset)
    rows, columns = (np.repeat(g, len(last), 0) for g in grid)
    wanted = resample(held_out.targets.maps[-1], rows, columns).numpy()
    said = last @ arrays["adapter5/kernel"] + arrays["adapter5/bias"]
    explained = 1 - ((said - wanted) ** 2).mean() / ((wanted - wanted.mean((0, 1, 2))) ** 2).mean()
    scores = last.mean((1, 2)) @ arrays["words/kernel"] + arrays["words/bias"]
    return {
        "explained": round(float(explained), 4),
        "word_map": round(mean_average_precision(scores, held_out.words), 4),
    }


def _maps(arrays: Arrays, pixels: npt.NDArray[np.uint8], size: int) -> F32:
    from training.slim import forward

    folded = {name: tf.constant(array) for name, array in fold(arrays).items()}
    call = tf.function(lambda batch: forward(folded, batch), reduce_retracing=True)
    found = []
    for start in range(0, len(pixels), 50):
        batch = tf.image.resize(tf.cast(pixels[start : start + 50], tf.float32), (size, size))
        found.append(call(batch).numpy())
    return np.concatenate(found)


def mean_average_precision(scores: F32, wanted: F32) -> float:
    """Mean over words of the average precision of ranking photographs by a word's score."""
    order = np.argsort(-scores, 0)
    hits = np.take_along_axis(wanted, order, 0)
    precision = np.cumsum(hits, 0) / np.arange(1, len(hits) + 1)[:, None]
    counts = hits.sum(0)
    some = counts > 0
    return float(((precision * hits).sum(0)[some] / counts[some]).mean())
