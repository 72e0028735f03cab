"""Photographs as one array in memory: small, square, decoded once."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from captioner.vision.frame import to_square
from training.arrays import U8
from training.errors import DatasetError

SIDE = 160
"""Side in pixels at which photographs are kept, unless an encoder takes larger ones."""


def load(paths: Sequence[Path], side: int = SIDE) -> U8:
    """Photographs, upright, stretched to squares.

    Returns
    -------
    uint8 (n, side, side, 3)
        RGB.

    Raises
    ------
    DatasetError
        For files that do not decode whole; the message names them.
    """
    pixels = np.empty((len(paths), side, side, 3), np.uint8)
    damaged = []
    for index, path in enumerate(paths):
        try:
            pixels[index] = _square(path, side)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as damage:
            damaged.append(f"{path.name} ({damage})")
    if damaged:
        raise DatasetError(_told(damaged))
    return pixels


def _told(damaged: Sequence[str]) -> str:
    more = f" and {len(damaged) - 3} more" if len(damaged) > 3 else ""
    kind = "photograph" if len(damaged) == 1 else "photographs"
    return f"damaged {kind} {', '.join(damaged[:3])}{more}: replace or leave out"


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


def spread(pixels: U8, count: int) -> U8:
    """Give so many of photographs, evenly spread over them."""
    return pixels[:: max(1, len(pixels) // count)][:count]


def squares(pixels: U8, side: int) -> U8:
    """Stretch photographs uint8 (n, s, s, 3) to an encoder's side."""
    return np.stack([to_square(photograph, side) for photograph in pixels])


def fingerprint(paths: Sequence[Path]) -> str:
    """Tell these files from others, by their names, sizes and times of change."""
    digest = hashlib.sha256()
    for path in paths:
        known = path.stat()
        digest.update(f"{path.name}\0{known.st_size}\0{known.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _square(path: Path, side: int) -> U8:
    with Image.open(path) as photograph:
        upright = ImageOps.exif_transpose(photograph)
        rgb = upright.convert("RGB").resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(rgb)
