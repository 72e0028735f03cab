"""A photograph of any size as the square that the encoder takes."""

import numpy as np
import numpy.typing as npt

from captioner.vision.text import F32

U8 = npt.NDArray[np.uint8]
COARSE = 32
LEAST_SPREAD = 5.0  # of 255; the plainest of 2,329 photographs has 14
FINE_ENOUGH = 3  # samples a pixel of the result, beyond which rows are skipped


def to_square(pixels: U8, side: int) -> U8:
    """Stretch a whole RGB frame (h, w, 3) to (side, side, 3), as the training photographs were.

    It is triangle-filtered, as Pillow's ``BILINEAR`` does.

    Raises
    ------
    ValueError
        For another shape or type, or an empty photograph.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8 or not pixels.size:
        raise ValueError(f"expected uint8 (h, w, 3), got {pixels.dtype} {pixels.shape}")
    thinned = pixels[:: _stride(pixels.shape[0], side), :: _stride(pixels.shape[1], side)]
    height, width = thinned.shape[:2]
    if (height, width) == (side, side):
        return np.ascontiguousarray(thinned)
    rows = _filter(height, side) @ thinned.reshape(height, -1).astype(np.float32)
    across = np.matmul(_filter(width, side), rows.reshape(side, width, 3))
    return np.asarray(np.clip(np.rint(across), 0, 255), np.uint8)


def is_blank(pixels: U8) -> bool:
    """Say whether a photograph uint8 (h, w, 3) is of one colour, but for noise and fringes."""
    coarse = to_square(pixels, COARSE).astype(np.float32)
    return bool((coarse.std(axis=(0, 1)) < LEAST_SPREAD).all())


def _stride(length: int, side: int) -> int:
    return max(1, length // (FINE_ENOUGH * side))


def _filter(length: int, side: int) -> F32:
    scale = length / side
    reach = max(scale, 1.0)
    centres = (np.arange(side)[:, None] + 0.5) * scale
    weights = np.maximum(0, 1 - np.abs(np.arange(length) + 0.5 - centres) / reach)
    return np.asarray(weights / weights.sum(1, keepdims=True), np.float32)
