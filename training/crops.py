"""One random crop, of a photograph and of the teacher's maps of it."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from training.arrays import F32, Flags


@dataclass(frozen=True)
class Crops:
    """Crops as fractions of the side: ``start`` and ``extent`` (n, 2) in y, x; ``flip`` (n,)."""

    start: F32
    extent: F32
    flip: Flags

    @classmethod
    def random(cls, rng: np.random.Generator, count: int, least_area: float) -> Self:
        """Crops of ``least_area``..1 of the area, aspect up to 4:3, half of them flipped."""
        side = np.sqrt(rng.uniform(least_area, 1, count))
        skew = np.exp(rng.uniform(-0.144, 0.144, count))
        extent = np.clip(np.stack([side * skew, side / skew], 1), 0, 1)
        start = rng.uniform(0, 1, (count, 2)) * (1 - extent)
        flip = rng.random(count) < 0.5
        return cls(start.astype(np.float32), extent.astype(np.float32), flip)

    @classmethod
    def whole(cls, count: int) -> Self:
        """Give the whole frame, upright."""
        shape = (count, 2)
        return cls(np.zeros(shape, np.float32), np.ones(shape, np.float32), np.zeros(count, bool))

    def weights(self, source: int, size: int, offset: float) -> tuple[F32, F32]:
        """Bilinear weights (n, size, source) that sample rows and columns.

        ``offset`` is where source cell 0 is centred, in cells from the edge.
        """
        centres = ((np.arange(size) + 0.5) / size).astype(np.float32)
        rows: F32 = self.start[:, :1] + self.extent[:, :1] * centres
        columns: F32 = self.start[:, 1:] + self.extent[:, 1:] * centres
        columns = np.where(self.flip[:, None], columns[:, ::-1], columns)
        return _bilinear(rows * source - offset, source), _bilinear(
            columns * source - offset, source
        )


def _bilinear(positions: npt.NDArray[np.floating], source: int) -> F32:
    inside = np.clip(positions, 0, source - 1)[..., None]
    return np.asarray(np.maximum(0, 1 - np.abs(inside - np.arange(source))), np.float32)
