"""The text side of the joint image-text space; the API function has it, too. Imports numpy only."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from captioner.vision import manifest, tokenizer
from captioner.vision.arrays import F32, read_arrays, sigmoid, unit

FILES = ("text.npz", "tokenizer.json")
"""What of a bundle the text side needs, beside ``bundle.json``."""

BUNDLE = Path(__file__).resolve().parent.parent / "bundle"
"""Where the bundle lies, here as in the API's package, which holds these files of it."""

ARRAYS = ("embedding", "gru/kernel", "gru/recurrent", "gru/bias", "gru/recurrent_bias", "out")


class TextEncoder:
    """A gated recurrent unit (Cho et al. 2014, reset after the product) and a projection.

    Parameters
    ----------
    weights : dict of float32 arrays
        ``embedding`` (words, e), ``gru/kernel`` (e, 3h), ``gru/recurrent`` (h, 3h),
        ``gru/bias`` and ``gru/recurrent_bias`` (3h,), gates in the order update,
        reset, candidate; ``out`` (h, 256).
    """

    def __init__(self, weights: dict[str, F32], words: tokenizer.Tokenizer) -> None:
        self._weights = weights
        self._words = words

    def encode(self, text: str) -> F32:
        """Give the semantic vector, float32 (256,) of unit length, of a query.

        Words never seen are left out; a text without a known word gives the even
        vector, which is near to nothing in particular.
        """
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[F32]:
        """As `encode`, of texts together, at next to the cost of the longest."""
        known = [self._words.known(text) for text in texts]
        pooled = self._pooled(known) @ self._weights["out"]
        return [
            unit(vector if numbers else np.zeros_like(vector))
            for vector, numbers in zip(pooled, known, strict=True)
        ]

    def _pooled(self, known: Sequence[Sequence[int]]) -> F32:
        """Give the mean of the states, (texts, h); a text's states end with its words."""
        lengths = np.array([len(numbers) for numbers in known])
        padded = np.zeros((len(known), max(lengths, default=0)), np.intp)
        for row, numbers in zip(padded, known, strict=True):
            row[: len(numbers)] = numbers
        state: F32 = np.zeros((len(known), self._weights["gru/recurrent"].shape[0]), np.float32)
        total = np.zeros_like(state)
        words = self._weights["embedding"][padded]
        inputs = words @ self._weights["gru/kernel"] + self._weights["gru/bias"]
        for at in range(padded.shape[1]):
            state = self._step(inputs[:, at], state)
            total += np.where(at < lengths[:, None], state, 0)
        return np.asarray(total / np.maximum(lengths, 1)[:, None], np.float32)

    def _step(self, inputs: F32, state: F32) -> F32:
        recurrent = state @ self._weights["gru/recurrent"] + self._weights["gru/recurrent_bias"]
        update, reset, candidate = np.split(inputs, 3, axis=1)
        from_update, from_reset, from_candidate = np.split(recurrent, 3, axis=1)
        keep = sigmoid(update + from_update)
        new = np.tanh(candidate + sigmoid(reset + from_reset) * from_candidate)
        return np.asarray(keep * state + (1 - keep) * new, np.float32)


def load(folder: Path = BUNDLE) -> TextEncoder:
    """Load the text encoder of a bundle, only its own files read and verified.

    Raises
    ------
    BundleError
        If one is missing or damaged.
    """
    bundle = manifest.read(folder, FILES)
    words = tokenizer.load(bundle.path("tokenizer.json"))
    return TextEncoder(read_arrays(bundle.path("text.npz"), ARRAYS), words)
