"""Beam search obeys the rules of captions and survives a broken model."""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from captioner.vision.beam import Hypothesis, search
from captioner.vision.decoder import DecoderState
from captioner.vision.sentence import Rules
from captioner.vision.text import END, F32, START, UNKNOWN, Tokenizer

WORDS = Tokenizer(["a", "dog", "in", "runs", "grass"], captioned=9)
A, DOG, IN, RUNS, GRASS = range(4, 9)
MAP = np.zeros((2, 2, 3), np.float32)


class Script:
    """A writer whose next word depends on the last one only."""

    def __init__(self, follows: dict[int, dict[int, float]], otherwise: float = 1e-6) -> None:
        self._follows = follows
        self._otherwise = otherwise

    def start(self, map_: F32) -> DecoderState:
        empty = np.zeros((1, 1), np.float32)
        return DecoderState(empty, empty, empty, empty)

    def step(
        self, state: DecoderState, words: npt.NDArray[np.intp]
    ) -> tuple[F32, DecoderState, F32]:
        probabilities = np.full((len(words), 9), self._otherwise)
        for row, word in zip(probabilities, words, strict=True):
            for following, probability in self._follows.get(int(word), {}).items():
                row[following] = probability
        attention = np.full((len(words), 4), 0.25, np.float32)
        return np.log(probabilities).astype(np.float32), state, attention


class Stuck(Script):
    """Knows "a dog a", and nothing that may follow."""

    def __init__(self) -> None:
        super().__init__({START: {A: 0.9}, A: {DOG: 0.9}, DOG: {A: 0.9}})

    def step(
        self, state: DecoderState, words: npt.NDArray[np.intp]
    ) -> tuple[F32, DecoderState, F32]:
        log_probs, state, attention = super().step(state, words)
        log_probs = log_probs[:, :6]
        log_probs[:, END] = -np.inf
        return log_probs, state, attention


def written(script: Script, beam: int = 3, longest: int = 20) -> list[tuple[int, ...]]:
    return [h.words for h in search(script, MAP, Rules(WORDS), beam, longest)]


def test_the_likeliest_sentence_comes_first() -> None:
    script = Script({START: {A: 0.9}, A: {DOG: 0.9}, DOG: {RUNS: 0.9}, RUNS: {END: 0.9}})
    assert written(script)[0] == (A, DOG, RUNS)


def test_a_wider_beam_finds_what_greedy_misses() -> None:
    script = Script(
        {
            START: {A: 0.5, DOG: 0.4},
            A: {DOG: 0.1, GRASS: 0.1, RUNS: 0.1},
            DOG: {END: 0.95},
        }
    )
    assert written(script, beam=1)[0] != (DOG,)
    assert (DOG,) in written(script, beam=3)


def test_no_word_is_written_twice_running() -> None:
    script = Script({START: {A: 0.9}, A: {A: 0.99, DOG: 0.01}, DOG: {END: 0.9}})
    assert all(x != y for h in written(script) for x, y in pairwise(h))


def test_no_caption_ends_in_the_air() -> None:
    script = Script({START: {DOG: 0.9}, DOG: {IN: 0.9}, IN: {END: 0.99, GRASS: 0.01}})
    assert all(h[-1] not in (A, IN) for h in written(script))


def test_the_unknown_word_is_never_written() -> None:
    script = Script({START: {UNKNOWN: 0.99, DOG: 0.01}, DOG: {END: 0.9}})
    assert all(UNKNOWN not in h for h in written(script))


def test_nothing_rides_itself() -> None:
    after_a = {DOG: 0.9, GRASS: 0.05}
    follows = {START: {A: 0.9}, A: after_a, DOG: {IN: 0.9}, IN: {A: 0.9}, GRASS: {END: 0.9}}
    script = Script(follows)
    assert written(script)[0] == (A, DOG, IN, A, GRASS)


def test_a_phrase_does_not_go_round_and_round() -> None:
    round_and_round = {START: {DOG: 1.0}, DOG: {IN: 1.0}, IN: {GRASS: 1.0}, GRASS: {DOG: 1.0}}
    triples = [h[i : i + 3] for h in written(Script(round_and_round), 1) for i in range(len(h) - 2)]
    assert len(triples) == len(set(triples))


def test_a_caption_cut_at_the_limit_loses_its_dangling_end() -> None:
    script = Script({START: {A: 0.9}, A: {DOG: 0.9}, DOG: {IN: 0.9}, IN: {A: 0.9}}, 1e-30)
    assert written(script, beam=1, longest=4) == [(A, DOG)]


def test_a_caption_that_may_not_go_on_is_kept() -> None:
    words = Tokenizer(["a", "dog"], captioned=6)
    hypotheses = search(Stuck(), MAP, Rules(words), 1)
    assert [h.words for h in hypotheses] == [(A, DOG)]


@pytest.mark.parametrize("otherwise", [float("nan"), 0.0])
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_model_that_gives_no_numbers_writes_nothing(otherwise: float) -> None:
    assert written(Script({}, otherwise)) == []


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_model_that_knows_only_unknown_words_writes_nothing() -> None:
    assert written(Script({START: {UNKNOWN: 1.0}, UNKNOWN: {UNKNOWN: 1.0}}, 0.0)) == []


def test_every_word_carries_its_probability_and_its_attention() -> None:
    script = Script({START: {DOG: 0.5}, DOG: {END: 0.5}})
    best = search(script, MAP, Rules(WORDS))[0]
    assert len(best.attention) == len(best.words) == 1
    assert best.log_probs == pytest.approx((np.log(0.5), np.log(0.5)))


def test_scores_are_normalised_by_length() -> None:
    short, long = Hypothesis((1,), (-1.0,)), Hypothesis((1, 2), (-1.0, -1.0))
    assert long.score > 2 * short.score
