"""A served network that is not the trained one is refused."""

from dataclasses import replace

import numpy as np
import pytest

from training.agreement import NetworkDifference, NetworkOutputs, accept, agreement
from training.errors import CheckpointError

SAME = NetworkDifference(
    map_max=0.0, map_mean=0.0, vector_max=0.0, vector_mean=0.0, cosine=1.0, same_captions=1.0
)


def seen(noise: float = 0.0, captions: list[tuple[int, ...]] | None = None) -> NetworkOutputs:
    rng = np.random.default_rng(1)
    maps = rng.random((3, 2, 2, 4), np.float32)
    maps[0, 0, 0, 0] = 10
    vectors = rng.normal(size=(3, 8)).astype(np.float32)
    vectors += noise * np.arange(8, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return NetworkOutputs(maps + noise, vectors, vectors, captions or [(1, 2), (3,), ()])


def test_the_same_network_agrees_with_itself() -> None:
    found = agreement(seen(), seen())
    assert (found.map_max, found.vector_max, found.same_captions) == (0, 0, 1)
    assert found.cosine == pytest.approx(1)
    accept(found)


def test_differences_of_maps_are_relative_to_the_largest_value() -> None:
    found = agreement(seen(noise=0.1), seen())
    assert found.map_max == pytest.approx(0.01, rel=0.01)
    assert found.map_mean == pytest.approx(0.01, rel=0.01)
    assert found.cosine < 1


def test_the_share_of_identical_captions_is_counted() -> None:
    found = agreement(seen(captions=[(1, 2), (3, 4), ()]), seen())
    assert found.same_captions == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"map_max": 0.01}, "difference of maps 0.01, at most 0.001"),
        ({"vector_max": 0.1}, "vectors 0.1, at most 0.01"),
        ({"same_captions": 0.9}, "captions 0.9, at least 0.98"),
        ({"map_max": float("nan")}, "maps nan"),
    ],
)
def test_each_figure_out_of_bounds_is_named(changed: dict[str, float], named: str) -> None:
    with pytest.raises(CheckpointError, match=named):
        accept(replace(SAME, **changed))


@pytest.mark.parametrize(("cosine", "stay"), [(0.992, True), (0.9, False), (float("nan"), False)])
def test_eight_bits_must_leave_vectors_where_they_were(cosine: float, stay: bool) -> None:
    assert replace(SAME, cosine=cosine).vectors_stay is stay
