"""What is done to a batch of crops so that few photographs teach as much as many.

Colours are moved, patches of another photograph put in (Yun 2019, CutMix), and the teacher looks at
the same (Beyer 2022, "Knowledge distillation: a good teacher is patient and consistent").
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from training import efficientnet
from training.arrays import F32, U8, Tensor
from training.photographs import Crops

GRID = 8
LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Augmentation:
    """How much is disturbed: a crop's least area, the shares recoloured and given a patch."""

    least_area: float = 0.25
    colour: float = 0.7
    patched: float = 0.8

    def colours(self, rng: np.random.Generator, count: int) -> F32:
        """Draw (n, 5): saturation, contrast, and a gain for each channel."""
        moved = np.ones((count, 5), np.float32)
        moved[:, 0] = rng.uniform(0.5, 1.4, count)
        moved[:, 1] = np.exp(rng.normal(0, 0.2, count))
        gains = rng.normal(0, 0.2, (count, 1)) + rng.normal(0, 0.06, (count, 3))
        moved[:, 2:] = np.exp(gains)
        moved[rng.random(count) >= self.colour] = 1
        return moved

    def own(self, rng: np.random.Generator, count: int, cells: int = GRID) -> F32:
        """Draw (n, cells, cells): 1 where a photograph shows itself, at least half of it."""
        masks = np.ones((count, cells, cells), np.float32)
        for mask in (masks[i] for i in np.flatnonzero(rng.random(count) < self.patched)):
            height, width = (int(side) for side in rng.integers(1, cells + 1, 2))
            top, left = rng.integers(0, cells - height + 1), rng.integers(0, cells - width + 1)
            mask[top : top + height, left : left + width] = 0
        return np.where(masks.mean((1, 2), keepdims=True) < 0.5, 1 - masks, masks)


@dataclass(frozen=True)
class Sample:
    """Photographs uint8 (n, s, s, 3), and 1 for each of the words (n, v) of their captions.

    Rows of NaN where there is no caption.
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


def lesson(batch: PhotographBatch) -> tuple[Tensor, Tensor, Tensor]:
    """Crop and disturb, in the graph: pixels (n, s, s, 3) for student and teacher, caption words.

    A patch brings its own photograph's words.
    """
    pixels, teachers = (
        cut(recoloured(resample(batch.pixels, *grid), batch.colours), batch.own)
        for grid in (batch.grid, batch.teachers)
    )
    share = tf.reduce_mean(batch.own, (1, 2))[:, None]
    words = share * batch.words + (1 - share) * tf.roll(batch.words, -1, 0)
    return pixels, teachers, tf.where(share < 1, words, batch.words)


def recoloured(pixels: Tensor, colours: Tensor) -> Tensor:
    """Give float32 pixels (n, s, s, 3) in 0..255 with `Augmentation.colours` applied."""
    saturation, contrast = colours[:, None, None, :1], colours[:, None, None, 1:2]
    gray = tf.reduce_sum(pixels * LUMA, -1, keepdims=True)
    mean = tf.reduce_mean(pixels, (1, 2, 3), keepdims=True)
    moved = (gray + saturation * (pixels - gray) - mean) * contrast + mean
    return tf.clip_by_value(moved * colours[:, None, None, 2:], 0.0, 255.0)


def cut(x: Tensor, own: Tensor) -> Tensor:
    """Give x (n, s, s, c) with the next row's where ``own`` (n, cells, cells) is 0."""
    mask = tf.image.resize(own[..., None], x.shape[1:3], "nearest")
    return x * mask + tf.roll(x, -1, 0) * (1 - mask)


def resample(maps: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Sample maps (n, s, s, c) at the rows and columns that `Crops.weights` chose."""
    across = tf.einsum("nyhc,nxh->nyxc", tf.cast(maps, tf.float32), columns)
    return tf.einsum("nyxc,nzy->nzxc", across, rows)
