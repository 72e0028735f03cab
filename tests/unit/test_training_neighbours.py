"""Likeness by captions agrees with pycocoevalcap, and neighbours with what is plain to see."""

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")

from training.scores import cider_each, likeness, neighbour_figures

# Captions of five different words each: there, CIDEr and CIDEr-D are the same.
CAPTIONS = [
    ["a dog runs in grass", "one dog plays on grass"],
    ["the dog runs through grass", "a dog plays on sand"],
    ["two boys kick a ball", "two boys play with balls"],
    ["two boys kick the ball", "some boys play a game"],
]


def test_likeness_is_what_pycocoevalcap_scores_captions_of_one_against_the_other() -> None:
    alike = likeness(CAPTIONS)
    for other in range(len(CAPTIONS)):
        scored = [cider_each([group[at] for group in _turned(other)], CAPTIONS) for at in range(2)]
        for row in range(len(CAPTIONS)):
            mean = float(np.mean([each[row] for each in scored]))
            assert alike[row, (row + other) % len(CAPTIONS)] == pytest.approx(mean, abs=0.01)


def _turned(by: int) -> list[list[str]]:
    return [CAPTIONS[(row + by) % len(CAPTIONS)] for row in range(len(CAPTIONS))]


def test_a_space_that_puts_like_photographs_together_beats_one_that_does_not() -> None:
    captions = [[f"a dog number {n} runs in grass"] for n in range(12)]
    captions += [[f"two boys number {n} kick balls"] for n in range(12)]
    alike = likeness(captions)
    told = np.repeat(np.eye(2, dtype=np.float32), 12, 0)
    rng = np.random.default_rng(2)
    found = neighbour_figures(alike, told, rng.normal(size=(24, 4)).astype(np.float32))
    assert found["neighbours_visual"] > 1.3 * found["neighbours_raw"]
    assert found["neighbours_best"] >= found["neighbours_visual"] > found["neighbours_random"]


def test_a_photograph_is_not_its_own_neighbour() -> None:
    alike = np.eye(3, dtype=np.float32)
    found = neighbour_figures(alike, np.eye(3, dtype=np.float32), np.eye(3, dtype=np.float32))
    assert set(found.values()) == {0.0}


def test_one_photograph_alone_has_no_neighbours() -> None:
    one = np.ones((1, 1), np.float32)
    assert set(neighbour_figures(one, one, one).values()) == {0.0}
