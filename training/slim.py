"""VGG16's thirteen convolutions at reduced width, with batch norm while training.

Batch norm is folded away for inference: what is shipped is VGG's plain
convolution, bias, ReLU, pool (docs/decisions/101).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from training.arrays import F32, Arrays, Tensor
from training.errors import CheckpointError

__all__ = [
    "BLOCKS",
    "EPSILON",
    "WIDTHS",
    "Slim",
    "calibrated",
    "convolved",
    "fold",
    "forward",
    "stacked",
]

BLOCKS = (2, 2, 3, 3, 3)
WIDTHS = (32, 64, 128, 256, 256)
DROPPED = (4, 5)
EPSILON = 1e-3
PIXEL_MEAN = np.array([118.0, 113.0, 103.0], np.float32)
PIXEL_STD = np.float32(64.0)


def layer_names() -> list[tuple[str, int, int]]:
    """(name, input channels, output channels) of each convolution, in order."""
    layers, before = [], 3
    for block, (depth, width) in enumerate(zip(BLOCKS, WIDTHS, strict=True), 1):
        for conv in range(1, depth + 1):
            layers.append((f"block{block}_conv{conv}", before, width))
            before = width
    return layers


class Slim:
    """The trainable network: variables by name, and the pass that trains them.

    ``precision`` is what activations and products are computed in; weights, statistics
    and what `train` gives stay float32 (docs/decisions/105).
    """

    def __init__(
        self, seed: int, arrays: Mapping[str, F32] | None = None, precision: Tensor = tf.float32
    ) -> None:
        self._precision = precision
        rng = np.random.default_rng(seed)
        self.variables: dict[str, tf.Variable] = {}
        self.statistics: dict[str, tf.Variable] = {}
        for name, before, width in layer_names():
            self._add(name, _initial(rng, before, width))
        if arrays is not None:
            self.assign(arrays)

    def _add(self, name: str, kernel: F32) -> None:
        width = kernel.shape[-1]
        self.variables[f"{name}/kernel"] = tf.Variable(kernel)
        self.variables[f"{name}/gamma"] = tf.Variable(np.ones(width, np.float32))
        self.variables[f"{name}/beta"] = tf.Variable(np.zeros(width, np.float32))
        self.statistics[f"{name}/mean"] = tf.Variable(np.zeros(width, np.float32), trainable=False)
        self.statistics[f"{name}/var"] = tf.Variable(np.ones(width, np.float32), trainable=False)

    def assign(self, arrays: Mapping[str, F32]) -> None:
        """Take over weights; raises `CheckpointError` where one is missing or misshapen."""
        for name, variable in (self.variables | self.statistics).items():
            if name not in arrays or arrays[name].shape != tuple(variable.shape):
                raise CheckpointError(f"the encoder weights lack {name} of shape {variable.shape}")
            variable.assign(arrays[name].astype(np.float32))

    def arrays(self) -> Arrays:
        """Every weight and statistic by name."""
        return {name: v.numpy() for name, v in (self.variables | self.statistics).items()}

    def train(self, pixels: Tensor, momentum: float = 0.98, dropout: float = 0.0) -> list[Tensor]:
        """Give the five pooled block outputs of pixels (n, h, w, 3) 0..255, batch norm learning.

        Whole channels are dropped, a share ``dropout`` of them, before each of `DROPPED`
        (Tompson 2015); what is given is what stood before.
        """
        x, outputs = tf.cast((pixels - PIXEL_MEAN) / PIXEL_STD, self._precision), []
        for block, depth in enumerate(BLOCKS, 1):
            if dropout and block in DROPPED:
                x = tf.nn.dropout(x, dropout, noise_shape=(tf.shape(x)[0], 1, 1, x.shape[-1]))
            for conv in range(1, depth + 1):
                x = self._layer(x, f"block{block}_conv{conv}", momentum)
            x = tf.nn.max_pool2d(x, 2, 2, "VALID")
            outputs.append(tf.cast(x, tf.float32))
        return outputs

    def _layer(self, x: Tensor, name: str, momentum: float) -> Tensor:
        kernel = tf.cast(self.variables[f"{name}/kernel"], self._precision)
        x = tf.nn.conv2d(x, kernel, 1, "SAME")
        x, mean, var = tf.compat.v1.nn.fused_batch_norm(
            x,
            self.variables[f"{name}/gamma"],
            self.variables[f"{name}/beta"],
            epsilon=EPSILON,
            is_training=True,
        )
        for part, value in (("mean", mean), ("var", var)):
            kept = self.statistics[f"{name}/{part}"]
            kept.assign(kept * momentum + tf.stop_gradient(value) * (1 - momentum))
        return tf.nn.relu(x)


def _initial(rng: np.random.Generator, before: int, width: int) -> F32:
    # He's normal, plus the identity where the width stays: thirteen layers deep, the
    # signal then reaches the last one from the first step (Zagoruyko 2017, DiracNets).
    kernel = rng.normal(0, np.sqrt(2 / (9 * before)), (3, 3, before, width)).astype(np.float32)
    if before == width:
        kernel[1, 1] += np.eye(width, dtype=np.float32)
    return kernel


def calibrated(arrays: Mapping[str, F32], batches: Iterable[Tensor]) -> Arrays:
    """Give the same weights with batch norm's statistics measured anew.

    Averaged weights want their own statistics, and so does another input size
    (Izmailov 2018, section 3.2).

    Parameters
    ----------
    arrays : mapping
        From `Slim.arrays`.
    batches : iterable of float32 (n, h, w, 3)
        Pixels in 0..255.
    """
    network = Slim(0, arrays)
    learn = tf.function(
        lambda pixels, momentum: network.train(pixels, momentum)[-1], autograph=False
    )
    for count, pixels in enumerate(batches):
        learn(tf.constant(pixels, tf.float32), tf.constant(count / (count + 1), tf.float32))
    return dict(arrays) | network.arrays()


def fold(arrays: Mapping[str, F32]) -> Arrays:
    """Plain ``kernel`` and ``bias`` of each convolution, batch norm folded in."""
    folded: Arrays = {}
    for name, _, _ in layer_names():
        scale = arrays[f"{name}/gamma"] / np.sqrt(arrays[f"{name}/var"] + EPSILON)
        folded[f"{name}/kernel"] = arrays[f"{name}/kernel"] * scale
        folded[f"{name}/bias"] = arrays[f"{name}/beta"] - arrays[f"{name}/mean"] * scale
    return folded


def forward(folded: Mapping[str, Tensor], pixels: Tensor) -> list[Tensor]:
    """Give the five pooled block outputs of float32 pixels (n, h, w, 3) in 0..255."""
    return convolved(folded, (pixels - PIXEL_MEAN) / PIXEL_STD)


def convolved(weights: Mapping[str, Tensor], x: Tensor) -> list[Tensor]:
    """Give the five pooled block outputs of scaled pixels, by plain kernels and biases."""
    outputs = []
    for block, depth in enumerate(BLOCKS, 1):
        for conv in range(1, depth + 1):
            name = f"block{block}_conv{conv}"
            x = tf.nn.conv2d(x, weights[f"{name}/kernel"], 1, "SAME")
            x = tf.nn.relu(x + weights[f"{name}/bias"])
        x = tf.nn.max_pool2d(x, 2, 2, "VALID")
        outputs.append(x)
    return outputs


def stacked(outputs: Sequence[Tensor]) -> Tensor:
    """Give the map that decoder and vectors see, (n, h/32, w/32, 512), of the block outputs.

    The fourth block's, averaged over the cells of the fifth's, stand before the fifth's: what
    is named is in the last block, colour and texture are in the one before (docs/decisions/116).
    """
    return tf.concat([tf.nn.avg_pool2d(outputs[3], 2, 2, "VALID"), outputs[4]], -1)
