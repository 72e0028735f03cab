"""Probabilities and thresholds of captions, worked by hand and on made-up evidence."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.confidence import (
    MARKED_RIGHT,
    MARKED_WRONG,
    RIGHT_FROM,
    WITHHELD_WRONG,
    calibrated,
    fit,
    quality,
    reliability,
    thresholds,
)
from training.dataset import read_split
from training.scores import cider_each

PROBABILITIES = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
RIGHT = np.array([False, False, False, True, False, True, True, True])
ANY = fit(np.zeros((4, 2)), np.array([True, False, True, False]))


def drawn(count: int, seed: int = 1) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
    """Evidence, the true probability of being right by it, and what came of it."""
    rng = np.random.default_rng(seed)
    evidence = rng.normal(3, 2, (count, 3))
    truth = 1 / (1 + np.exp(-(evidence[:, 0] - 3 - 0.5 * (evidence[:, 2] - 3))))
    return evidence, truth, rng.random(count) < truth


def test_the_fit_finds_the_probabilities_that_made_the_captions_right() -> None:
    evidence, truth, right = drawn(4000)
    assert fit(evidence, right).probability(evidence) == pytest.approx(truth, abs=0.08)


def test_captions_that_are_all_right_are_given_a_high_probability() -> None:
    found = fit(np.zeros((30, 2)), np.ones(30, bool))
    assert 0.9 < found.probability(np.zeros(2)) < 1


def test_probabilities_apart_know_nothing_of_what_they_predict() -> None:
    rng = np.random.default_rng(1)
    evidence, right = rng.normal(size=(60, 30)), rng.random(60) < 0.5
    confidence, apart = calibrated(evidence, right)
    known = quality(confidence.probability(evidence), right, confidence)["auc"]
    unknown = quality(apart, right, confidence)["auc"]
    assert known > 80
    assert unknown < 65


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_captions_give_an_even_probability(count: int) -> None:
    confidence, apart = calibrated(np.ones((count, 3)), np.ones(count, bool))
    assert len(apart) == count
    assert 0.5 <= confidence.probability(np.ones(3)) < 1
    assert quality(apart, np.ones(count, bool), confidence)["calibration_error"] >= 0


def test_enough_wrong_ones_are_marked_where_few_right_ones_need_be() -> None:
    # Three of four wrong ones lie below 0.4, and no right one.
    assert thresholds(PROBABILITIES, RIGHT)[0] == 0.4


def test_where_that_is_out_of_reach_as_many_as_the_right_ones_allow_are_marked() -> None:
    right = np.array([False, True, False, True, False, True, True, False])
    assert thresholds(PROBABILITIES, right)[0] == 0.2


def test_withheld_are_the_captions_of_which_nearly_all_are_wrong() -> None:
    assert thresholds(PROBABILITIES, RIGHT)[1] == 0.4
    assert thresholds(PROBABILITIES, np.ones(8, bool))[1] <= 0.1


captions = st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60)


@given(captions)
def test_thresholds_keep_their_promises(found: list[tuple[int, bool]]) -> None:
    probabilities = np.array([probability / 40 for probability, _ in found])
    right = np.array([flag for _, flag in found])
    review, withheld = thresholds(probabilities, right)
    assert 0 <= withheld <= review <= 1
    assert (probabilities[right] < review).sum() <= MARKED_RIGHT * right.sum()
    hidden = right[probabilities < withheld]
    assert not hidden.size or (~hidden).mean() >= WITHHELD_WRONG
    higher = [p for p in {*probabilities.tolist(), 1.0} if p > review + 2e-4]
    caught = (probabilities[~right] < review).sum() >= MARKED_WRONG * (~right).sum()
    for threshold in higher:
        spared = (probabilities[right] < threshold).sum() <= MARKED_RIGHT * right.sum()
        assert caught or not spared, "a higher one would have marked more"


def test_figures_are_worked_by_hand() -> None:
    found = quality(
        PROBABILITIES, RIGHT, replace(ANY, needs_review_below=0.45, withheld_below=0.25)
    )
    assert found == {
        "right": 50.0,
        "right_unmarked": 75.0,
        "marked_wrong": 75.0,
        "marked_right": 25.0,
        "withheld": 25.0,
        "withheld_wrong": 100.0,
        "auc": 93.8,
        "calibration_error": 32.5,
    }


def test_what_cannot_be_counted_is_not() -> None:
    found = quality(PROBABILITIES, np.ones(8, bool), ANY)
    assert (found["marked_wrong"], found["auc"], found["withheld_wrong"]) == (None, None, None)


def test_bins_hold_as_many_each_and_tell_what_was_predicted_and_what_came() -> None:
    low, high = reliability(PROBABILITIES, RIGHT, bins=2)
    assert [low.predicted, high.predicted] == pytest.approx([0.25, 0.65])
    assert (low.right, low.count) == (0.25, 4)
    assert (high.right, high.count) == (0.75, 4)


DATA = os.environ.get("IMAGE_REPO_DATA")


@pytest.mark.data
@pytest.mark.skipif(not DATA, reason="IMAGE_REPO_DATA names no Flickr8k folder")
def test_right_is_what_three_in_four_captions_of_people_reach() -> None:
    pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")
    groups = read_split(Path(str(DATA)), "dev").captions
    peoples = [
        cider_each([group[n] for group in groups], [(*g[:n], *g[n + 1 :]) for g in groups])
        for n in range(5)
    ]
    assert np.quantile(peoples, 0.25) == pytest.approx(RIGHT_FROM, abs=0.1)
