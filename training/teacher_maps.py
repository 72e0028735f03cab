"""The teacher's own map as the decoder's input: the line that a slim encoder is held to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from captioner.vision.frame import to_square
from captioner.vision.manifest import sha256
from training.arrays import F16, F32, U8, Tensor, read_arrays, save_arrays
from training.teacher import Network, resnet50
from training.whitening import turn

__all__ = ["DIMS", "TeacherMaps", "fitted"]

DIMS = 512
"""Of the teacher's 2,048 channels; they keep 94 % of the variance."""

FIT_ON = 500
BATCH = 16


class TeacherMaps:
    """The last stage of the teacher, reduced by PCA; an `Encoder` that is never shipped."""

    name = "teacher"

    def __init__(self, network: Network, side: int, mean: F32, basis: F32, key: str) -> None:
        self._call = tf.function(lambda x: (network(x)[0][-1] - mean) @ basis, autograph=False)
        self.side = side
        self.key = key

    def maps(self, pixels: U8) -> F16:
        """See `training.encoders.Encoder`."""
        return np.concatenate(
            [self._call(batch).numpy().astype(np.float16) for batch in _batches(pixels, self.side)]
        )


def fitted(
    weights: Path, side: int, photographs: Callable[[], U8], cache: Path, dims: int = DIMS
) -> TeacherMaps:
    """Fit the reduction on some training photographs, or take it from the cache.

    Raises
    ------
    CheckpointError
        If the teacher's weights are missing.
    """
    network = resnet50(weights)
    key = f"teacher-{sha256(weights)[:12]}-{side}-{dims}"
    kept = cache / f"{key}.npz"
    if not kept.is_file():
        pixels = photographs()
        mean, basis = _reduction(network, pixels[:: max(1, len(pixels) // FIT_ON)], side, dims)
        save_arrays(kept, {"mean": mean, "basis": basis}, np.float32)
    arrays = read_arrays(kept)
    return TeacherMaps(network, side, arrays["mean"], arrays["basis"], key)


def _reduction(network: Network, pixels: U8, side: int, dims: int) -> tuple[F32, F32]:
    call = tf.function(lambda x: network(x)[0][-1], autograph=False)
    maps = np.concatenate([call(batch).numpy() for batch in _batches(pixels, side)])
    vectors = maps.reshape(-1, maps.shape[-1])
    mean = vectors.mean(0)
    values, basis = np.linalg.eigh(np.cov(vectors - mean, rowvar=False))
    kept = basis[:, np.argsort(values)[::-1][:dims]]
    # Turned at random, so that no channel is nearly empty: the decoder brings each to the
    # same spread, which would otherwise blow the smallest components up.
    return mean, np.asarray(kept @ turn(kept.shape[1]), np.float32)


def _batches(pixels: U8, side: int) -> Tensor:
    for at in range(0, len(pixels), BATCH):
        squares = np.stack([to_square(p, side) for p in pixels[at : at + BATCH]])
        yield tf.constant(squares, tf.float32)
