"""Photographs as one array in memory, small, square, decoded once; and an encoder's maps."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from PIL import Image

from captioner.decoding import decode
from captioner.vision.frame import to_square
from chalicelib.errors import RejectedImage
from training.arrays import F16, F32, U8, Flags
from training.dataset import some_of
from training.errors import DatasetError

SIDE = 160
"""Side in pixels at which photographs are kept, unless an encoder takes larger ones."""
DAMAGE = (OSError, RejectedImage)
MAX_PIXELS = 200_000_000
"""As many as are captioned, by default."""
LEAST_AREA = 0.7
"""Of a view that is not the whole photograph."""


def load(paths: Sequence[Path], side: int = SIDE) -> U8:
    """Photographs, upright, RGB, stretched to squares: uint8 (n, side, side, 3).

    Raises `DatasetError` for files that do not decode whole; the message names them.
    """
    pixels = np.empty((len(paths), side, side, 3), np.uint8)
    damaged = []
    for index, path in enumerate(paths):
        try:
            pixels[index] = np.asarray(read(path).resize((side, side), Image.Resampling.BILINEAR))
        except DAMAGE as damage:
            damaged.append(f"{path.name} ({damage})")
    if damaged:
        kind = "photograph" if len(damaged) == 1 else "photographs"
        raise DatasetError(f"damaged {kind} {some_of(damaged)}: replace or leave out")
    return pixels


def read(path: Path) -> Image.Image:
    """Decode a photograph as the captioner does; raises one of `DAMAGE` where it cannot."""
    return Image.fromarray(decode(path.read_bytes(), max_pixels=MAX_PIXELS).pixels)


def load_cached(paths: Sequence[Path], cache: Path, side: int = SIDE) -> U8:
    """As `load`, kept in a ``.npy`` file for as long as the photographs stay the same."""
    same = fingerprint(paths)
    note = cache.with_suffix(".photographs")
    if cache.is_file() and note.is_file() and note.read_text(encoding="utf-8") == same:
        kept = np.load(cache)
        if kept.shape == (len(paths), side, side, 3):
            return np.asarray(kept, np.uint8)
    pixels = load(paths, side)
    cache.parent.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    np.save(cache, pixels)
    note.write_text(same, encoding="utf-8")
    return pixels


def of_split(name: str, paths: Sequence[Path], work: Path, side: int) -> U8:
    """Give a split's photographs, kept in ``work``, no smaller than an encoder of ``side`` takes.

    Encoders of up to `SIDE` share one array.
    """
    kept = max(side, SIDE)
    file = f"{name}.npy" if kept == SIDE else f"{name}-{kept}.npy"
    return load_cached(paths, work / file, kept)


def fingerprint(paths: Sequence[Path]) -> str:
    """Tell these files from others, by their names, sizes and times of change."""
    digest = hashlib.sha256()
    for path in paths:
        known = path.stat()
        digest.update(f"{path.name}\0{known.st_size}\0{known.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def spread(pixels: U8, count: int) -> U8:
    """Give so many of photographs, evenly spread over them."""
    return pixels[:: max(1, len(pixels) // count)][:count]


def squares(pixels: U8, side: int) -> U8:
    """Stretch photographs uint8 (n, s, s, 3) to an encoder's side."""
    return np.stack([to_square(photograph, side) for photograph in pixels])


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


def views(pixels: U8, count: int, seed: int) -> Iterator[U8]:
    """Give views of each photograph, uint8 (n, s, s, 3) each: whole, then random crops."""
    rng = np.random.default_rng(seed)
    yield pixels
    for _ in range(count - 1):
        yield _cropped(pixels, Crops.random(rng, len(pixels), LEAST_AREA))


def _cropped(pixels: U8, crops: Crops) -> U8:
    side = pixels.shape[1]
    cropped = np.empty_like(pixels)
    for index, photograph in enumerate(pixels):
        top, left = (crops.start[index] * side).astype(int)
        height, width = np.maximum(1, (crops.extent[index] * side).astype(int))
        cropped[index] = to_square(photograph[top : top + height, left : left + width], side)
    return cropped


def maps(encoder: Path, pixels: U8) -> F16:
    """Float16 (n, h, w, c) maps of uint8 (n, s, s, 3), by an ONNX file, on all cores."""
    session = ort.InferenceSession(str(encoder), providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[1]
    found = [
        session.run(None, {"pixels": to_square(p, side)[None]})[0].astype(np.float16)
        for p in pixels
    ]
    return np.concatenate(found)
