"""What EfficientNet-Lite2 says of a batch: its map, reduced by PCA, and its classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from training import efficientnet
from training.arrays import F32, U8, Arrays, Tensor
from training.augmentation import resample
from training.crops import Crops

DIMS = 512
"""Of the map's 1,280 channels."""

OFFSET = 31.5 / 32
"""Where the map's cell 0 is centred, in cells from the edge.

TensorFlow pads at the far edge only where the stride is two, so that each of the five moves the
cells by half a pixel of its input.
"""


class TeacherOutputs(NamedTuple):
    """The reduced map (n, cells, cells, d), its mean's variance, and the logits (n, 1000)."""

    map: Tensor
    pooled_variance: Tensor
    logits: Tensor


@dataclass(frozen=True)
class Teacher:
    """The network with its classes, and what its map is reduced by.

    ``mean`` (1280,) and ``basis`` (1280, `DIMS`) are scaled so that the mean variance of a cell is
    one; that of the mean over the cells is ``pooled_variance``.
    """

    arrays: Mapping[str, F32]
    mean: F32
    basis: F32
    pooled_variance: F32
    precision: Tensor = tf.float32

    def look(self, pixels: Tensor, cells: int) -> TeacherOutputs:
        """Give what it says of float32 pixels (n, s, s, 3) in 0..255."""
        network = efficientnet.efficientnet_lite2(self.arrays)
        found = network.outputs(pixels, self.precision)[efficientnet.FEATURES]
        found = tf.cast(found, tf.float32)
        kernel, bias = (self.arrays[name] for name in efficientnet.LOGITS)
        logits = tf.reduce_mean(found, (1, 2)) @ kernel + bias
        whole = Crops.whole(1).weights(found.shape[1], cells, OFFSET)
        grid = (tf.repeat(tf.constant(part), tf.shape(found)[0], 0) for part in whole)
        reduced = resample((found - self.mean) @ self.basis, *grid)
        return TeacherOutputs(reduced, self.pooled_variance, logits)


def reduction(arrays: Mapping[str, F32], squares: U8) -> Arrays:
    """Fit ``mean``, ``basis`` and ``pooled_variance`` on photographs uint8 (n, s, s, 3)."""
    maps = efficientnet.efficientnet_lite2(arrays).maps(squares)
    vectors = maps.reshape(-1, maps.shape[-1])
    mean = vectors.mean(0)
    values, basis = np.linalg.eigh(np.cov(vectors - mean, rowvar=False))
    kept = np.argsort(values)[::-1][:DIMS]
    scale = np.sqrt(max(float(values[kept].mean()), 1e-12))
    basis = (basis[:, kept] / scale).astype(np.float32)
    variance = ((maps.mean((1, 2)) - mean) @ basis).var(0).mean()
    return {"mean": mean, "basis": basis, "pooled_variance": variance}
