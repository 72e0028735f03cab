"""Weights out of ONNX files, in eight bits or not: of a bundle's encoder, of an exported BERT."""

import io
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from training.arrays import F32, Arrays, read_arrays
from training.errors import CheckpointError

PRODUCTS = ("MatMul", "MatMulInteger")
EIGHT_BITS, SCALE, ZERO = "_quantized", "_scale", "_zero_point"


def read_encoder(path: Path) -> Arrays:
    """Read kernels, biases and heads: of an ``.npz``, or of a bundle's folder.

    A bundle has eight bits a weight; a few hundred steps make up for what that took. It keeps no
    head but the labels'. Raises `CheckpointError` if it is missing or no encoder.
    """
    if not path.is_dir():
        return read_arrays(path)
    file = path / "encoder.onnx"
    if not file.is_file():
        raise CheckpointError(f"no bundle in {path}: it has no {file.name}")
    _, stored = _read(file.read_bytes(), str(file))
    names = {name.removesuffix(EIGHT_BITS) for name in stored}
    kernels = {
        # (height, width, in, out) of (out, in, height, width), each output scaled by its own
        name: np.ascontiguousarray(_real(stored, name, name + SCALE).transpose(2, 3, 1, 0))
        for name in names
        if name.endswith("/kernel")
    }
    biases = {
        name: _real(stored, name, name + EIGHT_BITS + SCALE)
        for name in names
        if name.endswith("/bias")
    }
    return {**kernels, **biases, **read_arrays(path / "labels.npz")}


def named_weights(raw: bytes) -> dict[str, F32]:
    """Give float32 weights of an ONNX file as PyTorch lays them out, (out, in), by its names.

    An export keeps the names of vectors and tables, and calls a matrix by a number; the node
    that multiplies by it stands where its layer did. Eight bits are scaled back:
    ``(number - zero_point) * scale``. Raises `CheckpointError` if it is no ONNX file.
    """
    graph, stored = _read(raw, "the model")
    weights = {name: array for name, array in stored.items() if array.dtype == np.float32}
    for name in [name for name in stored if name.endswith(EIGHT_BITS)]:
        whole = name.removesuffix(EIGHT_BITS)
        shifted = stored[name].astype(np.float32) - stored[whole + ZERO]
        weights[whole] = shifted * stored[whole + SCALE]
    for node in graph.node:
        multiplies = node.op_type in PRODUCTS
        matrix = weights.get(node.input[1].removesuffix(EIGHT_BITS)) if multiplies else None
        if matrix is not None:
            weights[".".join(node.name.split("/")[1:-1]) + ".weight"] = matrix.T
    return weights


def _read(raw: bytes, name: str) -> tuple[onnx.GraphProto, Arrays]:
    try:
        graph = onnx.load(io.BytesIO(raw)).graph
    except Exception as damage:  # protobuf's own, which onnx does not name
        raise CheckpointError(f"no ONNX file: {name}: {damage}") from damage
    return graph, {one.name: numpy_helper.to_array(one) for one in graph.initializer}


def _real(stored: Arrays, name: str, scale: str) -> F32:
    if name in stored:
        return np.asarray(stored[name], np.float32)
    whole = stored[f"{name}{EIGHT_BITS}"]
    each = np.reshape(stored[scale], (-1, *[1] * (whole.ndim - 1)))
    return np.asarray(whole * each, np.float32)
