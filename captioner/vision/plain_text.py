"""The text side of the joint space without numpy, for the API function, which has none.

`captioner.vision.text` does the same arithmetic; docs/decisions/114 says what each costs.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

from captioner.vision import manifest, tokenizer
from captioner.vision.plain_arrays import PlainArrays, Table, products

__all__ = ["BUNDLE", "FILES", "PlainTextEncoder", "load"]

FILES = ("text.npz", "tokenizer.json")
"""What of a bundle the text side needs, beside ``bundle.json``."""

BUNDLE = Path(__file__).resolve().parent.parent / "bundle"
"""Where the bundle lies, here as in the API's package, which holds these files of it."""

Products = Callable[[list[float], Table], list[float]]


class PlainTextEncoder:
    """A gated recurrent unit, the mean of its states, and a projection.

    Parameters
    ----------
    arrays : PlainArrays
        As `captioner.vision.text.TextEncoder` takes them.
    words : Tokenizer
    product : callable, optional
        Gives the products of a vector with each row of a table; simsimd's unless given.
    """

    def __init__(
        self, arrays: PlainArrays, words: tokenizer.Tokenizer, product: Products = products
    ) -> None:
        self._words, self._product = words, product
        self._embedding = arrays["embedding"]
        self._kernel = arrays["gru/kernel"].turned()
        self._recurrent = arrays["gru/recurrent"].turned()
        self._bias = arrays["gru/bias"].row(0)
        self._recurrent_bias = arrays["gru/recurrent_bias"].row(0)
        self._out = arrays["out"].turned()
        self._size = arrays["gru/recurrent"].rows

    def encode(self, text: str) -> bytes:
        """Give the semantic vector of a query: unit length, float16, little-endian.

        Words never seen are left out; a text without a known word gives the even
        vector, which is near to nothing in particular.
        """
        vector = self._product(self._pooled(self._words.known(text)), self._out)
        length = math.hypot(*vector)
        even = 1 / math.sqrt(len(vector))
        whole = [value / length for value in vector] if length else [even] * len(vector)
        return struct.pack(f"<{len(whole)}e", *whole)

    def _pooled(self, numbers: list[int]) -> list[float]:
        state, total = [0.0] * self._size, [0.0] * self._size
        for number in numbers:
            state = self._step(self._embedding.row(number), state)
            total = _sum(total, state)
        return [value / max(1, len(numbers)) for value in total]

    def _step(self, word: list[float], state: list[float]) -> list[float]:
        into = _sum(self._product(word, self._kernel), self._bias)
        back = _sum(self._product(state, self._recurrent), self._recurrent_bias)
        one, two = self._size, 2 * self._size
        keep = [_sigmoid(a + b) for a, b in zip(into[:one], back[:one], strict=True)]
        reset = [_sigmoid(a + b) for a, b in zip(into[one:two], back[one:two], strict=True)]
        gated = zip(into[two:], reset, back[two:], strict=True)
        new = [math.tanh(a + gate * b) for a, gate, b in gated]
        return [k * old + (1 - k) * fresh for k, old, fresh in zip(keep, state, new, strict=True)]


def _sum(left: list[float], right: list[float]) -> list[float]:
    return [a + b for a, b in zip(left, right, strict=True)]


def _sigmoid(x: float) -> float:
    return 0.5 + 0.5 * math.tanh(0.5 * x)


def load(folder: Path = BUNDLE) -> PlainTextEncoder:
    """Load the text encoder of a bundle, only its own files read and verified.

    Raises
    ------
    BundleError
        If one is missing or damaged.
    """
    bundle = manifest.read(folder, FILES)
    words = tokenizer.load(bundle.path("tokenizer.json"))
    return PlainTextEncoder(PlainArrays(bundle.path("text.npz")), words)
