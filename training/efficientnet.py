"""EfficientNet-Lite2, trained on ImageNet: a teacher, and an encoder of its own.

Tan and Le 2019 (arXiv 1905.11946), without squeeze-and-excitation and with ReLU6, as its
authors' "EfficientNet-Lite": 77.5 % top-1 at 260 pixels.
"""

from collections.abc import Iterator, Mapping

import numpy as np

from training.arrays import F32, Arrays
from training.errors import CheckpointError
from training.networks import SCALED, Layer, Network

SIDE = 256
FEATURES = "head"
LOGITS = ("logits/kernel", "logits/bias")
EPSILON = 1e-3
PIXEL_MEAN, PIXEL_STD = 127.0, 128.0
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))
"""(blocks at depth 1.0, stride of the first) of each stage; first and last are not deepened."""
DEPTH = 1.2


def _blocks() -> Iterator[tuple[int, bool]]:
    """Give each block's stride, and whether it is its stage's first, whose output is wider."""
    for number, (blocks, stride) in enumerate(STAGES):
        inner = 0 < number < len(STAGES) - 1
        yield stride, True
        yield from [(1, False)] * ((int(np.ceil(blocks * DEPTH)) if inner else blocks) - 1)


def layers() -> tuple[Layer, ...]:
    """Give the network's layers up to the map, float32 (n, s / 32, s / 32, 1280)."""
    return tuple(_layers())


def _layers() -> Iterator[Layer]:
    yield Layer("stem", "conv", (SCALED,), 2, "relu6")
    last = "stem"
    for number, (stride, widens) in enumerate(_blocks()):
        before, name = last, f"block{number}"
        if number:
            yield Layer(f"{name}/expand", "conv", (last,), 1, "relu6")
            last = f"{name}/expand"
        yield Layer(f"{name}/depthwise", "depthwise", (last,), stride, "relu6")
        yield Layer(f"{name}/project", "conv", (f"{name}/depthwise",))
        last = f"{name}/project"
        if not widens:
            yield Layer(f"{name}/sum", "add", (before, last))
            last = f"{name}/sum"
    yield Layer(FEATURES, "conv", (last,), 1, "relu6")


def folded(tensors: Mapping[str, F32]) -> Arrays:
    """Give kernels and biases by this module's names, batch norm folded in, of the package's.

    Its kernels are (out, in, height, width). Raises `CheckpointError` where one is missing.
    """
    try:
        found = dict(_folded(tensors))
        found[LOGITS[0]], found[LOGITS[1]] = tensors["_fc.weight"].T, tensors["_fc.bias"]
    except KeyError as missing:
        raise CheckpointError(f"the weights of EfficientNet-Lite2 lack {missing}") from missing
    return {name: np.asarray(array, np.float32) for name, array in found.items()}


def _folded(tensors: Mapping[str, F32]) -> Iterator[tuple[str, F32]]:
    for layer in layers():
        if layer.kind not in ("conv", "depthwise"):
            continue
        conv, norm = _named(layer.name)
        scale = tensors[f"{norm}.weight"] / np.sqrt(tensors[f"{norm}.running_var"] + EPSILON)
        kernel = tensors[f"{conv}.weight"] * scale[:, None, None, None]
        order = (2, 3, 0, 1) if layer.kind == "depthwise" else (2, 3, 1, 0)
        yield f"{layer.name}/kernel", kernel.transpose(order)
        yield (
            f"{layer.name}/bias",
            tensors[f"{norm}.bias"] - tensors[f"{norm}.running_mean"] * scale,
        )


def _named(name: str) -> tuple[str, str]:
    """Give the package's names of a layer's convolution and of its batch norm."""
    if name in ("stem", FEATURES):
        return ("_conv_stem", "_bn0") if name == "stem" else ("_conv_head", "_bn1")
    block, part = name.split("/")
    at = f"_blocks.{block.removeprefix('block')}"
    norm = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}[part]
    return f"{at}._{part}_conv", f"{at}.{norm}"


def efficientnet_lite2(arrays: Mapping[str, F32]) -> Network:
    """Give the network up to its map."""
    mean = np.full(3, PIXEL_MEAN, np.float32)
    own = {name: array for name, array in arrays.items() if name not in LOGITS}
    return Network(layers(), own, mean, PIXEL_STD)
