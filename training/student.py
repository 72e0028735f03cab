"""VGG16 while it learns: what of it is trained, and the heads that its teacher speaks through."""

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

from training import vgg
from training.arrays import F32, Arrays, Tensor
from training.descent import Average
from training.errors import CheckpointError
from training.networks import SCALED, Layer, applied
from training.teacher import TeacherOutputs

TEMPERATURE = 2.0
WEIGHTS = {"map": 1.0, "pooled": 1.0, "labels": 2.0, "words": 0.003}
"""Ten times as much for words, and the words overfit the photographs trained on."""
KEPT = 0.998
HEADS = ("adapter", "labels", "words")


class Student:
    """VGG16's variables and heads.

    ``arrays`` are those of `training.vgg.fitted`, with the heads' where they are known; ``words``
    and ``dims`` the sizes of the caption words' head and of the teacher's map; blocks before
    ``first`` stay as they are; products are computed in ``precision``.
    """

    def __init__(
        self, arrays: Mapping[str, F32], *, words: int, dims: int, first: int, precision: Tensor
    ) -> None:
        self._precision = precision
        layers = vgg.layers()
        self._frozen = tuple(each for each in layers if _block(each) < first)
        self._taught = layers[len(self._frozen) :]
        own = vgg.network(arrays).arrays
        is_taught = {layer.name for layer in self._taught}
        self._fixed = {name: a for name, a in own.items() if name.split("/")[0] not in is_taught}
        self.variables = {n: tf.Variable(a) for n, a in own.items() if n not in self._fixed}
        channels = vgg.network(arrays).channels
        sizes = dict(zip(HEADS, (dims, 1000, words), strict=True))
        self.heads = {
            name: tf.Variable(_head_start(name, shape, arrays))
            for name, shape in _head_shapes(channels, sizes)
        }
        self.trainable = [*self.variables.values(), *self.heads.values()]
        self._average = Average(self.trainable, KEPT)

    @property
    def state(self) -> list[Tensor]:
        """Everything that a step changes."""
        return [*self.trainable, *self._average.variables]

    def before(self, pixels: Tensor) -> Tensor:
        """Give what the frozen blocks give of float32 pixels (n, h, w, 3) in 0..255."""
        scaled = tf.cast((pixels - vgg.MEAN) / vgg.STD, self._precision)
        if not self._frozen:
            return scaled
        fixed = {name: tf.cast(array, self._precision) for name, array in self._fixed.items()}
        found = applied(self._frozen, fixed, {SCALED: scaled})
        return tf.stop_gradient(found[self._frozen[-1].name])

    def map(self, before: Tensor, dropout: float = 0.0) -> Tensor:
        """Give the map float32 (n, h, w, c); whole channels are dropped (Tompson 2015)."""
        weights = {name: tf.cast(v, self._precision) for name, v in self.variables.items()}
        found = {self._taught[0].inputs[0]: before}
        for layer in self._taught:
            if dropout and layer.name.endswith("conv1"):
                (name,) = layer.inputs
                x = found[name]
                noise = (tf.shape(x)[0], 1, 1, x.shape[-1])
                found = found | {name: tf.nn.dropout(x, dropout, noise_shape=noise)}
            found = applied((layer,), weights, found)
        return tf.cast(found[self._taught[-1].name], tf.float32)

    def losses(self, map_: Tensor, seen: TeacherOutputs, words: Tensor) -> Tensor:
        """Give a vector, as `WEIGHTS` has them.

        The unexplained share of variance of the teacher's map and of its mean, the divergence from
        its classes, the caption words' cross entropy.
        """
        taught, pooled = tf.stop_gradient(seen.map), tf.reduce_mean(map_, (1, 2))
        apart = tf.reduce_mean((self.head(map_, "adapter") - taught) ** 2)
        gap = self.head(pooled, "adapter") - tf.reduce_mean(taught, (1, 2))
        within = tf.reduce_mean(gap**2) / seen.pooled_variance
        labels = tf.nn.softmax(tf.stop_gradient(seen.logits) / TEMPERATURE)
        said = tf.nn.log_softmax(self.head(pooled, "labels") / TEMPERATURE)
        diverged = tf.reduce_sum(labels * (tf.math.log(labels + 1e-9) - said), -1)
        diverged = tf.reduce_mean(diverged)
        return tf.stack([apart, within, diverged, self._word_loss(pooled, words)])

    def _word_loss(self, pooled: Tensor, words: Tensor) -> Tensor:
        known = tf.math.is_finite(words)
        loss = tf.nn.sigmoid_cross_entropy_with_logits(
            tf.where(known, words, 0.0), self.head(pooled, "words")
        )
        captioned = tf.reduce_sum(tf.cast(known[:, 0], tf.float32))
        return tf.reduce_sum(tf.where(known, loss, 0.0)) / tf.maximum(captioned, 1.0)

    def head(self, x: Tensor, name: str) -> Tensor:
        """Give what a head says of a map or of its mean."""
        return tf.tensordot(x, self.heads[f"{name}/kernel"], 1) + self.heads[f"{name}/bias"]

    def weighted(self, losses: Tensor) -> Tensor:
        """One number to descend."""
        return tf.reduce_sum(losses * tuple(WEIGHTS.values()))

    def follow(self) -> None:
        """Let the averaged weights follow by a step."""
        self._average.follow()

    def arrays(self) -> Arrays:
        """Give all weights by name, averaged where they are trained."""
        names = [*self.variables, *self.heads]
        return dict(self._fixed) | dict(zip(names, self._average.values(), strict=True))


def _block(layer: Layer) -> int:
    return int(layer.name[5]) if layer.name.startswith("block") else len(vgg.BLOCKS)


def _head_shapes(channels: int, sizes: Mapping[str, int]) -> list[tuple[str, tuple[int, ...]]]:
    kernels = [(f"{name}/kernel", (channels, size)) for name, size in sizes.items()]
    return [*kernels, *((f"{name}/bias", (size,)) for name, size in sizes.items())]


def _head_start(name: str, shape: tuple[int, ...], arrays: Mapping[str, F32]) -> F32:
    if name in arrays:
        if arrays[name].shape != shape:
            raise CheckpointError(f"the encoder's {name} is {arrays[name].shape}, not {shape}")
        return arrays[name]
    if name == "words/bias":
        return np.full(shape, -4.0, np.float32)
    return np.zeros(shape, np.float32)
