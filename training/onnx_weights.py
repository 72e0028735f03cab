"""Weights by their own names out of a BERT that was exported to ONNX, in eight bits or not."""

import io

import numpy as np
import onnx
from onnx import numpy_helper

from training.arrays import F32

PRODUCTS = ("MatMul", "MatMulInteger")
EIGHT_BITS, SCALE, ZERO = "_quantized", "_scale", "_zero_point"


def named_weights(raw: bytes) -> dict[str, F32]:
    """Give float32 weights as PyTorch names and lays them out: a matrix is (out, in).

    An export keeps the names of vectors and tables, and calls a matrix by a number; the node
    that multiplies by it stands where its layer did.

    Parameters
    ----------
    raw : bytes
        An ONNX file. Eight bits are scaled back: ``(number - zero_point) * scale``.

    Raises
    ------
    ValueError
        If it is no ONNX file.
    """
    try:
        graph = onnx.load(io.BytesIO(raw)).graph
    except Exception as damage:  # protobuf's own, which onnx does not name
        raise ValueError(f"no ONNX file: {damage}") from damage
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    weights = {name: array for name, array in stored.items() if array.dtype == np.float32}
    for name in [name for name in stored if name.endswith(EIGHT_BITS)]:
        whole = name.removesuffix(EIGHT_BITS)
        shifted = stored[name].astype(np.float32) - stored[whole + ZERO]
        weights[whole] = shifted * stored[whole + SCALE]
    for node in graph.node:
        matrix = weights.get(node.input[1].removesuffix(EIGHT_BITS)) if _multiplies(node) else None
        if matrix is not None:
            weights[".".join(node.name.split("/")[1:-1]) + ".weight"] = matrix.T
    return weights


def _multiplies(node: onnx.NodeProto) -> bool:
    return node.op_type in PRODUCTS
