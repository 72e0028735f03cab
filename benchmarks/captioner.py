"""What the captioner costs in a process of its own: load, memory, milliseconds a photograph.

``python -m benchmarks.captioner``

Beside it, in the same run, the network that its encoder is: VGG16's thirteen convolutions as
float32 (random weights, which cost the same) in ONNX Runtime, without a decoder; only where the
package onnx is installed (``requirements/train.lock``).
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from PIL import Image

from benchmarks.search.timing import timed
from captioner.vision.beam import WIDTH
from captioner.vision.bundle import DEFAULT_BUNDLE
from training.serving import MEASURED, WARMING, serving_cost

BLOCKS = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        photographs = [_painted(Path(folder), seed) for seed in range(MEASURED + WARMING)]
        found = serving_cost(DEFAULT_BUNDLE, photographs, WIDTH)
    if find_spec("onnx"):
        peer = _encoding_as_float32()
        found |= {"peer_ms_p50": peer, "times_faster": peer / (found["ms_p50"] or 1)}
    for name, value in found.items():
        print(f"{name:16} {'not known' if value is None else f'{value:.2f}'}")


def _painted(folder: Path, seed: int) -> Path:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    path = folder / f"{seed}.jpg"
    Image.fromarray(coarse).resize((640, 480)).save(path, quality=88)
    return path


def _encoding_as_float32() -> float:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    network = _network().SerializeToString()
    session = ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    pixels = {"pixels": np.zeros((1, 3, 224, 224), np.float32)}
    session.run(None, pixels)
    return timed(lambda _: session.run(None, pixels), 10)[0]


def _network() -> Any:
    import onnx  # noqa: PLC0415  (not of the environment of development)

    make, real = onnx.helper, onnx.TensorProto.FLOAT
    rng, nodes, weights, last, before = np.random.default_rng(1), [], [], "pixels", 3
    for block, (depth, width) in enumerate(BLOCKS):
        for conv in range(depth):
            name = f"{block}.{conv}"
            kernel = rng.normal(0, 0.05, (width, before, 3, 3)).astype(np.float32)
            weights.append(onnx.numpy_helper.from_array(kernel, f"{name}.kernel"))
            nodes.append(make.make_node("Conv", [last, f"{name}.kernel"], [name], pads=[1] * 4))
            nodes.append(make.make_node("Relu", [name], [f"{name}.relu"]))
            last, before = f"{name}.relu", width
        pool = {"kernel_shape": [2, 2], "strides": [2, 2]}
        nodes.append(make.make_node("MaxPool", [last], [f"{block}"], **pool))
        last = f"{block}"
    shape_in = make.make_tensor_value_info("pixels", real, [1, 3, 224, 224])
    shape_out = make.make_tensor_value_info(last, real, [1, before, 7, 7])
    graph = make.make_graph(nodes, "float32", [shape_in], [shape_out], weights)
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9)


if __name__ == "__main__":
    main()
