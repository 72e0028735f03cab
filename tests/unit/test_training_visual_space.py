"""The visual space: like captions are near, copies are nearer, and no byte is cut."""

from itertools import pairwise

import numpy as np

from training.arrays import F16, F32
from training.visual_space import fit_visual, pooled, turn, visual

KINDS = ("a dog runs in snow", "two boys play football", "a red car stands in a street")
CHANNELS = 24


def photographs(rng: np.random.Generator, count: int = 300) -> tuple[F16, list[list[str]]]:
    """Maps in which three weak channels tell the kind, and strong ones tell nothing of it."""
    kinds = np.arange(count) % len(KINDS)
    strong = np.linspace(8, 1, CHANNELS)
    maps = np.abs(rng.normal(size=(count, 3, 3, CHANNELS))) * 0.3
    maps += (np.abs(rng.normal(size=(count, CHANNELS))) * strong)[:, None, None]
    maps[..., -len(KINDS) :] = 0.1
    maps[np.arange(count), :, :, kinds - len(KINDS)] = 1.0
    return maps.astype(np.float16), [[KINDS[kind]] for kind in kinds]


def same_kind(vectors: F32, captions: list[list[str]]) -> float:
    near = vectors @ vectors.T
    np.fill_diagonal(near, -1)
    return float(np.mean([captions[i] == captions[j] for i, j in enumerate(near.argmax(1))]))


def test_photographs_whose_captions_are_alike_are_nearest() -> None:
    rng = np.random.default_rng(1)
    maps, captions = photographs(rng)
    arrays = fit_visual(pooled(maps), captions, dims=16)
    others, theirs = photographs(rng)
    assert same_kind(visual(pooled(others), arrays), theirs) > 0.9
    alone = {**arrays, "visual/basis": np.eye(2 * CHANNELS, dtype=np.float32)}
    assert same_kind(visual(pooled(others), alone), theirs) < 0.6


def test_a_copy_is_nearer_than_another_photograph_of_the_kind() -> None:
    rng = np.random.default_rng(2)
    maps, captions = photographs(rng)
    arrays = fit_visual(pooled(maps), captions, dims=16)
    ours = visual(pooled(maps), arrays)
    copies = visual(pooled((maps * rng.normal(1, 0.03, maps.shape)).astype(np.float16)), arrays)
    assert ((copies @ ours.T).argmax(1) == np.arange(len(maps))).all()


def test_fewer_channels_than_dimensions_leave_the_rest_empty() -> None:
    maps, captions = photographs(np.random.default_rng(3), 12)
    arrays = fit_visual(pooled(maps), captions)
    assert arrays["visual/basis"].shape == (2 * CHANNELS, 256)
    assert np.isfinite(visual(pooled(maps), arrays)).all()


def test_a_turn_changes_no_distance_and_is_the_same_every_time() -> None:
    found = turn(64)
    assert np.allclose(found @ found.T, np.eye(64), atol=1e-5)
    assert np.array_equal(found, turn(64))


def test_no_component_of_a_turned_vector_stands_out() -> None:
    rng = np.random.default_rng(1)
    spread = np.linspace(8, 0.1, 32).astype(np.float32)  # as the maps of an encoder: a few rule
    maps = np.abs(rng.normal(size=(400, 3, 3, 32)) * spread).astype(np.float16)
    said = [[f"{first} {second}"] for first, second in pairwise(map(str, range(401)))]
    vectors = visual(pooled(maps), fit_visual(pooled(maps), said, dims=32))
    by_component = np.sqrt((vectors**2).mean(0))
    assert by_component.max() < 2.5 * 32**-0.5
    assert by_component.min() > 0.3 * 32**-0.5
