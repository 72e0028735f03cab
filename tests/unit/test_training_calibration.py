"""Ranking and confidence are chosen by what helps on dev, and by judgements where there are."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="scoring needs pycocoevalcap (training extra)")

from captioner.vision.judgement import Ranking
from captioner.vision.prediction import Caption, Observation
from captioner.vision.text import unit
from training.calibration import calibrate, choose, graded, read_judged, usual
from training.dataset import Split
from training.errors import DatasetError
from training.evaluate import Looked
from training.visual_space import centres

EVEN = np.full(256, 1 / 16, np.float32)
SAID = ("a cat sleeps on a red sofa", "two boys play football", "a boat on a lake at dusk")


def seen(*captions: Caption) -> Observation:
    return Observation(captions, (), EVEN, EVEN, EVEN, 1.0, 0.5, 0.9)


def looked(count: int = 30) -> Looked:
    """Photographs whose likelier caption is wrong, and whose likeness tells."""
    paths = tuple(Path(f"{n}.jpg") for n in range(count))
    truths = [SAID[n % len(SAID)] for n in range(count)]
    others = [SAID[(n + 1) % len(SAID)] for n in range(count)]
    found = tuple(
        seen(
            Caption(other, (), -0.5, -1.0, 0.1, 0.0),
            Caption(truth, (), -0.9, -2.0, 0.9, 0.0),
        )
        for truth, other in zip(truths, others, strict=True)
    )
    split = Split("dev", paths, tuple((truth, truth + " there") for truth in truths))
    return Looked(split, found, np.zeros((count, 1), np.float32))


def test_every_caption_is_graded_by_what_people_wrote() -> None:
    each = looked()
    ciders = graded((*each.seen[:-1], seen()), each.split.captions)
    assert [len(row) for row in ciders] == [2] * 29 + [0]
    assert all(wrong < 100 < right for wrong, right in ciders[:-1])


def test_the_weights_are_those_that_bring_the_right_captions_first() -> None:
    each = looked()
    ranking = choose(each.seen, graded(each.seen, each.split.captions))
    assert ranking.labels == 0
    assert ranking.score(each.seen[0].captions[1]) > ranking.score(each.seen[0].captions[0])


def test_weights_that_help_nothing_are_none() -> None:
    only = [seen(Caption("a dog")), seen(Caption("a cat"))]
    assert choose(only, [np.array([5.0]), np.array([7.0])]) == Ranking(0.0, 0.0)


def test_judgements_count_instead_of_cider_and_add_captions_that_did_not_win() -> None:
    each = looked()
    _, _, by_cider = calibrate([each], {})
    assert by_cider["captions"] == 30
    assert by_cider["right"] == 100.0
    judged = {("0.jpg", SAID[0]): False, ("1.jpg", SAID[2]): False, ("9.jpg", "unheard"): True}
    _, _, by_hand = calibrate([each], judged)
    assert (by_hand["captions"], by_hand["judged"]) == (31, 2)
    assert by_hand["right"] == pytest.approx(100 * 29 / 31, abs=0.1)
    assert by_hand["of_judged"]["right"] == 0.0


def test_what_is_usual_is_the_mean_of_the_probabilities() -> None:
    rng = np.random.default_rng(1)
    head = {"labels/kernel": rng.normal(size=(4, 6)), "labels/bias": np.zeros(6)}
    maps = rng.random((5, 2, 2, 4)).astype(np.float16)
    found = usual({name: array.astype(np.float32) for name, array in head.items()}, maps)
    assert found.shape == (6,)
    assert found.sum() == pytest.approx(1, abs=1e-5)


def test_centres_lie_amid_what_they_stand_for() -> None:
    rng = np.random.default_rng(1)
    axes = np.eye(3, 8, dtype=np.float32)
    near = [unit((axes[n % 3] + rng.normal(0, 0.05, 8)).astype(np.float32)) for n in range(60)]
    found = centres(np.stack(near), count=3)
    assert (found @ axes.T).max(0) == pytest.approx([1, 1, 1], abs=0.02)
    assert np.linalg.norm(found, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    assert len(centres(np.stack(near[:2]), count=64)) == 2


def test_judgements_are_read_by_photograph_and_caption(tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    line = {"file": "a.jpg", "caption": "a dog", "right": False}
    file.write_text(json.dumps(line) + "\n\n" + json.dumps(line | {"caption": "a cat"}) + "\n")
    assert read_judged(file) == {("a.jpg", "a dog"): False, ("a.jpg", "a cat"): False}


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"file": "a.jpg"}', '{"file": "a", "caption": "b", "right": "no"}']
)
def test_a_judgement_that_is_none_is_named_by_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "judged.jsonl"
    file.write_text(f'{{"file": "a", "caption": "b", "right": true}}\n{line}\n')
    with pytest.raises(DatasetError, match=r"judged\.jsonl line 2"):
        read_judged(file)


def test_judgements_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="missing file"):
        read_judged(tmp_path / "judged.jsonl")
