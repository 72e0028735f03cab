"""The caption model: photograph in, captions, labels and vectors out."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from captioner.vision.arrays import F32
from captioner.vision.beam import WIDTH, Hypothesis, Writer, search
from captioner.vision.encoder import ImageEncoder
from captioner.vision.frame import is_blank
from captioner.vision.judgement import Confidence, Ranking, judge
from captioner.vision.labels import Labels, entropy
from captioner.vision.manifest import BundleManifest
from captioner.vision.prediction import Caption, Observation, Prediction, Word
from captioner.vision.sentence import Rules
from captioner.vision.text import TextEncoder
from captioner.vision.tokenizer import Tokenizer
from captioner.vision.vectors import Vectors, pooled, with_captions


class Model:
    """A loaded bundle; `captioner.vision.bundle.load` makes one.

    Safe to share between threads: nothing changes once it is made.
    """

    def __init__(
        self,
        manifest: BundleManifest,
        *,
        tokenizer: Tokenizer,
        encoder: ImageEncoder,
        decoder: Writer,
        vectors: Vectors,
        labels: Labels,
        ranking: Ranking,
        confidence: Confidence,
        text: TextEncoder,
    ) -> None:
        self.name = manifest.name
        self.version = manifest.version
        self.confidence = confidence
        self._ranking = ranking
        self._tokenizer = tokenizer
        self._rules = Rules(tokenizer)
        self._encoder = encoder
        self._decoder = decoder
        self._vectors = vectors
        self._labels = labels
        self._text = text

    def describe(self, pixels: npt.NDArray[np.uint8], *, beam: int = WIDTH) -> Prediction:
        """Caption a photograph, label it and place it in both vector spaces.

        ``pixels`` are uint8 (height, width, 3), RGB, of any size; ``beam`` captions, 1 to 16, are
        kept while searching and returned at most. A frame of one colour has neither captions nor
        labels.

        Raises
        ------
        ValueError
            For another shape or type of pixels, or a beam out of range.
        """
        return self.describe_map(self.map(pixels), beam=beam, blank=is_blank(pixels))

    def map(self, pixels: npt.NDArray[np.uint8]) -> F32:
        """Give the encoder's map float32 (h, w, c) of a photograph uint8 (height, width, 3)."""
        return self._encoder.map(pixels)

    def describe_map(self, map_: F32, *, beam: int = WIDTH, blank: bool = False) -> Prediction:
        """As `describe`, from a map: of `map`, or of another encoder under comparison.

        ``blank`` says that the photograph is a frame of one colour.
        """
        return judge(self.look(map_, beam=beam, blank=blank), self._ranking, self.confidence, beam)

    def look(self, map_: F32, *, beam: int = WIDTH, blank: bool = False) -> Observation:
        """Give all that is seen in a map, before captions are ordered and judged.

        In a ``blank`` frame there is nothing to write of; its vectors still find its copies.

        Raises
        ------
        ValueError
            For a beam out of range.
        """
        if not 1 <= beam <= 16:
            raise ValueError(f"beam must be 1 to 16, not {beam}")
        if blank or not np.isfinite(map_).all():
            return self._seen(map_, ())
        return self._seen(map_, search(self._decoder, map_, self._rules, beam))

    def embed(self, pixels: npt.NDArray[np.uint8]) -> tuple[F32, F32]:
        """Visual and semantic vector of a photograph uint8 (height, width, 3), nothing written."""
        return self._both(self._encoder.map(pixels))

    def encode_text(self, text: str) -> F32:
        """Give the semantic vector float32 (256,), unit length, of a text."""
        return self._text.encode(text)

    def _both(self, map_: F32) -> tuple[F32, F32]:
        once = pooled(map_)
        return self._vectors.visual(once), self._vectors.semantic(once)

    def _seen(self, map_: F32, written: Sequence[Hypothesis]) -> Observation:
        visual, picture = self._both(map_)
        if not written:
            return Observation((), (), visual, picture, picture, 0.0, 0.0, 0.0)
        classes = self._labels.probabilities(map_)
        texts = [" ".join(map(self._tokenizer.word, each.words)) for each in written]
        told = np.stack(self._text.encode_all(texts))
        log_probs = np.array([sum(each.log_probs) for each in written], np.float32)
        captions = tuple(
            Caption(
                text,
                self._words(hypothesis, map_.shape[:2]),
                float(np.mean(hypothesis.log_probs)),
                min(hypothesis.log_probs),
                float(vector @ picture),
                self._labels.agreement(text, classes),
            )
            for text, hypothesis, vector in zip(texts, written, told, strict=True)
        )
        return Observation(
            captions,
            self._labels.named(classes),
            visual,
            picture,
            with_captions(picture, told, log_probs),
            entropy(classes),
            float(classes.max()),
            self._vectors.familiarity(visual),
        )

    def _words(self, hypothesis: Hypothesis, shape: tuple[int, ...]) -> tuple[Word, ...]:
        return tuple(
            Word(self._tokenizer.word(number), log_prob, attention.reshape(shape))
            for number, log_prob, attention in zip(
                hypothesis.words, hypothesis.log_probs, hypothesis.attention, strict=False
            )
        )
