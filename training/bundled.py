"""The encoder of a bundle as weights to go on training from."""

from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from training.arrays import F32, Arrays, read_arrays
from training.errors import CheckpointError

INT8 = "_quantized"


def read_encoder(path: Path) -> Arrays:
    """Read kernels, biases and heads: of an ``.npz``, or of a bundle's folder.

    A bundle has eight bits a weight; a few hundred steps make up for what that took. It keeps no
    head but the labels'.

    Raises
    ------
    CheckpointError
        If it is missing or no encoder.
    """
    if not path.is_dir():
        return read_arrays(path)
    file = path / "encoder.onnx"
    if not file.is_file():
        raise CheckpointError(f"no bundle in {path}: it has no {file.name}")
    try:
        graph = onnx.load(file).graph
    except Exception as damage:  # protobuf's own, which onnx does not name
        raise CheckpointError(f"{file} is no ONNX file: {damage}") from damage
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    named = {name.removesuffix(INT8) for name in stored if name.removesuffix(INT8)[-5:] != "_scale"}
    kernels = {n: _kernel(stored, n) for n in named if n.endswith("/kernel")}
    biases = {n: _real(stored, n, f"{n}{INT8}_scale") for n in named if n.endswith("/bias")}
    return {**kernels, **biases, **read_arrays(path / "labels.npz")}


def _kernel(stored: Arrays, name: str) -> F32:
    """Give (height, width, in, out) of (out, in, height, width), each output scaled by its own."""
    return np.ascontiguousarray(_real(stored, name, f"{name}_scale").transpose(2, 3, 1, 0))


def _real(stored: Arrays, name: str, scale: str) -> F32:
    if name in stored:
        return np.asarray(stored[name], np.float32)
    whole = stored[f"{name}{INT8}"]
    each = np.reshape(stored[scale], (-1, *[1] * (whole.ndim - 1)))
    return np.asarray(whole * each, np.float32)
