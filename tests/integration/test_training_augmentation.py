"""Augmentation changes what is seen, and what the teacher said of it along with it."""

import numpy as np
import pytest

tf = pytest.importorskip("tensorflow", reason="needs TensorFlow (requirements/train.lock)")

from training.augmentation import Augmentation, cut, recoloured  # noqa: E402

pytestmark = pytest.mark.training


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_a_patch_covers_the_same_part_of_pixels_and_maps() -> None:
    own = np.ones((2, 3, 3), np.float32)
    own[0, 1:, 2] = 0
    first, second = np.zeros((1, 96, 96, 1)), np.ones((1, 96, 96, 1))
    pixels = cut(tf.constant(np.concatenate([first, second]), tf.float32), own).numpy()
    stage = cut(tf.constant(np.concatenate([first, second])[:, ::8, ::8], tf.float32), own).numpy()
    assert pixels[0, 32:, 64:].min() == 1
    assert pixels[0].sum() == 64 * 32
    assert np.array_equal(stage, pixels[:, ::8, ::8])
    assert pixels[1].min() == 1


def test_every_photograph_shows_itself_in_half_of_the_frame_or_more() -> None:
    own = Augmentation(patched=1.0).own(rng(), 500, 128)
    assert own.mean((1, 2)).min() >= 0.5
    assert (own.mean((1, 2)) < 1).mean() > 0.8


def test_as_many_photographs_are_changed_as_was_asked() -> None:
    asked = Augmentation(colour=0.25, patched=0.0)
    colours = asked.colours(rng(), 4000)
    assert (colours != 1).any(1).mean() == pytest.approx(0.25, abs=0.03)
    assert asked.own(rng(), 100, 96).min() == 1


def test_without_change_of_colour_a_photograph_stays_as_it_is() -> None:
    pixels = tf.constant(rng().uniform(0, 255, (3, 8, 8, 3)), tf.float32)
    kept = recoloured(pixels, tf.ones((3, 5)))
    assert np.allclose(kept, pixels, atol=1e-3)


def test_recoloured_pixels_stay_pixels() -> None:
    pixels = tf.constant(rng().uniform(0, 255, (64, 8, 8, 3)), tf.float32)
    moved = recoloured(pixels, Augmentation(colour=1.0).colours(rng(), 64)).numpy()
    assert moved.min() >= 0
    assert moved.max() <= 255
    assert np.abs(moved - pixels).mean() > 10
