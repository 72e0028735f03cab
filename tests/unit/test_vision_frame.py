"""Any photograph becomes the encoder's square, as training made its squares."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from captioner.vision.frame import to_square


def smooth(height: int, width: int) -> npt.NDArray[Any]:
    rng = np.random.default_rng(1)
    coarse = Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8))
    return np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("size", [(224, 224), (300, 200), (100, 160), (33, 77), (1, 1)])
def test_it_is_pillows_bilinear_filter(size: tuple[int, int]) -> None:
    pixels = smooth(*size)
    expected = Image.fromarray(pixels).resize((160, 160), Image.Resampling.BILINEAR)
    difference = to_square(pixels, 160).astype(int) - np.asarray(expected).astype(int)
    assert np.abs(difference).max() <= 1


def test_a_very_large_photograph_is_thinned_but_looks_the_same() -> None:
    pixels = smooth(2000, 3000)
    expected = Image.fromarray(pixels).resize((160, 160), Image.Resampling.BILINEAR)
    difference = to_square(pixels, 160).astype(int) - np.asarray(expected).astype(int)
    assert np.abs(difference).mean() < 2


@pytest.mark.parametrize(
    "pixels",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_other_shapes_and_types_are_refused(pixels: npt.NDArray[Any]) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        to_square(pixels, 32)
