"""ONNX files: an encoder written, in float and in eight bits; weights read, in either."""

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from training.arrays import F32, U8, Arrays, Tensor, read_arrays
from training.errors import CheckpointError
from training.networks import Layer, Network

OPSET, IR = 17, 9
EIGHT_BITS = ("Conv", "MaxPool", "Add")
PRODUCTS = ("MatMul", "MatMulInteger")
QUANTIZED, SCALE, ZERO = "_quantized", "_scale", "_zero_point"


def float_model(network: Network, side: int) -> onnx.ModelProto:
    """Build the network: uint8 (1, s, s, 3) to float32 (1, s/32, s/32, c)."""
    nodes, weights = _scaled(network)
    for layer in network.layers:
        nodes += _nodes(layer)
        if layer.kind in ("conv", "depthwise"):
            # ONNX has (out, in, h, w); a depthwise kernel is (channels, 1, h, w).
            order = (2, 3, 0, 1) if layer.kind == "depthwise" else (3, 2, 0, 1)
            kernel = network.arrays[f"{layer.name}/kernel"].transpose(order)
            weights.append(_tensor(f"{layer.name}/kernel", kernel))
            weights.append(_tensor(f"{layer.name}/bias", network.arrays[f"{layer.name}/bias"]))
            if layer.kind == "depthwise":
                nodes[-2 if layer.activation else -1].attribute.append(
                    helper.make_attribute("group", len(kernel))
                )
    if any(layer.activation == "relu6" for layer in network.layers):
        weights += [_tensor("zero", np.float32(0)), _tensor("six", np.float32(6))]
    last = network.layers[-1].name
    nodes.append(helper.make_node("Transpose", [last], ["map"], perm=[0, 2, 3, 1]))
    return _model(nodes, weights, side, network.channels)


def _scaled(network: Network) -> tuple[list[Tensor], list[Tensor]]:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["real", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["channels_last"]),
        helper.make_node("Transpose", ["channels_last"], ["scaled"], perm=[0, 3, 1, 2]),
    ]
    return nodes, [_tensor("mean", network.mean), _tensor("scale", np.float32(1 / network.std))]


def _nodes(layer: Layer) -> list[Tensor]:
    inputs, halves = list(layer.inputs), {"kernel_shape": [2, 2], "strides": [2, 2]}
    match layer.kind:
        case "max_pool":
            return [helper.make_node("MaxPool", inputs, [layer.name], **halves)]
        case "average_pool":
            return [helper.make_node("AveragePool", inputs, [layer.name], **halves)]
        case "add":
            return [helper.make_node("Add", inputs, [layer.name])]
        case "concat":
            return [helper.make_node("Concat", inputs, [layer.name], axis=1)]
    given = [*inputs, f"{layer.name}/kernel", f"{layer.name}/bias"]
    said = f"{layer.name}/linear" if layer.activation else layer.name
    settings = {"auto_pad": "SAME_UPPER", "strides": [layer.stride] * 2}
    nodes = [helper.make_node("Conv", given, [said], **settings)]
    if layer.activation == "relu":
        nodes.append(helper.make_node("Relu", [said], [layer.name]))
    if layer.activation == "relu6":
        nodes.append(helper.make_node("Clip", [said, "zero", "six"], [layer.name]))
    return nodes


def _tensor(name: str, value: Tensor) -> Tensor:
    return numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)


def _model(nodes: list[Tensor], weights: list[Tensor], side: int, channels: int) -> onnx.ModelProto:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, side, side, 3])
    cells = side // 32
    shape = [1, cells, cells, channels]
    map_ = helper.make_tensor_value_info("map", TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "encoder", [pixels], [map_], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    onnx.checker.check_model(model)
    return model


class _Photographs(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, pixels: U8) -> None:
        self._each: Iterator[U8] = iter(pixels)

    def get_next(self) -> dict[str, U8] | None:
        photograph = next(self._each, None)
        return None if photograph is None else {"pixels": photograph[None]}


def quantised(model: onnx.ModelProto, calibration: U8, out: Path) -> None:
    """Write a network of `float_model` with eight-bit weights and activations.

    ``calibration`` are training photographs uint8 (n, side, side, 3) that the activations' ranges
    are taken from. Weights take seven bits' range: processors without VNNI add two products in 16
    bits and would overflow (ONNX Runtime, *Quantize ONNX models*).
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        plain, ready = Path(folder, "plain.onnx"), Path(folder, "ready.onnx")
        onnx.save(model, plain)
        quant_pre_process(plain, ready)
        quantize_static(
            ready,
            out,
            _Photographs(calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=list(EIGHT_BITS),
        )


def read_encoder(path: Path) -> Arrays:
    """Read kernels, biases and heads: of an ``.npz``, or of a bundle's folder, in eight bits.

    A few hundred steps make up for what those took. A bundle keeps no head but the labels'. Raises
    `CheckpointError` if it is missing or no encoder.
    """
    if not path.is_dir():
        return read_arrays(path)
    file = path / "encoder.onnx"
    if not file.is_file():
        raise CheckpointError(f"no bundle in {path}: it has no {file.name}")
    _, stored = _loaded(file.read_bytes(), str(file))
    names = {name.removesuffix(QUANTIZED) for name in stored}
    kernels = {
        # (height, width, in, out) of (out, in, height, width), each output scaled by its own
        name: np.ascontiguousarray(_real(stored, name, name + SCALE).transpose(2, 3, 1, 0))
        for name in names
        if name.endswith("/kernel")
    }
    biases = {
        name: _real(stored, name, name + QUANTIZED + SCALE)
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
    graph, stored = _loaded(raw, "the model")
    weights = {name: array for name, array in stored.items() if array.dtype == np.float32}
    for name in [name for name in stored if name.endswith(QUANTIZED)]:
        whole = name.removesuffix(QUANTIZED)
        shifted = stored[name].astype(np.float32) - stored[whole + ZERO]
        weights[whole] = shifted * stored[whole + SCALE]
    for node in graph.node:
        multiplies = node.op_type in PRODUCTS
        matrix = weights.get(node.input[1].removesuffix(QUANTIZED)) if multiplies else None
        if matrix is not None:
            weights[".".join(node.name.split("/")[1:-1]) + ".weight"] = matrix.T
    return weights


def _loaded(raw: bytes, name: str) -> tuple[onnx.GraphProto, Arrays]:
    try:
        graph = onnx.load(io.BytesIO(raw)).graph
    except Exception as damage:  # protobuf's own, which onnx does not name
        raise CheckpointError(f"no ONNX file: {name}: {damage}") from damage
    return graph, {one.name: numpy_helper.to_array(one) for one in graph.initializer}


def _real(stored: Arrays, name: str, scale: str) -> F32:
    if name in stored:
        return np.asarray(stored[name], np.float32)
    whole = stored[f"{name}{QUANTIZED}"]
    each = np.reshape(stored[scale], (-1, *[1] * (whole.ndim - 1)))
    return np.asarray(whole * each, np.float32)
