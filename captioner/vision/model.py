"""The caption model: photograph in, captions, labels and vectors out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from captioner.vision.beam import WIDTH, Hypothesis, Writer, search
from captioner.vision.encoder import ImageEncoder
from captioner.vision.frame import is_blank
from captioner.vision.judgement import Confidence, Ranking, judge
from captioner.vision.labels import Labels, entropy
from captioner.vision.prediction import Caption, Looked, Observation, Prediction, Word
from captioner.vision.sentence import Rules
from captioner.vision.text import (
    F32,
    LONGEST_QUERY,
    START,
    UNKNOWN,
    TextEncoder,
    Tokenizer,
    words_of,
)
from captioner.vision.vectors import Vectors, pooled, with_captions


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded bundle; `captioner.vision.bundle.load` makes one.

    Safe to share between threads: nothing changes once it is made. ``space`` is
    `captioner.vision.manifest.BundleManifest.space`.
    """

    name: str
    version: str
    tokenizer: Tokenizer
    rules: Rules
    encoder: ImageEncoder
    decoder: Writer
    vectors: Vectors
    labels: Labels
    ranking: Ranking
    confidence: Confidence
    text: TextEncoder
    space: str = ""

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
        return self.encoder.map(pixels)

    def describe_map(self, map_: F32, *, beam: int = WIDTH, blank: bool = False) -> Prediction:
        """As `describe`, from a map: of `map`, or of another encoder under comparison.

        ``blank`` says that the photograph is a frame of one colour.
        """
        return judge(self.look(map_, beam=beam, blank=blank), self.ranking, self.confidence, beam)

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
        return self._seen(map_, search(self.decoder, map_, self.rules, beam))

    def embed(self, pixels: npt.NDArray[np.uint8]) -> tuple[F32, F32]:
        """Visual and semantic vector of a photograph uint8 (height, width, 3), nothing written."""
        return self._both(self.encoder.map(pixels))

    def attention(self, pixels: npt.NDArray[np.uint8], captions: Sequence[str]) -> Looked:
        """Tell where the decoder would look if it wrote these captions, whoever did write them.

        ``pixels`` are uint8 (height, width, 3). Of a caption the first `LONGEST_QUERY` words; what
        the decoder cannot write stands for itself as an unknown word.
        """
        map_ = self.map(pixels)
        height, width = map_.shape[:2]
        return Looked((height, width), tuple(self._followed(map_, text) for text in captions))

    def _followed(self, map_: F32, text: str) -> tuple[Word, ...]:
        state, last, found = self.decoder.start(map_), START, []
        for word in words_of(text)[:LONGEST_QUERY]:
            log_probs, state, attention = self.decoder.step(state, np.array([last], np.intp))
            number = self.tokenizer.number(word)
            last = number if number < self.tokenizer.captioned else UNKNOWN
            found.append(Word(word, float(log_probs[0, last]), attention.reshape(map_.shape[:2])))
        return tuple(found)

    def encode_text(self, text: str) -> F32:
        """Give the semantic vector float32 (256,), unit length, of a caption."""
        return self.text.encode(text)

    def _both(self, map_: F32) -> tuple[F32, F32]:
        once = pooled(map_)
        return self.vectors.visual(once), self.vectors.semantic(once)

    def _seen(self, map_: F32, written: Sequence[Hypothesis]) -> Observation:
        visual, picture = self._both(map_)
        if not written:
            return Observation((), (), visual, picture, picture, 0.0, 0.0, 0.0)
        classes = self.labels.probabilities(map_)
        texts = [" ".join(map(self.tokenizer.word, each.words)) for each in written]
        told = np.stack(self.text.encode_all(texts))
        log_probs = np.array([sum(each.log_probs) for each in written], np.float32)
        captions = tuple(
            Caption(
                text,
                self._words(hypothesis, map_.shape[:2]),
                float(np.mean(hypothesis.log_probs)),
                min(hypothesis.log_probs),
                float(vector @ picture),
                self.labels.agreement(text, classes),
            )
            for text, hypothesis, vector in zip(texts, written, told, strict=True)
        )
        return Observation(
            captions,
            self.labels.named(classes),
            visual,
            picture,
            with_captions(picture, told, log_probs),
            entropy(classes),
            float(classes.max()),
            self.vectors.familiarity(visual),
        )

    def _words(self, hypothesis: Hypothesis, shape: tuple[int, ...]) -> tuple[Word, ...]:
        return tuple(
            Word(self.tokenizer.word(number), log_prob, attention.reshape(shape))
            for number, log_prob, attention in zip(
                hypothesis.words, hypothesis.log_probs, hypothesis.attention, strict=False
            )
        )
