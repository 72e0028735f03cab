"""What serving a bundle costs: ``python -m training.serving BUNDLE BEAM PHOTOGRAPH...``.

In a process that does nothing else. Milliseconds are of one photograph at a time, from the bytes
of its file to its captions, with two threads; memory is the most the process ever held.
"""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from training.errors import TrainingError

ROOT = Path(__file__).resolve().parent.parent
MEASURED = 60
"""Photographs timed; the first few more warm up."""
WARMING = 3


def serving_cost(bundle: Path, photographs: Sequence[Path], beam: int) -> dict[str, float]:
    """Measure a bundle on the first photographs.

    Gives ``load_s`` (imports of the captioner included), ``ms_p50``, ``ms_p95``, ``peak_mb``,
    ``bundle_mb``, and ``others_running``: how many other threads wanted the processors meanwhile
    (median), without which times say little. Raises `TrainingError` if the process fails.
    """
    some = [str(path.resolve()) for path in photographs[: MEASURED + WARMING]]
    command = [sys.executable, "-m", "training.serving", str(bundle.resolve()), str(beam), *some]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode:
        raise TrainingError(f"measuring the bundle failed: {done.stderr.strip()[-500:]}")
    measured: dict[str, float] = json.loads(done.stdout)
    size = sum(file.stat().st_size for file in bundle.iterdir())
    return measured | {"bundle_mb": round(size / 1e6, 1)}


def _measured(bundle: Path, beam: int, photographs: Sequence[Path]) -> dict[str, float]:
    began = time.perf_counter()
    from captioner.vision.bundle import load  # noqa: PLC0415  (its import is measured)

    model = load(bundle, threads=2)
    loaded = time.perf_counter() - began
    import numpy as np  # noqa: PLC0415  (belongs to the import measured)
    from PIL import Image  # noqa: PLC0415  (likewise not before)

    spent, running = [], []
    for content in [path.read_bytes() for path in photographs]:
        began = time.perf_counter()
        model.describe(np.asarray(Image.open(BytesIO(content)).convert("RGB")), beam=beam)
        spent.append(1000 * (time.perf_counter() - began))
        running.append(_others_running())
    timed = spent[WARMING:] or spent
    return {
        "load_s": round(loaded, 2),
        "ms_p50": round(float(np.median(timed)), 1),
        "ms_p95": round(float(np.quantile(timed, 0.95)), 1),
        "peak_mb": _peak_mb(),
        "others_running": float(np.median(running)),
    }


def _peak_mb() -> int:
    # Not getrusage, which begins at what the parent held.
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024)


def _others_running() -> int:
    # The fourth field: threads that run or could, this one among them.
    return int(Path("/proc/loadavg").read_text(encoding="ascii").split()[3].partition("/")[0]) - 1


if __name__ == "__main__":
    folder, width, *files = sys.argv[1:]
    print(json.dumps(_measured(Path(folder), int(width), [Path(file) for file in files])))
