"""The caption model: photograph in, captions and vectors out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captioner.vision.arrays import F32
from captioner.vision.beam import Hypothesis, Writer, search
from captioner.vision.encoder import Encoder
from captioner.vision.manifest import Manifest
from captioner.vision.sentence import Rules
from captioner.vision.text import TextEncoder
from captioner.vision.tokenizer import Tokenizer
from captioner.vision.vectors import Vectors

__all__ = ["Caption", "Model", "Prediction", "Word"]


@dataclass(frozen=True)
class Word:
    """One word, its log-probability, and where the model looked: float32 (h, w), sum one."""

    text: str
    log_prob: float
    attention: F32


@dataclass(frozen=True)
class Caption:
    """Lower-case words; ``confidence`` 0..1 is the geometric mean of their probabilities."""

    text: str
    confidence: float
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Prediction:
    """What the model makes of a photograph.

    ``captions``, best first, is empty where the model had nothing usable to say.
    ``visual`` and ``semantic`` are float32 (256,) of unit length.
    """

    captions: tuple[Caption, ...]
    visual: F32
    semantic: F32
    needs_review: bool


class Model:
    """A loaded bundle; `captioner.vision.bundle.load` makes one.

    Safe to share between threads: nothing changes once it is made.
    """

    def __init__(
        self,
        manifest: Manifest,
        *,
        tokenizer: Tokenizer,
        encoder: Encoder,
        decoder: Writer,
        vectors: Vectors,
        text: TextEncoder,
    ) -> None:
        self.name = manifest.name
        self.version = manifest.version
        self.needs_review_below = manifest.needs_review_below
        self._tokenizer = tokenizer
        self._rules = Rules(tokenizer)
        self._encoder = encoder
        self._decoder = decoder
        self._vectors = vectors
        self._text = text

    def describe(self, pixels: npt.NDArray[np.uint8], *, beam: int = 3) -> Prediction:
        """Caption a photograph and place it in both vector spaces.

        Parameters
        ----------
        pixels : uint8 (height, width, 3)
            RGB, any size.
        beam : int
            Captions kept while searching, 1 to 16; as many are returned at most.

        Raises
        ------
        ValueError
            For another shape or type of pixels, or a beam out of range.
        """
        return self.describe_map(self.map(pixels), beam=beam)

    def map(self, pixels: npt.NDArray[np.uint8]) -> F32:
        """Give the encoder's map float32 (h, w, c) of a photograph uint8 (height, width, 3)."""
        return self._encoder.map(pixels)

    def describe_map(self, map_: F32, *, beam: int = 3) -> Prediction:
        """As `describe`, from a map: of `map`, or of another encoder under comparison.

        Raises
        ------
        ValueError
            For a beam out of range.
        """
        if not 1 <= beam <= 16:
            raise ValueError(f"beam must be 1 to 16, not {beam}")
        found = search(self._decoder, map_, self._rules, beam) if np.isfinite(map_).all() else []
        captions = tuple(self._caption(h, map_.shape[:2]) for h in found)
        unsure = not captions or captions[0].confidence < self.needs_review_below
        return Prediction(
            captions, self._vectors.visual(map_), self._vectors.semantic(map_), unsure
        )

    def embed(self, pixels: npt.NDArray[np.uint8]) -> tuple[F32, F32]:
        """Visual and semantic vector of a photograph uint8 (height, width, 3), nothing written."""
        map_ = self._encoder.map(pixels)
        return self._vectors.visual(map_), self._vectors.semantic(map_)

    def encode_text(self, text: str) -> F32:
        """Give the semantic vector float32 (256,), unit length, of a text."""
        return self._text.encode(text)

    def _caption(self, hypothesis: Hypothesis, shape: tuple[int, ...]) -> Caption:
        words = tuple(
            Word(self._tokenizer.word(number), log_prob, attention.reshape(shape))
            for number, log_prob, attention in zip(
                hypothesis.words, hypothesis.log_probs, hypothesis.attention, strict=False
            )
        )
        confidence = float(np.exp(np.mean(hypothesis.log_probs)))
        return Caption(" ".join(word.text for word in words), confidence, words)
