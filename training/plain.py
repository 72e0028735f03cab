"""VGG16's thirteen convolutions with nothing folded away: what every encoder ships as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from training.arrays import F32, U8, Arrays, Tensor, read_arrays, save_arrays
from training.errors import CheckpointError
from training.slim import BLOCKS, PIXEL_MEAN, PIXEL_STD, convolved, fold, stacked

__all__ = ["CONVOLUTIONS", "Plain"]

CONVOLUTIONS = tuple(
    f"block{block}_conv{conv}"
    for block, depth in enumerate(BLOCKS, 1)
    for conv in range(1, depth + 1)
)
BATCH = 16


@dataclass(frozen=True)
class Plain:
    """Kernels and biases by name, and how pixels 0..255 are scaled before the first.

    ``arrays`` has ``NAME/kernel`` (3, 3, in, out) and ``NAME/bias`` (out,) for each of
    `CONVOLUTIONS`; ``mean`` (3,) is taken off the pixels, RGB, and ``std`` divides them.
    The map is the fifth block's, or where ``stacked`` the fourth's and the fifth's
    (`training.slim.stacked`).
    """

    arrays: Mapping[str, F32]
    mean: F32
    std: float
    stacked: bool = False

    @classmethod
    def of_slim(cls, arrays: Mapping[str, F32]) -> Plain:
        """Fold the batch norm of a distilled encoder away."""
        return cls(fold(arrays), PIXEL_MEAN, float(PIXEL_STD), stacked=True)

    @classmethod
    def read(cls, path: Path) -> Plain:
        """Read what `save` wrote; raises `CheckpointError` where it is not that."""
        arrays = read_arrays(path)
        wanted = {"mean", "std", *(f"{n}/{p}" for n in CONVOLUTIONS for p in ("kernel", "bias"))}
        if lacking := sorted(wanted - set(arrays)):
            raise CheckpointError(f"{path} is not an encoder: it lacks {lacking[0]}")
        mean, std = arrays.pop("mean"), float(arrays.pop("std"))
        return cls(arrays, mean, std, stacked=bool(arrays.pop("stacked", np.zeros(()))))

    def save(self, path: Path) -> None:
        """Write everything, as float32, to one ``.npz``."""
        rest: Arrays = {
            "mean": self.mean,
            "std": np.asarray(self.std, np.float32),
            "stacked": np.asarray(self.stacked, np.float32),
        }
        save_arrays(path, {**self.arrays, **rest}, np.float32)

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of the five blocks."""
        return tuple(
            self.arrays[f"block{block}_conv{depth}/bias"].size
            for block, depth in enumerate(BLOCKS, 1)
        )

    @property
    def channels(self) -> int:
        """Of the map."""
        return sum(self.widths[3:]) if self.stacked else self.widths[-1]

    def maps(self, pixels: U8) -> F32:
        """Give the maps (n, s/32, s/32, c) of pixels uint8 (n, s, s, 3), by TensorFlow."""
        weights = {name: tf.constant(array) for name, array in self.arrays.items()}
        call = tf.function(
            lambda batch: self._forward(weights, batch), reduce_retracing=True, autograph=False
        )
        found = [
            call(tf.constant(pixels[at : at + BATCH], tf.float32)).numpy()
            for at in range(0, len(pixels), BATCH)
        ]
        return np.concatenate(found)

    def _forward(self, weights: Mapping[str, Tensor], pixels: Tensor) -> Tensor:
        outputs = convolved(weights, (pixels - self.mean) / self.std)
        return stacked(outputs) if self.stacked else outputs[-1]
