"""Vectors that engines keep as bytes: turned, nothing is cut and no distance changes."""

import numpy as np

from training.whitening import fit_whitening, turn


def test_a_turn_changes_no_distance_and_is_the_same_every_time() -> None:
    found = turn(64)
    assert np.allclose(found @ found.T, np.eye(64), atol=1e-5)
    assert np.array_equal(found, turn(64))


def test_no_component_of_a_turned_vector_stands_out() -> None:
    rng = np.random.default_rng(1)
    spread = np.linspace(8, 0.1, 32).astype(np.float32)  # as the maps of an encoder: a few rule
    maps = np.abs(rng.normal(size=(400, 3, 3, 32)) * spread).astype(np.float16)
    arrays = fit_whitening(maps, dims=32)
    pooled = maps.astype(np.float32).mean((1, 2))
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    vectors = (pooled - arrays["visual/mean"]) @ arrays["visual/basis"]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    by_component = np.sqrt((vectors**2).mean(0))
    assert by_component.max() < 2.5 * 32**-0.5
    assert by_component.min() > 0.3 * 32**-0.5
