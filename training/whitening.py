"""The visual vector's projection, and how vectors are laid out for engines that keep bytes."""

from __future__ import annotations

import numpy as np

from captioner.vision.vectors import gem
from training.arrays import F16, F32

__all__ = ["fit_whitening", "turn"]

POWER = 0.1
"""Of the variance that is divided out: 0.5 whitens whole, 0 only turns (docs/decisions/111)."""


def turn(dims: int = 256, seed: int = 0) -> F32:
    """Give a turn in space, (dims, dims): the same from everywhere, no distance changes.

    Engines keep a component as a byte of one scale for all (`chalicelib.search.vectors`).
    PCA gathers the variance in few components, which would be cut there, and leaves the
    others too small to be told from nothing; turned, all are about ``dims ** -0.5``
    (as Jegou 2010 turns local descriptors before they are quantised).
    """
    square = np.random.default_rng(seed).normal(size=(dims, dims))
    found, signs = np.linalg.qr(square)
    return (found * np.sign(np.diag(signs))).astype(np.float32)


def fit_whitening(maps: F16, dims: int = 256) -> dict[str, F32]:
    """Mean (c,) and basis (c, dims) of unit-length pooled maps (n, h, w, c) (Jegou 2012).

    The basis is turned (`turn`).
    """
    parts = np.array_split(maps, max(1, len(maps) // 500))  # float32 of all would be large
    vectors = np.concatenate([gem(part.astype(np.float32)) for part in parts])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    mean = vectors.mean(0)
    values, basis = np.linalg.eigh(np.cov(vectors - mean, rowvar=False))
    order = np.argsort(values)[::-1][:dims]
    # Directions with next to no variance would be all noise once whitened.
    kept = np.maximum(values[order], max(float(values.max()) * 1e-3, 1e-9))
    scaled = np.zeros((len(mean), dims), np.float32)
    scaled[:, : len(order)] = basis[:, order] / kept**POWER
    return {"visual/mean": mean, "visual/basis": scaled @ turn(dims)}
