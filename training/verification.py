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
from training.arrays import F16, U8, Arrays, Tensor
from training.arrays import read_arrays as read_parts
from training.decoder import TrainableDecoder, TrainableState
from training.encoders import PLAIN
from training.networks import Network


def compare(
    parts: Path, bundle: Path, words: Tokenizer, squares: U8, maps: dict[str, F16]
) -> dict[str, NetworkDifference]:
    """Hold encoders' maps (n, h, w, c), and what a bundle makes of them, against TensorFlow's.

    The photographs are uint8 (n, s, s, 3) at the encoder's size. Raises `CheckpointError` if a part
    is missing or damaged.
    """
    rules = Rules(words)
    theirs = _trained(parts, rules, squares)
    return {name: agreement(_served(bundle, rules, ours), theirs) for name, ours in maps.items()}


def _trained(parts: Path, rules: Rules, squares: U8) -> NetworkOutputs:
    maps, projections = Network.read(parts / PLAIN).maps(squares), read_parts(parts / "vectors.npz")
    positions = maps.shape[1] * maps.shape[2]
    decoder = TrainableDecoder.serving(read_parts(parts / "decoder.npz"), positions)
    captions = _greedy(_TrainedWriter(decoder), rules, maps)
    return NetworkOutputs(maps, _visual(projections, maps), _semantic(projections, maps), captions)


def _visual(weights: Arrays, maps: F32) -> F32:
    centred = tf.math.l2_normalize(_pooled(maps), -1) - weights["visual/mean"]
    return np.asarray(tf.math.l2_normalize(centred @ weights["visual/basis"], -1))


def _semantic(weights: Arrays, maps: F32) -> F32:
    hidden = _pooled(maps) @ weights["semantic/hidden"] + weights["semantic/hidden_bias"]
    return np.asarray(tf.math.l2_normalize(tf.nn.relu(hidden) @ weights["semantic/out"], -1))


def _pooled(maps: F32) -> Tensor:
    generalised = tf.reduce_mean(tf.maximum(maps, 1e-6) ** POWER, (1, 2)) ** (1 / POWER)
    return tf.concat([tf.reduce_mean(maps, (1, 2)), generalised], -1)


class _TrainedWriter:
    """The trainable decoder behind the beam search: a `captioner.vision.beam.Writer`."""

    def __init__(self, network: TrainableDecoder) -> None:
        self._begin = tf.function(network.begin, autograph=False)
        self._advance = tf.function(network.advance, reduce_retracing=True, autograph=False)

    def start(self, map_: F32) -> DecoderState:
        flat = map_.reshape(1, -1, map_.shape[-1])
        begun = self._begin(tf.constant(flat, tf.float32))
        keys, values, hidden, cell = (part.numpy() for part in begun)
        return DecoderState(hidden, cell, keys[0], values[0])

    def step(
        self, state: DecoderState, words: npt.NDArray[np.intp]
    ) -> tuple[F32, DecoderState, F32]:
        keys, values = (np.repeat(part[None], len(words), 0) for part in (state.keys, state.values))
        begun = TrainableState(keys, values, state.hidden, state.cell)
        logits, after, attention = self._advance(begun, tf.constant(words, tf.int32))
        following = DecoderState(after.hidden.numpy(), after.cell.numpy(), state.keys, state.values)
        return tf.nn.log_softmax(logits).numpy(), following, attention.numpy()


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
