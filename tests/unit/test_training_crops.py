"""A crop samples photograph and map at the same places."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from training.photographs import Crops


def sampled(weights: npt.NDArray[Any], line: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.asarray(weights[0] @ line)


def test_the_whole_frame_at_its_own_size_is_the_identity() -> None:
    rows, columns = Crops.whole(2).weights(5, 5, offset=0.5)
    assert np.allclose(rows, np.eye(5))
    assert np.allclose(columns, np.eye(5))


def test_a_flip_mirrors_columns_only() -> None:
    upright = Crops.whole(1)
    flipped = Crops(upright.start, upright.extent, np.array([True]))
    rows, columns = flipped.weights(4, 4, offset=0.5)
    assert np.allclose(rows, np.eye(4))
    assert np.allclose(columns, np.eye(4)[::-1])


@pytest.mark.parametrize("cells", [10, 20, 40])
def test_a_map_is_sampled_where_its_photograph_is(cells: int) -> None:
    crops = Crops(
        np.full((1, 2), 0.2, np.float32), np.full((1, 2), 0.6, np.float32), np.array([False])
    )
    offset = 0.25
    places = (np.arange(cells) + offset) / cells
    rows, _ = crops.weights(cells, 6, offset)
    assert sampled(rows, places) == pytest.approx(0.2 + 0.6 * (np.arange(6) + 0.5) / 6, abs=1e-6)


def test_random_crops_stay_inside_and_keep_their_area() -> None:
    crops = Crops.random(np.random.default_rng(1), 500, least_area=0.5)
    assert (crops.start >= 0).all()
    assert (crops.start + crops.extent <= 1 + 1e-6).all()
    assert 0.4 < crops.flip.mean() < 0.6
    assert crops.extent.prod(1).min() > 0.4


def test_weights_sum_to_one() -> None:
    for part in Crops.random(np.random.default_rng(2), 9, 0.5).weights(7, 3, 0.08):
        assert np.allclose(part.sum(-1), 1, atol=1e-5)
