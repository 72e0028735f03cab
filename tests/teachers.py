"""The teachers' networks, a few channels wide and at random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training import efficientnet, vgg
from training.arrays import F32, Arrays, save_arrays

__all__ = ["WIDTHS", "efficientnet_weights", "left_in", "vgg_weights"]

WIDTHS = (4, 6, 8, 12, 12)
WIDTH, CLASSES = 16, 1000


def vgg_weights(blocks: tuple[int, ...] = vgg.BLOCKS) -> Arrays:
    """VGG of so many convolutions in each block, `WIDTHS` wide."""
    rng, before, arrays = np.random.default_rng(3), 3, {}
    for name in vgg.convolutions(blocks):
        width = WIDTHS[int(name[5]) - 1]
        arrays[f"{name}/kernel"] = _random(rng, (3, 3, before, width), np.sqrt(2 / (9 * before)))
        arrays[f"{name}/bias"] = _random(rng, (width,), 0.1)
        before = width
    return arrays


def efficientnet_weights() -> Arrays:
    """EfficientNet-Lite2 with `WIDTH` channels wherever it may have any number, and its classes."""
    rng, widths, arrays = np.random.default_rng(4), {"scaled": 3}, {}
    for layer in efficientnet.layers():
        before = widths[layer.inputs[0]]
        widths[layer.name] = before if layer.kind in ("depthwise", "add") else WIDTH
        if layer.kind == "add":
            continue
        side = 3 if layer.kind == "depthwise" or layer.name == "stem" else 1
        shape = (side, side, before, 1 if layer.kind == "depthwise" else WIDTH)
        inputs = 9 if layer.kind == "depthwise" else side * side * before
        arrays[f"{layer.name}/kernel"] = _random(rng, shape, np.sqrt(2 / inputs))
        arrays[f"{layer.name}/bias"] = _random(rng, (widths[layer.name],), 0.1)
    kernel, bias = efficientnet.LOGITS
    return arrays | {kernel: _random(rng, (WIDTH, CLASSES)), bias: _random(rng, (CLASSES,))}


def left_in(folder: Path) -> Path:
    """Leave both as ``teachers`` does."""
    save_arrays(folder / "vgg19.npz", vgg_weights((2, 2, 4, 4, 4)))
    save_arrays(folder / "efficientnet-lite2.npz", efficientnet_weights())
    return folder


def _random(rng: np.random.Generator, shape: tuple[int, ...], spread: float = 0.5) -> F32:
    return rng.normal(0, spread, shape).astype(np.float32)
