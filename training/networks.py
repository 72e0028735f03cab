"""Convolutional networks as lists of layers: one list serves TensorFlow and ONNX alike."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import tensorflow as tf

from training.arrays import F32, U8, Arrays, Tensor, read_arrays, save_arrays
from training.errors import CheckpointError

ACTIVATIONS = {"": tf.identity, "relu": tf.nn.relu, "relu6": tf.nn.relu6}
BATCH = 16
LAYERS = "layers"
SCALED = "scaled"
"""Name of what the first layer reads: pixels, scaled."""


@dataclass(frozen=True)
class Layer:
    """One step of a network.

    ``kind`` is ``conv`` (its arrays are ``NAME/kernel``, height, width, in, out, and
    ``NAME/bias``), ``depthwise`` (kernel height, width, channels, 1), ``add``, ``max_pool`` or
    ``average_pool`` (2 × 2, stride 2), or ``concat`` (of channels); ``inputs`` name layers before,
    or `SCALED`; ``activation`` is a key of `ACTIVATIONS`.
    """

    name: str
    kind: str
    inputs: tuple[str, ...]
    stride: int = 1
    activation: str = ""


@dataclass(frozen=True)
class Network:
    """Layers and weights; pixels 0..255, RGB, are scaled as (pixels - mean) / std.

    The map is what the last layer gives.
    """

    layers: tuple[Layer, ...]
    arrays: Mapping[str, F32] = field(repr=False)
    mean: F32
    std: float

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `save` wrote; raises `CheckpointError` where it is not that."""
        arrays = read_arrays(path)
        try:
            told = bytes(arrays.pop(LAYERS).astype(np.uint8)).decode()
            layers = [
                Layer(**{**each, "inputs": tuple(each["inputs"])}) for each in json.loads(told)
            ]
            mean, std = arrays.pop("mean"), float(arrays.pop("std"))
        except (KeyError, TypeError, ValueError) as damage:
            raise CheckpointError(f"{path} is not an encoder: {damage!r}") from damage
        return cls(tuple(layers), arrays, mean, std)

    def save(self, path: Path) -> None:
        """Write layers and weights, as float32, to one ``.npz``."""
        told = json.dumps([dataclasses.asdict(layer) for layer in self.layers]).encode()
        rest: Arrays = {
            "mean": self.mean,
            "std": np.asarray(self.std, np.float32),
            LAYERS: np.frombuffer(told, np.uint8).astype(np.float32),
        }
        save_arrays(path, {**self.arrays, **rest}, np.float32)

    @property
    def channels(self) -> int:
        """Of the map."""
        widths: dict[str, int] = {SCALED: 3}
        for layer in self.layers:
            before = [widths[name] for name in layer.inputs]
            bias = self.arrays.get(f"{layer.name}/bias")
            widths[layer.name] = sum(before) if layer.kind == "concat" else before[0]
            if bias is not None:
                widths[layer.name] = bias.size
        return widths[self.layers[-1].name]

    def outputs(self, pixels: Tensor, precision: Tensor = tf.float32) -> dict[str, Tensor]:
        """Give what each layer gives of float32 pixels (n, h, w, 3) in 0..255."""
        scaled = tf.cast((pixels - self.mean) / self.std, precision)
        weights = {name: tf.cast(array, precision) for name, array in self.arrays.items()}
        return applied(self.layers, weights, {SCALED: scaled})

    def maps(self, pixels: U8, precision: Tensor = tf.float32) -> F32:
        """Give the maps (n, h, w, c) of pixels uint8 (n, s, s, 3)."""
        last = self.layers[-1].name
        call = tf.function(
            lambda batch: tf.cast(self.outputs(batch, precision)[last], tf.float32),
            reduce_retracing=True,
            autograph=False,
        )
        found = [
            call(tf.constant(pixels[at : at + BATCH], tf.float32)).numpy()
            for at in range(0, len(pixels), BATCH)
        ]
        return np.concatenate(found)


def applied(
    layers: Sequence[Layer], weights: Mapping[str, Tensor], inputs: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """Give what each layer gives, by name; ``inputs`` has `SCALED`, or layers before."""
    found = dict(inputs)
    for layer in layers:
        found[layer.name] = _one(layer, weights, [found[name] for name in layer.inputs])
    return found


def _one(layer: Layer, weights: Mapping[str, Tensor], inputs: list[Tensor]) -> Tensor:
    x = inputs[0]
    match layer.kind:
        case "conv":
            x = tf.nn.conv2d(x, weights[f"{layer.name}/kernel"], layer.stride, "SAME")
        case "depthwise":
            strides = [1, layer.stride, layer.stride, 1]
            x = tf.nn.depthwise_conv2d(x, weights[f"{layer.name}/kernel"], strides, "SAME")
        case "add":
            return inputs[0] + inputs[1]
        case "max_pool":
            return tf.nn.max_pool2d(x, 2, 2, "VALID")
        case "average_pool":
            return tf.nn.avg_pool2d(x, 2, 2, "VALID")
        case "concat":
            return tf.concat(inputs, -1)
    return ACTIVATIONS[layer.activation](x + weights[f"{layer.name}/bias"])


CPU_FLAGS = ("avx512_bf16", "amx_bf16")
CPU_INFO = Path("/proc/cpuinfo")


def precisions(cpu_info: Path = CPU_INFO) -> dict[str, Tensor]:
    """Give the formats by name; ``auto`` is bfloat16 where the machine multiplies it natively."""
    native = bool(tf.config.list_physical_devices("GPU")) or _multiplies_bfloat16(cpu_info)
    return {
        "auto": tf.bfloat16 if native else tf.float32,
        "float32": tf.float32,
        "bfloat16": tf.bfloat16,
    }


def _multiplies_bfloat16(cpu_info: Path) -> bool:
    if not cpu_info.is_file():
        return False
    flags = cpu_info.read_text(encoding="utf-8").split()
    return any(flag in flags for flag in CPU_FLAGS)
