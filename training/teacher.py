"""The ImageNet-trained network that the slim encoder learns from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.arrays import F32, Tensor
from training.errors import CheckpointError

__all__ = ["Network", "resnet50"]

Network = Callable[[Tensor], tuple[list[Tensor], Tensor]]
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BLOCKS = ((1, 3), (2, 4), (3, 6), (4, 3))


def resnet50(path: Path) -> Network:
    """ResNet-50 with batch norm folded in, from 8-bit arrays.

    Parameters
    ----------
    path : Path
        ``.npz`` with ``NAME.weight_int8`` (out, in, h, w), ``NAME.weight_exp``,
        ``NAME.bias_int8`` and ``NAME.bias_exp``; a value is int8 × 2**-exp.

    Returns
    -------
    callable
        From float32 (n, h, w, 3) in 0..255 to the four stages and the logits.

    Raises
    ------
    CheckpointError
        If the file is missing or incomplete.
    """
    weights = _read(path)

    def conv(x: Tensor, name: str, stride: int = 1, pad: int = 0) -> Tensor:
        kernel, bias = weights[name]
        padded = tf.pad(x, [[0, 0], [pad, pad], [pad, pad], [0, 0]]) if pad else x
        return tf.nn.conv2d(padded, kernel, stride, "VALID") + bias

    def bottleneck(x: Tensor, name: str, stride: int, first: bool) -> Tensor:
        inner = tf.nn.relu(conv(x, f"{name}.conv1", stride))
        inner = conv(tf.nn.relu(conv(inner, f"{name}.conv2", 1, 1)), f"{name}.conv3")
        return tf.nn.relu(inner + (conv(x, f"{name}.downsample.0", stride) if first else x))

    def network(pixels: Tensor) -> tuple[list[Tensor], Tensor]:
        x = (pixels / 255.0 - MEAN) / STD
        x = tf.nn.max_pool2d(tf.nn.relu(conv(x, "conv1", 2, 3)), 3, 2, "SAME")
        stages = []
        for layer, depth in BLOCKS:
            for block in range(depth):
                stride = 2 if block == 0 and layer > 1 else 1
                x = bottleneck(x, f"layer{layer}.{block}", stride, block == 0)
            stages.append(x)
        pooled = tf.reduce_mean(x, (1, 2), keepdims=True)
        return stages, conv(pooled, "fc")[:, 0, 0, :]

    return network


def _read(path: Path) -> dict[str, tuple[Tensor, Tensor]]:
    if not path.is_file():
        raise CheckpointError(f"no teacher weights at {path}")
    with np.load(path) as arrays:
        names = {key.rsplit(".", 1)[0] for key in arrays.files}
        return {name: _layer(arrays, name) for name in names}


def _layer(arrays: Tensor, name: str) -> tuple[Tensor, Tensor]:
    def real(part: str) -> F32:
        scale = np.float32(2.0 ** -float(arrays[f"{name}.{part}_exp"]))
        return np.asarray(arrays[f"{name}.{part}_int8"] * scale, np.float32)

    return tf.constant(real("weight").transpose(2, 3, 1, 0)), tf.constant(real("bias"))
