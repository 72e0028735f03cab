"""The captioner in its own process: load, memory, and milliseconds a photograph.

Beside it, in the same run, the network it is a narrow copy of: VGG16's thirteen
convolutions at full width (random weights, which cost the same) in ONNX Runtime,
float32, without a decoder.

    python benchmarks/captioner.py [--photographs FOLDER] [--count 100] [--json]
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
LOADING = """
import time; began = time.perf_counter()
from captioner.vision import bundle
model = bundle.load(bundle.DEFAULT_BUNDLE)
print(time.perf_counter() - began)
"""
RESIDENT = """
import re, sys
import numpy as np
from pathlib import Path
from typing import Any
from captioner.vision import bundle
model = bundle.load(bundle.DEFAULT_BUNDLE)
for seed in range(20):
    model.describe(np.random.default_rng(seed).integers(0, 256, (480, 640, 3), dtype=np.uint8))
print(int(re.search(r"VmRSS:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024)
"""
FULL_WIDTH = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))

Photograph = npt.NDArray[np.uint8]


def main() -> None:
    """Measure and print."""
    options = _options()
    files = _files(options.photographs, options.count)
    ours, decoding = _captioner(files)
    run = _full_width()
    peer = _p50([run] * 10) if run else None
    found: dict[str, object] = {
        "load_s": round(min(_alone(LOADING) for _ in range(3)), 2),
        "resident_mb": round(_alone(RESIDENT)),
        "bundle_mb": round(_bundle_bytes() / 1e6, 1),
        "photographs": len(files),
        "decoding": decoding,
        "ms_p50": ours,
        "peer": "VGG16 without top, full width, float32, ONNX Runtime, 224 px, encoder only",
        "peer_ms_p50": peer,
        "times_faster": round(peer / ours, 1) if peer else None,
    }
    _show(found, options.json)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photographs", type=Path, help="folder; noise at 640 x 480 if not given")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _files(folder: Path | None, count: int) -> list[bytes]:
    if folder is not None:
        paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".jpg", ".jpeg", ".png"})
        return [path.read_bytes() for path in paths[:count]]
    return [_painted(seed) for seed in range(count)]


def _painted(seed: int) -> bytes:
    from PIL import Image  # noqa: PLC0415  (only where no photographs are given)

    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    content = BytesIO()
    Image.fromarray(coarse).resize((640, 480)).save(content, "JPEG", quality=88)
    return content.getvalue()


def _captioner(files: list[bytes]) -> tuple[float, str]:
    sys.path.insert(0, str(ROOT))
    from captioner.vision import bundle  # noqa: PLC0415  (its import is measured elsewhere)

    model = bundle.load(bundle.DEFAULT_BUNDLE, threads=2)
    decode, name = _decoder()
    for file in files[:3]:
        model.describe(decode(file))
    return _p50([partial(_described, model, decode, file) for file in files]), name


def _described(model: Any, decode: Callable[[bytes], Photograph], file: bytes) -> object:
    return model.describe(decode(file))


def _decoder() -> tuple[Callable[[bytes], Photograph], str]:
    try:
        from captioner.decoding import decode  # noqa: PLC0415  (absent while vision stands alone)
    except ImportError:
        return _pillow, "Pillow"
    return lambda file: decode(file, max_pixels=50_000_000).pixels, "captioner.decoding"


def _pillow(file: bytes) -> Photograph:
    from PIL import Image  # noqa: PLC0415

    return np.asarray(Image.open(BytesIO(file)).convert("RGB"))


def _full_width() -> Callable[[], object] | None:
    try:
        import onnx  # noqa: PLC0415  (the peer is optional)
        import onnxruntime as ort  # noqa: PLC0415
    except ImportError:
        return None
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    content = _network(onnx).SerializeToString()
    session = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    pixels = np.zeros((1, 3, 224, 224), np.float32)
    session.run(None, {"pixels": pixels})
    return lambda: session.run(None, {"pixels": pixels})


def _network(onnx: Any) -> Any:
    make, real = onnx.helper, onnx.TensorProto.FLOAT
    rng, nodes, weights, last, before = np.random.default_rng(1), [], [], "pixels", 3
    for block, (depth, width) in enumerate(FULL_WIDTH):
        for conv in range(depth):
            name = f"{block}.{conv}"
            kernel = rng.normal(0, 0.05, (width, before, 3, 3)).astype(np.float32)
            weights.append(onnx.numpy_helper.from_array(kernel, f"{name}.kernel"))
            nodes.append(make.make_node("Conv", [last, f"{name}.kernel"], [name], pads=[1] * 4))
            nodes.append(make.make_node("Relu", [name], [f"{name}.relu"]))
            last, before = f"{name}.relu", width
        nodes.append(
            make.make_node("MaxPool", [last], [f"{block}"], kernel_shape=[2, 2], strides=[2, 2])
        )
        last = f"{block}"
    shape_in = make.make_tensor_value_info("pixels", real, [1, 3, 224, 224])
    shape_out = make.make_tensor_value_info(last, real, [1, before, 7, 7])
    graph = make.make_graph(nodes, "full", [shape_in], [shape_out], weights)
    return make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=9)


def _p50(calls: list[Callable[[], object]]) -> float:
    spent = []
    for call in calls:
        began = time.perf_counter()
        call()
        spent.append(1000 * (time.perf_counter() - began))
    return round(float(np.median(spent)), 1)


def _alone(program: str) -> float:
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, text=True)
    return float(done.stdout)


def _bundle_bytes() -> int:
    return sum(file.stat().st_size for file in (ROOT / "captioner" / "bundle").iterdir())


def _show(found: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:14} {value}")


if __name__ == "__main__":
    main()
