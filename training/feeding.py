"""Batches of photographs with what the teacher says of them, cropped and disturbed alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training.arrays import F32, U8, Tensor
from training.augmentation import Augmentation, cut, recoloured
from training.crops import Crops
from training.resampling import resample
from training.student import TEMPERATURE
from training.targets import STAGES, Targets

__all__ = ["Batch", "Lesson", "Sample", "feed", "lesson"]


@dataclass(frozen=True)
class Sample:
    """Photographs uint8 (n, s, s, 3), what the teacher says of them, and caption words.

    ``words`` is float32 (n, v) of 0 and 1; rows of NaN where there is no caption.
    """

    pixels: U8
    targets: Targets
    words: F32


class Batch(NamedTuple):
    """Photographs and the teacher's maps, each with the rows and columns to sample it at."""

    pixels: Tensor
    grid: Tensor
    maps: Tensor
    grids: Tensor
    logits: Tensor
    words: Tensor
    colours: Tensor
    own: Tensor


def feed(
    sample: Sample,
    rows: npt.NDArray[np.int64],
    augmentation: Augmentation,
    rng: np.random.Generator,
    size: int,
) -> Batch:
    """Draw how to crop and disturb rows of a sample, for a student of ``size`` pixels."""
    crops = Crops.random(rng, len(rows), augmentation.least_area)
    grid = crops.weights(sample.pixels.shape[1], size, 0.5)
    maps, grids = [], []
    for stage, stored in zip(STAGES, sample.targets.maps, strict=True):
        maps.append(tf.constant(stored[rows]))
        grids.append(crops.weights(stored.shape[1], size // stage.stride, stage.offset))
    return Batch(
        tf.constant(sample.pixels[rows]),
        tuple(map(tf.constant, grid)),
        tuple(maps),
        tuple(tuple(map(tf.constant, g)) for g in grids),
        tf.constant(sample.targets.logits[rows]),
        tf.constant(sample.words[rows]),
        tf.constant(augmentation.colours(rng, len(rows))),
        tf.constant(augmentation.own(rng, len(rows), size)),
    )


class Lesson(NamedTuple):
    """Float32 pixels (n, s, s, 3), and what the student should say of them."""

    pixels: Tensor
    maps: list[Tensor]
    labels: Tensor
    words: Tensor


def lesson(batch: Batch) -> Lesson:
    """Crop and disturb, in the graph; a patch brings its own photograph's maps and labels."""
    crops = recoloured(resample(batch.pixels, *batch.grid), batch.colours)
    maps = [cut(resample(m, *g), batch.own) for m, g in zip(batch.maps, batch.grids, strict=True)]
    share = tf.reduce_mean(batch.own, (1, 2))[:, None]
    labels = tf.nn.softmax(tf.cast(batch.logits, tf.float32) / TEMPERATURE)
    labels, words = (
        tf.where(share < 1, share * x + (1 - share) * tf.roll(x, -1, 0), x)
        for x in (labels, batch.words)
    )
    return Lesson(cut(crops, batch.own), maps, labels, words)
