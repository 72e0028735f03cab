"""What photographs are seen through: one interface, three encoders.

``vgg16-slim`` (distilled here) and ``vgg16`` (ImageNet's) become a bundle's
``encoder.onnx``; ``teacher`` is there to compare with and cannot be shipped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnx

from captioner.vision.frame import to_square
from captioner.vision.manifest import sha256
from training import features
from training.arrays import F16, U8, read_arrays
from training.errors import CheckpointError
from training.imagenet import vgg16
from training.onnx_encoder import float_model, quantised
from training.plain import Plain
from training.slim import calibrated

__all__ = ["CHOICES", "FLOAT", "INT8", "PLAIN", "SIDES", "Encoder", "Shipped", "shipped"]

SIDES = {"vgg16-slim": 160, "vgg16": 224, "teacher": 224}
"""Input of each encoder unless told otherwise, pixels."""

CHOICES = tuple(SIDES)
PLAIN, FLOAT, INT8 = "encoder.npz", "encoder-float.onnx", "encoder.onnx"
"""Files of the parts: the network for TensorFlow, for ONNX Runtime, and quantised."""


class Encoder(Protocol):
    """From photographs to spatial maps."""

    @property
    def name(self) -> str:
        """One of `CHOICES`."""

    @property
    def side(self) -> int:
        """Of its input, in pixels."""

    @property
    def key(self) -> str:
        """Tells its maps from those of any other encoder."""

    def maps(self, pixels: U8) -> F16:
        """Float16 (n, h, w, c) of uint8 (n, s, s, 3); other sizes are stretched to its own."""


@dataclass(frozen=True)
class Shipped:
    """The quantised network as a bundle holds it."""

    name: str
    side: int
    file: Path

    @property
    def key(self) -> str:
        """Start of the file's SHA-256."""
        return sha256(self.file)[:12]

    def maps(self, pixels: U8) -> F16:
        """See `Encoder`."""
        return features.maps(self.file, pixels)


def shipped(
    name: str, weights: Path | None, side: int, photographs: Callable[[], U8], out: Path
) -> Shipped:
    """Leave an encoder's files in ``out``: for TensorFlow, for ONNX Runtime, and quantised.

    Parameters
    ----------
    name : str
        ``vgg16-slim`` or ``vgg16``.
    weights : Path, optional
        Of a distillation, or of Keras' VGG16 without its top; only the latter may be
        left out.
    photographs : callable
        Gives training photographs, uint8 (n, s, s, 3): some of them calibrate batch norm
        and the activations' ranges. Not called where ``out`` was made of the same
        weights at the same size before.

    Raises
    ------
    CheckpointError
        If the weights are missing or another network's.
    """
    found = Shipped(name, side, out / INT8)
    source = out / "encoder.source"
    made_of = f"{name} {sha256(weights) if weights and weights.is_file() else weights} {side}"
    files = (out / PLAIN, out / FLOAT, out / INT8, source)
    if all(file.is_file() for file in files) and source.read_text(encoding="utf-8") == made_of:
        return found
    network = vgg16(weights) if name == "vgg16" else None
    arrays = read_arrays(_given(weights)) if network is None else {}
    squares = np.stack([to_square(photograph, side) for photograph in _spread(photographs(), 640)])
    if network is None:
        batches = np.split(squares, range(64, len(squares), 64))
        network = Plain.of_slim(calibrated(arrays, batches))
    _write(network, squares, side, out)
    source.write_text(made_of, encoding="utf-8")
    return found


def _given(weights: Path | None) -> Path:
    if weights is None:
        raise CheckpointError("vgg16-slim wants the weights that distil left: --weights FILE")
    return weights


def _write(network: Plain, squares: U8, side: int, out: Path) -> None:
    network.save(out / PLAIN)
    model = float_model(network, side)
    onnx.save(model, out / FLOAT)
    quantised(model, _spread(squares, 200), out / INT8)


def _spread(pixels: U8, count: int) -> U8:
    return pixels[:: max(1, len(pixels) // count)][:count]
