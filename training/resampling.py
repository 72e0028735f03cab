"""Sampling maps at the rows and columns of a crop, in the graph."""

import tensorflow as tf

from training.arrays import Tensor


def resample(maps: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """Sample maps (n, s, s, c) at the rows and columns that `Crops.weights` chose."""
    across = tf.einsum("nyhc,nxh->nyxc", tf.cast(maps, tf.float32), columns)
    return tf.einsum("nyxc,nzy->nzxc", across, rows)
