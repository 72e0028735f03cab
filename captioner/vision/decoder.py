"""The decoder: an LSTM that looks at a part of the map before each word.

Additive attention with a gate on what it saw (Bahdanau 2015; Xu 2015, *Show,
Attend and Tell*); the words' embedding is also the output layer (Press 2017).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captioner.vision.text import F32, Factor, sigmoid

ARRAYS = (
    "embedding", "output_bias", "keys", "positions", "values", "values_bias", "query", "energy",
    "gate", "gate_bias", "start", "start_bias", "lstm/kernel", "lstm/recurrent", "lstm/bias",
    "out/state", "out/seen", "out/word", "out/bias",
)  # fmt: skip
FACTORS = "lstm/recurrent", "out/state", "out/seen", "out/word", "query", "gate"


@dataclass(frozen=True)
class DecoderState:
    """What the decoder remembers of k captions being written about one photograph.

    ``hidden`` and ``cell`` (k, h); ``keys`` and ``values`` (positions, a), shared.
    """

    hidden: F32
    cell: F32
    keys: F32
    values: F32

    def take(self, rows: npt.NDArray[np.intp]) -> "DecoderState":
        """Give the state of the captions at ``rows``."""
        return DecoderState(self.hidden[rows], self.cell[rows], self.keys, self.values)


class Decoder:
    """One step: the last words in, the next words' log-probabilities out.

    Weights go by the names of ``ARRAYS``; gates are in the order input, forget, cell, output.
    """

    def __init__(self, weights: dict[str, F32]) -> None:
        self._weights = weights
        kernel = weights["lstm/kernel"]
        size = weights["embedding"].shape[1]
        self._word_part = weights["embedding"] @ kernel[:size] + weights["lstm/bias"]
        self._seen_part = Factor(kernel[size:])
        self._output = Factor(weights["embedding"].T)
        self._factors = {name: Factor(weights[name]) for name in FACTORS}

    def start(self, map_: F32) -> DecoderState:
        """Give the state before the first word, of a map float32 (h, w, c)."""
        weights = self._weights
        flat = map_.reshape(-1, map_.shape[-1])
        values = np.maximum(flat @ weights["values"] + weights["values_bias"], 0)
        keys = flat @ weights["keys"] + weights["positions"]
        first = np.tanh(values.mean(0, keepdims=True) @ weights["start"] + weights["start_bias"])
        hidden, cell = np.split(first, 2, axis=1)
        return DecoderState(hidden, cell, keys, values)

    def step(
        self, state: DecoderState, words: npt.NDArray[np.intp]
    ) -> tuple[F32, DecoderState, F32]:
        """Write one word of k captions, whose last ``words`` are int (k,).

        Give log-probabilities (k, vocabulary), the next state, and the attention paid
        (k, positions), whose rows sum to one.
        """
        weights, factors = self._weights, self._factors
        attention, seen = self._look(state)
        gates = self._word_part[words] + seen @ self._seen_part
        gates = gates + state.hidden @ factors["lstm/recurrent"]
        into, forget, new, out = np.split(gates, 4, axis=1)
        cell = sigmoid(forget) * state.cell + sigmoid(into) * np.tanh(new)
        hidden = sigmoid(out) * np.tanh(cell)
        said = hidden @ factors["out/state"] + seen @ factors["out/seen"] + weights["out/bias"]
        said = np.tanh(said + weights["embedding"][words] @ factors["out/word"])
        logits = said @ self._output + weights["output_bias"]
        return _log_softmax(logits), DecoderState(hidden, cell, state.keys, state.values), attention

    def _look(self, state: DecoderState) -> tuple[F32, F32]:
        weights = self._weights
        query = state.hidden @ self._factors["query"]
        energy = np.tanh(state.keys[None] + query[:, None]) @ weights["energy"]
        attention = np.exp(_log_softmax(energy))
        gate = sigmoid(state.hidden @ self._factors["gate"] + weights["gate_bias"])
        return attention, (attention @ state.values) * gate


def _log_softmax(x: F32) -> F32:
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
