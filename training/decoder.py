"""The attention decoder while it is trained: the same arithmetic as the one that serves."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import tensorflow as tf

from captioner.vision.text import END, PAD, START, UNKNOWN
from training.arrays import F32, Tensor

FOLDED = (("keys", "positions"), ("values", "values_bias"))  # kernels of the map, their biases

LANGUAGE = (
    "embedding", "output_bias", "start_bias", "lstm/kernel", "lstm/recurrent", "lstm/bias",
    "out/state", "out/word", "out/bias",
)  # fmt: skip
"""What captions without photographs can teach."""


@dataclass(frozen=True)
class Shape:
    """Sizes: vocabulary, map positions and channels; word, state and attention widths."""

    vocabulary: int
    positions: int
    channels: int
    word: int = 256
    state: int = 512
    attention: int = 256


class TrainableState(NamedTuple):
    """What a caption goes on from: keys and values of the map, the LSTM's state."""

    keys: Tensor
    values: Tensor
    hidden: Tensor
    cell: Tensor


class TrainableDecoder:
    """Variables by the names that ``captioner.vision.decoder`` reads.

    The words' embedding is also the output layer, always. Products are computed in
    ``precision``; the variables, and what comes out, are float32.
    """

    def __init__(
        self,
        shape: Shape,
        mean: F32,
        std: F32,
        *,
        seed: int,
        dropout: float,
        precision: Tensor = tf.float32,
    ) -> None:
        self._shape, self._dropout, self._precision = shape, dropout, precision
        self._mean, self._std = tf.constant(mean), tf.constant(std)
        rng = np.random.default_rng(seed)
        self.variables = {
            name: tf.Variable(_start(rng, name, size)) for name, size in _sizes(shape).items()
        }

    @classmethod
    def serving(
        cls,
        arrays: dict[str, F32],
        positions: int,
        precision: Tensor = tf.float32,
        dropout: float = 0.0,
    ) -> Self:
        """Make one of the weights that `arrays` gives, for maps of so many positions."""
        channels, vocabulary = arrays["keys"].shape[0], arrays["embedding"].shape[0]
        shape = Shape(
            vocabulary,
            positions,
            channels,
            word=arrays["embedding"].shape[1],
            state=arrays["query"].shape[0],
            attention=arrays["keys"].shape[1],
        )
        plain = np.zeros(channels, np.float32), np.ones(channels, np.float32)
        network = cls(shape, *plain, seed=0, dropout=dropout, precision=precision)
        network.begin_from(arrays)
        return network

    @property
    def language_variables(self) -> dict[str, Tensor]:
        """Those that `language` reads, by name."""
        return {name: self.variables[name] for name in LANGUAGE}

    def begin_from(self, arrays: Mapping[str, F32]) -> None:
        """Take weights by name; those that are not given stay as they are."""
        for name, array in arrays.items():
            self.variables[name].assign(array)

    def arrays(self) -> dict[str, F32]:
        """Weights for serving: the map's standardisation is folded in."""
        return self.folded({name: v.numpy() for name, v in self.variables.items()})

    def folded(self, arrays: dict[str, F32]) -> dict[str, F32]:
        """Fold the map's standardisation into any copy of the weights."""
        mean, std = self._mean.numpy(), self._std.numpy()
        shift = -mean / std
        folded = dict(arrays)
        for part, bias in FOLDED:
            folded[bias] = arrays[bias] + shift @ arrays[part]
            folded[part] = arrays[part] / std[:, None]
        return folded

    def unfolded(self, arrays: Mapping[str, F32]) -> dict[str, F32]:
        """Undo `folded`; weights of words alone stay as they are."""
        mean, std = self._mean.numpy(), self._std.numpy()
        found = dict(arrays)
        for part, bias in FOLDED:
            if part in arrays:
                found[part] = arrays[part] * std[:, None]
                found[bias] = arrays[bias] + (mean / std) @ found[part]
        return found

    def loss(self, logits: Tensor, wanted: Tensor, smoothing: float) -> Tensor:
        """Mean cross entropy a word.

        ``logits`` (n, t, vocabulary); ``wanted`` int (n, t): words, end, padding.
        """
        log_probs = tf.nn.log_softmax(logits)
        right = tf.gather(log_probs, wanted, axis=2, batch_dims=2)
        loss = -(1 - smoothing) * right - smoothing * tf.reduce_mean(log_probs, -1)
        real = tf.cast(wanted != PAD, tf.float32)
        return tf.reduce_sum(loss * real) / tf.reduce_sum(real)

    def logits(self, maps: Tensor, words: Tensor, training: bool) -> Tensor:
        """(n, t, vocabulary) of what follows each word (n, t) on maps (n, positions, channels)."""
        v, drop = self._cast(), self._dropping(training)
        keys, values, hidden, cell = self._begun(v, maps, drop)
        embedded = drop(tf.gather(v["embedding"], words))
        states, looks = [], []
        for at in range(words.shape[1]):
            seen, _ = _look(v, keys, values, hidden)
            hidden, cell = _lstm(v, tf.concat([embedded[:, at], seen], 1), hidden, cell)
            states.append(hidden)
            looks.append(seen)
        return _said(v, tf.stack(states, 1), tf.stack(looks, 1), embedded, drop)

    def language(self, words: Tensor, training: bool) -> Tensor:
        """(n, t, vocabulary) of what follows each word (n, t) with nothing to look at."""
        v, drop = self._cast(), self._dropping(training)
        embedded = drop(tf.gather(v["embedding"], words))
        read = _times(embedded, v["lstm/kernel"][: self._shape.word]) + v["lstm/bias"]
        begun = tf.tile(tf.tanh(v["start_bias"])[None], (tf.shape(words)[0], 1))
        hidden, cell = tf.split(begun, 2, axis=1)
        states = []
        for at in range(words.shape[1]):
            hidden, cell = _gated(read[:, at] + hidden @ v["lstm/recurrent"], cell)
            states.append(hidden)
        return _said(v, tf.stack(states, 1), None, embedded, drop)

    def begin(self, maps: Tensor) -> TrainableState:
        """Give the state before the first word of maps (n, positions, channels)."""
        return self._begun(self._cast(), maps, tf.identity)

    def advance(
        self, begun: TrainableState, words: Tensor
    ) -> tuple[Tensor, TrainableState, Tensor]:
        """Give the logits of what follows words (n,), the next state, the attention paid."""
        v, (keys, values, hidden, cell) = self._cast(), begun
        embedded = tf.gather(v["embedding"], words)
        seen, attention = _look(v, keys, values, hidden)
        hidden, cell = _lstm(v, tf.concat([embedded, seen], 1), hidden, cell)
        logits = _said(v, hidden, seen, embedded, tf.identity)
        return logits, TrainableState(keys, values, hidden, cell), attention

    def sample(self, maps: Tensor, longest: int) -> Tensor:
        """Draw a caption of each map: int32 (n, 1 + longest), start, words, end, padding."""
        begun, words = self.begin(maps), [tf.fill([tf.shape(maps)[0]], START)]
        for _ in range(longest):
            logits, begun, _ = self.advance(begun, words[-1])
            drawn = tf.random.categorical(logits - 1e9 * self._never(), 1, dtype=tf.int32)[:, 0]
            over = (words[-1] == END) | (words[-1] == PAD)
            words.append(tf.where(over, PAD, drawn))
        return tf.stack(words, 1)

    def reinforcement(self, maps: Tensor, captions: Tensor, advantage: Tensor) -> Tensor:
        """Give the loss whose descent makes captions (n, t) likelier by their advantage (n,)."""
        log_probs = tf.nn.log_softmax(self.logits(maps, captions[:, :-1], training=False))
        drawn = tf.gather(log_probs, captions[:, 1:], axis=2, batch_dims=2)
        real = tf.cast(captions[:, 1:] != PAD, tf.float32)
        return -tf.reduce_sum(drawn * real * advantage[:, None]) / tf.reduce_sum(real)

    def _never(self) -> Tensor:
        return tf.reduce_sum(tf.one_hot([PAD, START, UNKNOWN], self._shape.vocabulary), 0)

    def _cast(self) -> dict[str, Tensor]:
        return {name: tf.cast(v, self._precision) for name, v in self.variables.items()}

    def _dropping(self, training: bool) -> Tensor:
        return (lambda x: tf.nn.dropout(x, self._dropout)) if training else tf.identity

    def _begun(self, v: dict[str, Tensor], maps: Tensor, drop: Tensor) -> TrainableState:
        flat = drop(tf.cast((maps - self._mean) / self._std, self._precision))
        values = tf.nn.relu(_times(flat, v["values"]) + v["values_bias"])
        keys = _times(flat, v["keys"]) + v["positions"]
        first = tf.tanh(drop(tf.reduce_mean(values, 1)) @ v["start"] + v["start_bias"])
        hidden, cell = tf.split(first, 2, axis=1)
        return TrainableState(keys, values, hidden, cell)


def _said(
    v: dict[str, Tensor], hidden: Tensor, seen: Tensor | None, embedded: Tensor, drop: Tensor
) -> Tensor:
    said = _times(drop(hidden), v["out/state"])
    said = said if seen is None else said + _times(seen, v["out/seen"])
    said = tf.tanh(said + _times(embedded, v["out/word"]) + v["out/bias"])
    logits = _times(drop(said), tf.transpose(v["embedding"])) + v["output_bias"]
    return tf.cast(logits, tf.float32)


def _look(
    v: dict[str, Tensor], keys: Tensor, values: Tensor, hidden: Tensor
) -> tuple[Tensor, Tensor]:
    energy = tf.tanh(keys + (hidden @ v["query"])[:, None])
    attention = tf.nn.softmax(_times(energy, v["energy"]))
    gate = tf.sigmoid(hidden @ v["gate"] + v["gate_bias"])
    return tf.reduce_sum(attention[..., None] * values, 1) * gate, attention


def _lstm(
    v: dict[str, Tensor], inputs: Tensor, hidden: Tensor, cell: Tensor
) -> tuple[Tensor, Tensor]:
    gates = inputs @ v["lstm/kernel"] + hidden @ v["lstm/recurrent"] + v["lstm/bias"]
    return _gated(gates, cell)


def _gated(gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    into, forget, new, out = tf.split(gates, 4, axis=1)
    cell = tf.sigmoid(forget) * cell + tf.sigmoid(into) * tf.tanh(new)
    return tf.sigmoid(out) * tf.tanh(cell), cell


def _times(x: Tensor, kernel: Tensor) -> Tensor:
    # One plain matrix product; "@" on three axes would run one for each row.
    return tf.tensordot(x, kernel, 1)


def _sizes(s: Shape) -> dict[str, tuple[int, ...]]:
    return {
        "embedding": (s.vocabulary, s.word),
        "output_bias": (s.vocabulary,),
        "keys": (s.channels, s.attention),
        "positions": (s.positions, s.attention),
        "values": (s.channels, s.attention),
        "values_bias": (s.attention,),
        "query": (s.state, s.attention),
        "energy": (s.attention,),
        "gate": (s.state, s.attention),
        "gate_bias": (s.attention,),
        "start": (s.attention, 2 * s.state),
        "start_bias": (2 * s.state,),
        "lstm/kernel": (s.word + s.attention, 4 * s.state),
        "lstm/recurrent": (s.state, 4 * s.state),
        "lstm/bias": (4 * s.state,),
        "out/state": (s.state, s.word),
        "out/seen": (s.attention, s.word),
        "out/word": (s.word, s.word),
        "out/bias": (s.word,),
    }


def _start(rng: np.random.Generator, name: str, size: tuple[int, ...]) -> F32:
    if name == "lstm/bias":  # forget gates open at first (Jozefowicz 2015)
        return np.repeat(np.array([0, 1, 0, 0], np.float32), size[0] // 4)
    if len(size) == 1 and name != "energy":
        return np.zeros(size, np.float32)
    spread = 0.05 if name == "embedding" else 1 / np.sqrt(size[0])
    return rng.normal(0, spread, size).astype(np.float32)
