"""Whatever a decoder gives, what is written is a caption: a property of the search."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from captioner.vision.beam import search
from captioner.vision.decoder import DecoderState
from captioner.vision.sentence import DANGLING, REPEATABLE, Rules
from captioner.vision.text import F32, SPECIALS, Tokenizer

WORDS = Tokenizer(
    ["a", "dog", "in", "the", "grass", "two", "and", "runs", "wearing", "red", "rare"], captioned=14
)
MAP = np.zeros((2, 2, 3), np.float32)


class Random:
    """A writer that favours few words at each step, and now and then gives no number."""

    def __init__(self, seed: int, spread: float, broken: float) -> None:
        self._rng = np.random.default_rng(seed)
        self._spread, self._broken = spread, broken

    def start(self, map_: F32) -> DecoderState:
        empty = np.zeros((1, 1), np.float32)
        return DecoderState(empty, empty, empty, empty)

    def step(
        self, state: DecoderState, words: npt.NDArray[np.intp]
    ) -> tuple[F32, DecoderState, F32]:
        logits = self._spread * self._rng.normal(size=(len(words), WORDS.captioned))
        logits[self._rng.random(logits.shape) < self._broken] = self._rng.choice([np.nan, -np.inf])
        log_probs = logits - np.log(np.nansum(np.exp(logits), -1, keepdims=True) + 1e-9)
        attention = np.full((len(words), 4), 0.25, np.float32)
        return log_probs.astype(np.float32), state, attention


@settings(max_examples=400)
@given(
    seed=st.integers(0, 2**32 - 1),
    spread=st.sampled_from([0.0, 1.0, 5.0, 30.0]),
    broken=st.sampled_from([0.0, 0.1, 0.6]),
    beam=st.integers(1, 5),
    longest=st.integers(1, 20),
)
def test_no_caption_repeats_a_word_dangles_or_holds_an_unknown_word(
    seed: int, spread: float, broken: float, beam: int, longest: int
) -> None:
    found = search(Random(seed, spread, broken), MAP, Rules(WORDS), beam, longest)
    for hypothesis in found:
        text = [WORDS.word(number) for number in hypothesis.words]
        assert text, "a caption has words"
        assert not set(text) & set(SPECIALS)
        assert all(before != after for before, after in pairwise(text))
        assert text[-1] not in DANGLING
        things = [word for word in text if word not in REPEATABLE]
        assert len(things) == len(set(things)), "no thing is said twice"
        triples = list(zip(text, text[1:], text[2:], strict=False))
        assert len(triples) == len(set(triples)), "no phrase of three words comes twice"
        assert len(text) <= longest
        assert np.isfinite(hypothesis.log_probs).all()
