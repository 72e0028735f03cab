"""Holding an exported bundle against the TensorFlow model that it was made of."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from captioner.vision import beam
from captioner.vision.beam import Writer
from captioner.vision.decoder import ARRAYS as DECODER
from captioner.vision.decoder import Decoder, DecoderState
from captioner.vision.sentence import Rules
from captioner.vision.text import F32, Tokenizer, read_arrays
from captioner.vision.vectors import ARRAYS as VECTORS
from captioner.vision.vectors import POWER, Vectors, pooled
from training.agreement import NetworkDifference, NetworkOutputs, agreement
from training.arrays import F16, U8, Tensor
from training.arrays import read_arrays as read_parts
from training.decoder import TrainableDecoder, TrainableState
from training.encoders import PLAIN
from training.networks import Network


class TrainedWriter:
    """The trainable decoder behind the beam search: a `captioner.vision.beam.Writer`."""

    def __init__(self, network: TrainableDecoder) -> None:
        self._begin = tf.function(network.begin, autograph=False)
        self._advance = tf.function(network.advance, reduce_retracing=True, autograph=False)

    def start(self, map_: F32) -> DecoderState:
        """Give the state before the first word."""
        flat = map_.reshape(1, -1, map_.shape[-1])
        begun = self._begin(tf.constant(flat, tf.float32))
        keys, values, hidden, cell = (part.numpy() for part in begun)
        return DecoderState(hidden, cell, keys[0], values[0])

    def step(
        self, state: DecoderState, words: npt.NDArray[np.intp]
    ) -> tuple[F32, DecoderState, F32]:
        """Give log-probabilities of the next words, the next state, the attention paid."""
        keys, values = (np.repeat(part[None], len(words), 0) for part in (state.keys, state.values))
        begun = TrainableState(keys, values, state.hidden, state.cell)
        logits, after, attention = self._advance(begun, tf.constant(words, tf.int32))
        following = DecoderState(after.hidden.numpy(), after.cell.numpy(), state.keys, state.values)
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
        self._vectors = read_parts(parts / "vectors.npz")
        self._decoder = read_parts(parts / "decoder.npz")

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


def compare(
    parts: Path, bundle: Path, words: Tokenizer, squares: U8, maps: dict[str, F16]
) -> dict[str, NetworkDifference]:
    """Hold encoders' maps, and what a bundle makes of them, against TensorFlow's.

    Parameters
    ----------
    parts, bundle : Path
        What ``train`` left, and what serves.
    squares : uint8 (n, s, s, 3)
        Photographs at the encoder's size.
    maps : dict of float16 (n, h, w, c)
        Each encoder's, of the same photographs.
    """
    trained, rules = TrainingModel(parts), Rules(words)
    found = trained.maps(squares)
    writer = trained.writer(found.shape[1] * found.shape[2])
    vectors = trained.visual(found), trained.semantic(found)
    theirs = NetworkOutputs(found, *vectors, _greedy(writer, rules, found))
    return {name: agreement(_served(bundle, rules, ours), theirs) for name, ours in maps.items()}


def _served(bundle: Path, rules: Rules, maps: F16) -> NetworkOutputs:
    found = maps.astype(np.float32)
    vectors = Vectors(read_arrays(bundle / "vectors.npz", VECTORS))
    decoder = Decoder(read_arrays(bundle / "decoder.npz", DECODER))
    means = pooled(found)
    visual = np.stack([vectors.visual(each) for each in means])
    semantic = np.stack([vectors.semantic(each) for each in means])
    return NetworkOutputs(found, visual, semantic, _greedy(decoder, rules, found))


def _greedy(writer: Writer, rules: Rules, maps: F32) -> list[tuple[int, ...]]:
    written = (beam.search(writer, map_, rules, beam=1) for map_ in maps)
    return [hypotheses[0].words if hypotheses else () for hypotheses in written]
