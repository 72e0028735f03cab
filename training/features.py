"""The encoder's maps of photographs, computed once and kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime as ort

from captioner.vision.frame import to_square
from captioner.vision.manifest import sha256
from training.arrays import F16, U8
from training.crops import Crops

__all__ = ["VIEWS", "cached_maps", "maps", "views"]

VIEWS = 4
"""Views of a training photograph: whole, mirrored, and two crops, one of them mirrored."""

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


def views(pixels: U8, seed: int) -> list[U8]:
    """Make the `VIEWS` of each photograph, each uint8 (n, s, s, 3)."""
    rng = np.random.default_rng(seed)
    crops = Crops.random(rng, 2 * len(pixels), LEAST_AREA)
    return [
        pixels,
        pixels[:, :, ::-1],
        _cropped(pixels, crops, 0),
        _cropped(pixels, crops, len(pixels))[:, :, ::-1],
    ]


def _cropped(pixels: U8, crops: Crops, first: int) -> U8:
    side = pixels.shape[1]
    cropped = np.empty_like(pixels)
    for index, photograph in enumerate(pixels):
        start = (crops.start[first + index] * side).astype(int)
        height, width = np.maximum(1, (crops.extent[first + index] * side).astype(int))
        part = photograph[start[0] : start[0] + height, start[1] : start[1] + width]
        cropped[index] = to_square(part, side)
    return cropped
