"""What the teacher said is kept for the very photographs it saw, and for no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pycocoevalcap", reason="needs pycocoevalcap (requirements/train.lock)")
pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

import tensorflow as tf

from training.targets import STAGES, Targets, collect

pytestmark = [pytest.mark.training, pytest.mark.slow]

PIXELS = np.random.default_rng(5).integers(0, 256, (4, 32, 32, 3), np.uint8)


class Counting:
    """A teacher that counts the photographs it is shown after it was fitted."""

    def __init__(self) -> None:
        self.shown = tf.Variable(0)

    def __call__(self, pixels: Any) -> Any:
        self.shown.assign_add(tf.shape(pixels)[0])
        pooled = tf.reduce_mean(pixels, -1, keepdims=True)
        stages = [tf.nn.avg_pool2d(pooled, s.stride, s.stride, "SAME") for s in STAGES]
        return [tf.repeat(stage, 300, -1) for stage in stages], tf.zeros((tf.shape(pixels)[0], 10))


def asked(cache: Path, pixels: Any) -> tuple[int, Targets]:
    teacher = Counting()
    found = collect(teacher, {"train": pixels}, cache, fit_on=4)["train"]
    return int(teacher.shown.numpy()), found


def test_the_same_photographs_are_looked_at_once(tmp_path: Path) -> None:
    first, found = asked(tmp_path, PIXELS)
    again, kept = asked(tmp_path, PIXELS)
    assert (first, again) == (8, 0)  # four to fit the reduction, four to keep
    assert np.array_equal(found.maps[-1], kept.maps[-1])


def test_another_photograph_among_as_many_is_looked_at(tmp_path: Path) -> None:
    _, before = asked(tmp_path, PIXELS)
    changed = PIXELS.copy()
    changed[2] = 255 - changed[2]
    shown, found = asked(tmp_path, changed)
    assert shown == 4
    assert not np.array_equal(before.maps[-1][2], found.maps[-1][2])


def test_what_was_cut_while_it_was_written_is_made_anew(tmp_path: Path) -> None:
    asked(tmp_path, PIXELS)
    (tmp_path / "train.pixels").unlink()  # it is written last
    (tmp_path / "train-logits.npy").write_bytes(b"")
    assert asked(tmp_path, PIXELS)[0] == 4
