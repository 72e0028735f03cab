"""Photographs as one array in memory: small, square, decoded once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from training.arrays import U8
from training.errors import DatasetError

__all__ = ["SIDE", "load", "load_cached"]

SIDE = 160
"""Side in pixels at which photographs are kept; the encoder's largest input."""


def load(paths: Sequence[Path], side: int = SIDE) -> U8:
    """Photographs stretched to squares.

    Returns
    -------
    uint8 (n, side, side, 3)
        RGB.

    Raises
    ------
    DatasetError
        For a file that does not decode; the message names it.
    """
    pixels = np.empty((len(paths), side, side, 3), np.uint8)
    for index, path in enumerate(paths):
        pixels[index] = _square(path, side)
    return pixels


def load_cached(paths: Sequence[Path], cache: Path, side: int = SIDE) -> U8:
    """As `load`, kept in a ``.npy`` file for the next time."""
    if cache.is_file():
        kept = np.load(cache)
        if kept.shape == (len(paths), side, side, 3):
            return np.asarray(kept, np.uint8)
    pixels = load(paths, side)
    cache.parent.mkdir(parents=True, exist_ok=True)
    np.save(cache, pixels)
    return pixels


def _square(path: Path, side: int) -> U8:
    try:
        with Image.open(path) as photograph:
            rgb = photograph.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    except (OSError, ValueError) as damage:
        raise DatasetError(f"damaged photograph {path.name}: {damage}") from damage
    return np.asarray(rgb)
