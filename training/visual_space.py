"""The visual space: what photographs look like, where people would call them alike.

Distances are measured by the sum of two metrics on the pooled map: by what of it tells captions
apart, and by all of it, so that copies of one picture are near (docs/decisions/104).
"""

from collections.abc import Sequence

import numpy as np

from captioner.vision import vectors
from training.arrays import F16, F32, F64, Arrays, unit_rows
from training.scores import likeness

LOOKS = 0.25
"""What all of the map counts beside what tells captions apart, in shares of the variance."""

RIDGE = 0.1
"""Of a channel's variance that is added to it before captions are told by it."""

MOST = 8_000
"""Photographs that it is fitted on: each is compared with each other."""


def turn(dims: int = 256, seed: int = 0) -> F32:
    """Give a turn in space, (dims, dims): the same from everywhere, no distance changes.

    Engines keep a component as a byte of one scale for all (`chalicelib.search.text`), which
    cuts the few large ones of PCA and loses the small; turned, all are about ``dims ** -0.5`` (as
    Jegou 2010 turns local descriptors before they are quantised).
    """
    square = np.random.default_rng(seed).normal(size=(dims, dims))
    found, signs = np.linalg.qr(square)
    turned: F32 = (found * np.sign(np.diag(signs))).astype(np.float32)
    return turned


def pooled(maps: F16) -> F32:
    """Mean and generalised mean of maps (n, h, w, c): float32 (n, 2c)."""
    parts = np.array_split(maps, max(1, len(maps) // 500))  # float32 of all would be large
    return np.concatenate([vectors.pooled(part.astype(np.float32)) for part in parts])


def visual(pooled_maps: F32, arrays: Arrays) -> F32:
    """Give the visual vectors float32 (n, 256), of unit length, of pooled maps (n, 2c)."""
    turned = (unit_rows(pooled_maps) - arrays["visual/mean"]) @ arrays["visual/basis"]
    return unit_rows(np.asarray(turned, np.float32))


def fit_visual(
    pooled_maps: F32, captions: Sequence[Sequence[str]], *, dims: int = 256, seed: int = 1
) -> Arrays:
    """Give ``visual/mean`` (2c,) and ``visual/basis`` (2c, dims), turned (`turn`).

    Captions' likeness is a kernel between photographs; ridge regression takes it to their pooled
    maps (n, 2c), as a metric there. The basis keeps the principal components under both metrics.
    """
    rows = np.random.default_rng(seed).permutation(len(pooled_maps))[:MOST]
    features: F64 = unit_rows(pooled_maps[rows]).astype(np.float64)
    mean = features.mean(0)
    features -= mean
    told = _centred(likeness([captions[row] for row in rows]).astype(np.float64))
    variance = features.T @ features / len(rows)
    least = 1e-6 * max(float(np.diag(variance).max()), 1e-9)
    steadied = variance + np.diag(RIDGE * np.diag(variance) + least)
    weights = np.linalg.solve(steadied, features.T / len(rows))
    by_captions, by_all = weights @ told @ weights.T, np.eye(len(mean))
    metric = _even(by_captions, variance) + LOOKS * _even(by_all, variance)
    root = np.linalg.cholesky(metric)
    values, axes = np.linalg.eigh(root.T @ variance @ root)
    order = np.argsort(values)[::-1][:dims]
    basis = np.zeros((len(mean), dims))
    basis[:, : len(order)] = root @ axes[:, order]
    return {
        "visual/mean": mean.astype(np.float32),
        "visual/basis": np.asarray(basis @ turn(dims), np.float32),
    }


def _centred(kernel: F64) -> F64:
    """Take out of a kernel (n, n) what all have in common."""
    means = kernel.mean(0)
    return np.asarray(kernel - means - means[:, None] + means.mean())


def _even(metric: F64, variance: F64) -> F64:
    """Scale a metric so that photographs' mean squared distance from the middle is one."""
    return metric / max(float(np.trace(metric @ variance)), 1e-9)


ROUNDS = 25


def centres(vectors: F32, count: int = 64, seed: int = 1) -> F32:
    """Give ``count`` unit vectors amid unit vectors (n, d); as many as there are, at most.

    k-means by cosine (Dhillon and Modha 2001). A centre that nothing is near to moves to a
    vector chosen at random.
    """
    rng = np.random.default_rng(seed)
    found = vectors[rng.choice(len(vectors), min(count, len(vectors)), replace=False)]
    for _ in range(ROUNDS):
        nearest = (vectors @ found.T).argmax(1)
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, vectors)
        lost = np.bincount(nearest, minlength=len(found)) == 0
        sums[lost] = vectors[rng.choice(len(vectors), int(lost.sum()))]
        found = unit_rows(sums)
    return found.astype(np.float32)
