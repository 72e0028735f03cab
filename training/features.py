"""The encoder's maps of photographs, computed once and kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime as ort

from captioner.vision.frame import to_square
from training.arrays import F16, U8, kept
from training.crops import Crops

LEAST_AREA = 0.7


class _Seeing(Protocol):
    @property
    def key(self) -> str: ...

    def maps(self, pixels: U8) -> F16: ...


def maps(encoder: Path, pixels: U8) -> F16:
    """Float16 (n, h, w, c) maps of uint8 (n, s, s, 3), by an ONNX file, on all cores."""
    session = ort.InferenceSession(str(encoder), providers=["CPUExecutionProvider"])
    side = session.get_inputs()[0].shape[1]
    found = [
        session.run(None, {"pixels": to_square(p, side)[None]})[0].astype(np.float16)
        for p in pixels
    ]
    return np.concatenate(found)


def cached_maps(encoder: _Seeing, pixels: U8, cache: Path, name: str) -> F16:
    """Give an encoder's maps, kept in a file that names the encoder and the photographs."""
    return kept(cache / f"maps-{encoder.key}-{name}.npy", lambda: encoder.maps(pixels))


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
