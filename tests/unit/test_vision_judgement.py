"""Captions are ordered and judged by what the bundle says."""

from dataclasses import replace

import numpy as np
import pytest

from captioner.vision.judgement import FEATURES, Confidence, Ranking, evidence, judge
from captioner.vision.labels import Label
from captioner.vision.manifest import BundleError
from captioner.vision.prediction import Caption, Observation

EVEN = np.full(256, 1 / 16, np.float32)
DOG = Caption("a dog runs", (), -0.5, -2.0, 0.2, -3.0)
CAT = Caption("a cat sleeps", (), -0.7, -1.0, 0.6, 2.0)
SEEN = Observation((DOG, CAT), (Label("cat", 0.8),), EVEN, EVEN, EVEN, 1.5, 0.7, 0.9)
BY_LOG_PROB = np.array([1.0] + [0.0] * (len(FEATURES) - 1))


def confidence(review: float = 0.0, withheld: float = 0.0, bias: float = 0.0) -> Confidence:
    flat = np.zeros(len(FEATURES))
    return Confidence(flat, flat + 1, BY_LOG_PROB, bias, review, withheld)


def test_without_weights_the_likelier_caption_comes_first() -> None:
    assert judge(SEEN, Ranking(), confidence(), 5).captions == (DOG, CAT)


@pytest.mark.parametrize("ranking", [Ranking(labels=0.1), Ranking(likeness=1.0)])
def test_labels_and_likeness_can_turn_the_order(ranking: Ranking) -> None:
    assert judge(SEEN, ranking, confidence(), 5).captions == (CAT, DOG)


def test_no_more_captions_are_kept_than_asked_for() -> None:
    assert judge(SEEN, Ranking(), confidence(), 1).captions == (DOG,)


def test_the_probability_is_of_the_best_caption() -> None:
    found = judge(SEEN, Ranking(labels=0.1), confidence(bias=0.7), 5)
    assert found.probability == pytest.approx(0.5)
    assert judge(SEEN, Ranking(), confidence(bias=0.5), 5).probability == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("review", "withheld", "marked", "hidden"),
    [(0.3, 0.2, False, False), (0.7, 0.2, True, False), (0.7, 0.6, True, True)],
)
def test_thresholds_decide_what_is_marked_and_what_withheld(
    review: float, withheld: float, marked: bool, hidden: bool
) -> None:
    found = judge(SEEN, Ranking(), confidence(review, withheld, bias=0.5), 5)
    assert (found.needs_review, found.withheld) == (marked, hidden)
    assert found.captions and found.labels


def test_nothing_to_say_wants_review_and_withholds_nothing() -> None:
    found = judge(replace(SEEN, captions=(), labels=()), Ranking(), confidence(0.5, 0.5), 5)
    assert (found.probability, found.needs_review, found.withheld) == (0.0, True, False)


def test_evidence_is_in_the_order_of_its_names() -> None:
    found = dict(zip(FEATURES, evidence(CAT, SEEN).tolist(), strict=True))
    assert found == {
        "log_prob": -0.7,
        "least_log_prob": -1.0,
        "length": 3,
        "likeness": 0.6,
        "agreement": 2.0,
        "entropy": 1.5,
        "top_label": 0.7,
        "familiarity": 0.9,
    }


def test_what_is_written_is_read_again() -> None:
    rng = np.random.default_rng(1)
    mean, std, weights = rng.random((3, len(FEATURES))).round(3)
    made = Confidence(mean, std, weights, 0.25, 0.5, 0.125)
    again = Confidence.read(made.document())
    rows = rng.random((4, len(FEATURES)))
    assert again.probability(rows) == pytest.approx(made.probability(rows))
    assert (again.needs_review_below, again.withheld_below) == (0.5, 0.125)


@pytest.mark.parametrize("lost", ["features", "bias", "withheld_below"])
def test_a_confidence_that_lacks_something_is_refused(lost: str) -> None:
    document = {name: part for name, part in confidence().document().items() if name != lost}
    with pytest.raises(BundleError, match=f"confidence: .*{lost}"):
        Confidence.read(document)


def test_a_ranking_that_is_none_is_refused() -> None:
    assert Ranking.read({"labels": 0.1, "likeness": 1}) == Ranking(0.1, 1.0)
    with pytest.raises(BundleError, match="ranking"):
        Ranking.read({"labels": "much", "likeness": 1})
