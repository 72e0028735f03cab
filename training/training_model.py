"""The model as TensorFlow has it, to hold an exported bundle against."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision.arrays import F32
from captioner.vision.decoder import State
from captioner.vision.vectors import POWER
from training.arrays import U8, Tensor, read_arrays
from training.decoder import Begun, TrainableDecoder
from training.encoders import PLAIN
from training.networks import Network


class TrainedWriter:
    """The trainable decoder behind the beam search: a `captioner.vision.beam.Writer`."""

    def __init__(self, network: TrainableDecoder) -> None:
        self._begin = tf.function(network.begin, autograph=False)
        self._advance = tf.function(network.advance, reduce_retracing=True, autograph=False)

    def start(self, map_: F32) -> State:
        """Give the state before the first word."""
        flat = map_.reshape(1, -1, map_.shape[-1])
        begun = self._begin(tf.constant(flat, tf.float32))
        keys, values, hidden, cell = (part.numpy() for part in begun)
        return State(hidden, cell, keys[0], values[0])

    def step(self, state: State, words: npt.NDArray[np.intp]) -> tuple[F32, State, F32]:
        """Give log-probabilities of the next words, the next state, the attention paid."""
        keys, values = (np.repeat(part[None], len(words), 0) for part in (state.keys, state.values))
        begun = Begun(keys, values, state.hidden, state.cell)
        logits, after, attention = self._advance(begun, tf.constant(words, tf.int32))
        following = State(after.hidden.numpy(), after.cell.numpy(), state.keys, state.values)
        return tf.nn.log_softmax(logits).numpy(), following, attention.numpy()


class TrainingModel:
    """Encoder, decoder and projections of the parts that ``train`` left.

    Raises
    ------
    CheckpointError
        If a part is missing or damaged.
    """

    def __init__(self, parts: Path) -> None:
        self._encoder = Network.read(parts / PLAIN)
        self._vectors = read_arrays(parts / "vectors.npz")
        self._decoder = read_arrays(parts / "decoder.npz")

    def maps(self, pixels: U8) -> F32:
        """Maps (n, h, w, c) of squares uint8 (n, s, s, 3) of the encoder's size."""
        return self._encoder.maps(pixels)

    def writer(self, positions: int) -> TrainedWriter:
        """Give the decoder, for maps of so many positions."""
        return TrainedWriter(TrainableDecoder.serving(self._decoder, positions))

    def visual(self, maps: F32) -> F32:
        """Visual vectors (n, 256)."""
        centred = tf.math.l2_normalize(_pooled(maps), -1) - self._vectors["visual/mean"]
        return np.asarray(tf.math.l2_normalize(centred @ self._vectors["visual/basis"], -1))

    def semantic(self, maps: F32) -> F32:
        """Semantic vectors (n, 256)."""
        w = self._vectors
        hidden = tf.nn.relu(_pooled(maps) @ w["semantic/hidden"] + w["semantic/hidden_bias"])
        return np.asarray(tf.math.l2_normalize(hidden @ w["semantic/out"], -1))


def _pooled(maps: F32) -> Tensor:
    generalised = tf.reduce_mean(tf.maximum(maps, 1e-6) ** POWER, (1, 2)) ** (1 / POWER)
    return tf.concat([tf.reduce_mean(maps, (1, 2)), generalised], -1)
