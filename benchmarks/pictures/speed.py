"""Milliseconds of one photograph: decoded, and decoded and captioned.

``compared`` starts this file as a program, also for a checkout that does not have it.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

PHOTOGRAPHS, WARMING = 100, 10
Step = Callable[[bytes], object]
CLOCKS = {"the clock": time.perf_counter, "processors": time.process_time}
ROOT = Path(__file__).resolve().parents[2]


def compared(folder: Path, other: Path | None, rounds: int) -> None:
    """Print the median of all rounds, and the ratio of two checkouts round by round."""
    checkouts = [ROOT, other.resolve()] if other else [ROOT]
    turns = [[_measured(checkout, folder) for checkout in checkouts] for _ in range(rounds)]
    for step in turns[0][0]:
        sides = list(zip(*([side[step] for side in turn] for turn in turns), strict=True))
        told = ", before: ".join(f"{statistics.median(side):.2f}" for side in sides)
        print(f"{step:38}{told}{_ratio(*sides)}")


def _ratio(after: tuple[float, ...], before: tuple[float, ...] = ()) -> str:
    ratios = [one / other for one, other in zip(after, before, strict=False)]
    if not ratios:
        return ""
    return f"; ratio {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})"


def _measured(checkout: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, __file__, str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    told = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE).stdout
    measured: dict[str, float] = json.loads(told)
    return measured


def main(folder: Path) -> None:
    """Print the medians of this process, in milliseconds."""
    from captioner.vision.bundle import DEFAULT_BUNDLE, load  # noqa: PLC0415  (of the checkout)

    describe = load(DEFAULT_BUNDLE).describe
    decoded = _decoding()
    files = [file.read_bytes() for file in sorted(folder.glob("*.jpg"))[: WARMING + PHOTOGRAPHS]]
    steps: Mapping[str, Step] = {
        "decode": decoded,
        "decode and caption": lambda data: describe(decoded(data).pixels),
    }
    found: dict[str, float] = {}
    for name, step in steps.items():
        taken = [_ms(step, data) for data in files][WARMING:]
        medians = map(statistics.median, zip(*taken, strict=True))
        found |= {f"{name}, ms of {clock}": ms for clock, ms in zip(CLOCKS, medians, strict=True)}
    print(json.dumps(found))


def _decoding() -> Callable[[bytes], Any]:
    """Return what decodes: a process of its own, or this one in checkouts from before it."""
    try:
        from captioner.isolation import IsolatedReader  # noqa: PLC0415
    except ImportError:
        from captioner.decoding import decode  # noqa: PLC0415

        return partial(decode, max_pixels=50_000_000)
    return IsolatedReader(max_pixels=50_000_000)


def _ms(step: Step, data: bytes) -> list[float]:
    begun = [clock() for clock in CLOCKS.values()]
    step(data)
    ended = [clock() for clock in CLOCKS.values()]
    return [1_000 * (end - begin) for begin, end in zip(begun, ended, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
