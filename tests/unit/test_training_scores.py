"""Scores agree with figures worked by hand."""

import numpy as np
import pytest

from training.scores import retrieval, scored_tokens

pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")

from training.scores import caption_scores, cider

CANDIDATES = ["a dog runs in the grass", "two men play football", "a girl in a red dress"]
REFERENCES = [
    ["a brown dog runs in the green grass", "a dog is running in grass", "the dog runs"],
    ["two men are playing football", "men play football on a field", "a football match"],
    ["a girl in a red dress stands", "the girl wears a red dress", "girl in red"],
]


def test_a_reference_itself_scores_full_bleu_and_a_stranger_none() -> None:
    own = [texts[0] for texts in REFERENCES]
    assert caption_scores(own, REFERENCES)["bleu4"] == pytest.approx(100, abs=0.01)
    assert caption_scores(["zebra"] * 3, REFERENCES)["bleu1"] < 0.01


def test_cider_prefers_the_right_photograph() -> None:
    assert cider(CANDIDATES, REFERENCES) > cider(CANDIDATES[::-1], REFERENCES)


def test_an_empty_caption_counts_as_nothing_said() -> None:
    assert caption_scores(["", "", ""], REFERENCES)["cider"] == 0


def test_tokens_are_scored_as_ptb_splits_them() -> None:
    assert scored_tokens("A man's T-shirt , wet .") == "a man 's t-shirt wet"


def test_retrieval_by_hand() -> None:
    queries = np.eye(3, dtype=np.float32)
    targets = np.array([[1, 0, 0], [0.9, 0.1, 0], [0, 0, 1]], np.float32)
    found = retrieval(queries, targets, [[1], [1], [0, 2]])
    assert (found["r1"], found["r5"]) == (66.67, 100.0)
    assert found["median_rank"] == 1.0
