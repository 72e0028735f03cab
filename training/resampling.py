"""Sampling maps at the rows and columns of a crop, in the graph."""

from __future__ import annotations

import tensorflow as tf

from training.arrays import Tensor

__all__ = ["resample"]


def resample(maps: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Sample maps (n, s, s, c) at the rows and columns that `Crops.weights` chose."""
    across = tf.einsum("nyhc,nxh->nyxc", tf.cast(maps, tf.float32), columns)
    return tf.einsum("nyxc,nzy->nzxc", across, rows)
