"""Batches of photographs, cropped and disturbed for the student and its teacher alike."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training import efficientnet
from training.arrays import F32, U8, Tensor
from training.augmentation import Augmentation, cut, recoloured, resample
from training.crops import Crops


@dataclass(frozen=True)
class Sample:
    """Photographs uint8 (n, s, s, 3), and the words of their captions.

    ``words`` is float32 (n, v) of 0 and 1; rows of NaN where there is no caption.
    """

    pixels: U8
    words: F32


class PhotographBatch(NamedTuple):
    """Photographs, the rows and columns to sample each at for student and teacher, and words."""

    pixels: Tensor
    grid: Tensor
    teachers: Tensor
    words: Tensor
    colours: Tensor
    own: Tensor


def feed(
    sample: Sample,
    rows: npt.NDArray[np.int64],
    augmentation: Augmentation,
    rng: np.random.Generator,
    side: int,
) -> PhotographBatch:
    """Draw how to crop and disturb rows of a sample, for a student's input of ``side`` pixels."""
    crops = Crops.random(rng, len(rows), augmentation.least_area)
    kept = sample.pixels.shape[1]
    own, others = (
        tuple(map(tf.constant, crops.weights(kept, size, 0.5)))
        for size in (side, efficientnet.SIDE)
    )
    return PhotographBatch(
        tf.constant(sample.pixels[rows]),
        own,
        others,
        tf.constant(sample.words[rows]),
        tf.constant(augmentation.colours(rng, len(rows))),
        tf.constant(augmentation.own(rng, len(rows))),
    )


class Lesson(NamedTuple):
    """Float32 pixels (n, s, s, 3) for the student and for the teacher, and caption words."""

    pixels: Tensor
    teachers: Tensor
    words: Tensor


def lesson(batch: PhotographBatch) -> Lesson:
    """Crop and disturb, in the graph; a patch brings its own photograph's words."""
    pixels, teachers = (
        cut(recoloured(resample(batch.pixels, *grid), batch.colours), batch.own)
        for grid in (batch.grid, batch.teachers)
    )
    share = tf.reduce_mean(batch.own, (1, 2))[:, None]
    words = share * batch.words + (1 - share) * tf.roll(batch.words, -1, 0)
    return Lesson(pixels, teachers, tf.where(share < 1, words, batch.words))
