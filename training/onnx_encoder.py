"""The encoder as an ONNX file: float, and quantised to eight bits."""

from __future__ import annotations

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

from training.arrays import U8, Tensor
from training.plain import Plain
from training.slim import BLOCKS

__all__ = ["float_model", "quantised"]

OPSET, IR = 17, 9


def float_model(plain: Plain, side: int) -> onnx.ModelProto:
    """Build the network: uint8 (1, s, s, 3) to float32 (1, s/32, s/32, c)."""
    nodes, weights, last = _normalised(plain)
    for block, depth in enumerate(BLOCKS, 1):
        for conv in range(1, depth + 1):
            name = f"block{block}_conv{conv}"
            kernel = plain.arrays[f"{name}/kernel"].transpose(3, 2, 0, 1)
            weights.append(_tensor(f"{name}/kernel", kernel))
            weights.append(_tensor(f"{name}/bias", plain.arrays[f"{name}/bias"]))
            nodes += _convolution(last, name)
            last = f"{name}/relu"
        pool = f"block{block}_pool"
        nodes.append(
            helper.make_node("MaxPool", [last], [pool], kernel_shape=[2, 2], strides=[2, 2])
        )
        last = pool
    if plain.stacked:
        nodes += _stacked("block4_pool", last)
        last = "stacked"
    nodes.append(helper.make_node("Transpose", [last], ["map"], perm=[0, 2, 3, 1]))
    return _model(nodes, weights, side, plain.channels)


def _normalised(plain: Plain) -> tuple[list[Tensor], list[Tensor], str]:
    nodes = [
        helper.make_node("Cast", ["pixels"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("Sub", ["real", "mean"], ["centred"]),
        helper.make_node("Mul", ["centred", "scale"], ["scaled"]),
        helper.make_node("Transpose", ["scaled"], ["channels_first"], perm=[0, 3, 1, 2]),
    ]
    weights = [_tensor("mean", plain.mean), _tensor("scale", np.float32(1 / plain.std))]
    return nodes, weights, "channels_first"


def _convolution(before: str, name: str) -> list[Tensor]:
    return [
        helper.make_node(
            "Conv", [before, f"{name}/kernel", f"{name}/bias"], [name], pads=[1, 1, 1, 1]
        ),
        helper.make_node("Relu", [name], [f"{name}/relu"]),
    ]


def _stacked(fourth: str, fifth: str) -> list[Tensor]:
    """As `training.slim.stacked`."""
    halves = {"kernel_shape": [2, 2], "strides": [2, 2]}
    return [
        helper.make_node("AveragePool", [fourth], ["averaged"], **halves),
        helper.make_node("Concat", ["averaged", fifth], ["stacked"], axis=1),
    ]


def _tensor(name: str, value: Tensor) -> Tensor:
    return numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)


def _model(nodes: list[Tensor], weights: list[Tensor], side: int, channels: int) -> onnx.ModelProto:
    pixels = helper.make_tensor_value_info("pixels", TensorProto.UINT8, [1, side, side, 3])
    cells = side // 32
    map_ = helper.make_tensor_value_info("map", TensorProto.FLOAT, [1, cells, cells, channels])
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
    """Write the network with eight-bit weights and activations.

    Parameters
    ----------
    model : onnx.ModelProto
        From `float_model`.
    calibration : uint8 (n, side, side, 3)
        Training photographs that the activations' ranges are taken from.
    out : Path

    Notes
    -----
    Weights take seven bits' range: processors without VNNI add two products in
    16 bits and would overflow (ONNX Runtime, *Quantize ONNX models*).
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
            op_types_to_quantize=["Conv", "MaxPool"],
        )
