"""The encoder's maps of photographs, computed once and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from captioner.vision.frame import to_square
from captioner.vision.manifest import sha256
from training.arrays import F16, U8
from training.crops import Crops

__all__ = ["cached_maps", "maps", "views", "with_mirrored"]

LEAST_AREA = 0.7


def maps(encoder: Path, pixels: U8, threads: int = 2) -> F16:
    """Float16 (n, h, w, c) maps of uint8 (n, s, s, 3), by the ONNX encoder that ships."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    session = ort.InferenceSession(str(encoder), options, providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[1]
    found = [session.run(None, {"pixels": to_square(p, side)[None]})[0] for p in pixels]
    return np.concatenate(found).astype(np.float16)


def cached_maps(encoder: Path, pixels: U8, cache: Path, name: str) -> F16:
    """As `maps`, kept in a file that names the encoder's checksum."""
    path = cache / f"maps-{sha256(encoder)[:12]}-{name}.npy"
    if path.is_file():
        return np.asarray(np.load(path), np.float16)
    found = maps(encoder, pixels)
    cache.mkdir(parents=True, exist_ok=True)
    np.save(path, found)
    return found


def views(pixels: U8, count: int, seed: int) -> list[U8]:
    """Give views of each photograph, uint8 (n, s, s, 3) each: whole, then random crops."""
    rng = np.random.default_rng(seed)
    crops = [Crops.random(rng, len(pixels), LEAST_AREA) for _ in range(count - 1)]
    return [pixels, *(_cropped(pixels, crop) for crop in crops)]


def with_mirrored(maps_: F16) -> F16:
    """Add the mirror image of each view of maps (views, n, h, w, c), at no run of the encoder.

    The encoder knows left from right hardly better than its training, half of
    which was mirrored.
    """
    return np.concatenate([maps_, maps_[:, :, :, ::-1]])


def _cropped(pixels: U8, crops: Crops) -> U8:
    side = pixels.shape[1]
    cropped = np.empty_like(pixels)
    for index, photograph in enumerate(pixels):
        top, left = (crops.start[index] * side).astype(int)
        height, width = np.maximum(1, (crops.extent[index] * side).astype(int))
        cropped[index] = to_square(photograph[top : top + height, left : left + width], side)
    return cropped
