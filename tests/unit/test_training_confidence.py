"""The review threshold follows from precision, worked by hand."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.confidence import (
    RIGHT_FROM,
    WANTED,
    precision_curve,
    review_threshold,
    summary,
)
from training.dataset import read_split
from training.scores import cider_each

RIGHT, WRONG = RIGHT_FROM, RIGHT_FROM - 1
CONFIDENCES = np.array([0.2, 0.5, 0.4, 0.1, 0.3])
CIDERS = np.array([WRONG, RIGHT, WRONG, WRONG, RIGHT])


def test_the_surest_come_first() -> None:
    curve = precision_curve(CONFIDENCES, CIDERS)
    assert curve.confidence.tolist() == [0.5, 0.4, 0.3, 0.2, 0.1]
    assert curve.precision.tolist() == pytest.approx([1, 1 / 2, 2 / 3, 1 / 2, 2 / 5])
    assert curve.coverage[-1] == 1
    assert curve.cider[-1] == pytest.approx(CIDERS.mean())


def test_as_many_go_out_as_keep_half_of_them_right() -> None:
    assert review_threshold(CONFIDENCES, CIDERS) == 0.2


def test_none_goes_out_where_none_is_right() -> None:
    assert review_threshold(CONFIDENCES, np.zeros(5)) == 1.0
    assert summary(CONFIDENCES, np.zeros(5), 1.0)["precision_unreviewed"] is None


def test_the_summary_tells_of_all_and_of_those_above_the_threshold() -> None:
    found = summary(CONFIDENCES, CIDERS, 0.3)
    assert (found["precision"], found["precision_unreviewed"]) == (40.0, 66.7)
    assert found["precision_curve"][0] == [20.0, 100.0, 0.5]
    assert found["precision_curve"][-1] == [100.0, 40.0, 0.1]


scored = st.tuples(st.floats(0.0001, 0.9999), st.floats(0, 400))


@given(st.lists(scored, min_size=1, max_size=30, unique_by=lambda pair: round(pair[0], 3)))
def test_what_goes_out_is_as_often_right_as_wanted(pairs: list[tuple[float, float]]) -> None:
    confidences, ciders = (np.array(column) for column in zip(*pairs, strict=True))
    out = confidences >= review_threshold(confidences, ciders)
    assert not out.any() or (ciders[out] >= RIGHT_FROM).mean() >= WANTED


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
