"""Milliseconds of one photograph: decoded, and decoded and captioned.

``compared`` starts this file as a program for this checkout and for another, which need not have it.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

PHOTOGRAPHS, WARMING = 100, 10
ROOT = Path(__file__).resolve().parents[2]


def compared(folder: Path, other: Path | None, rounds: int) -> None:
    """Print the median of all rounds and, where there are two, how the medians of a round compare."""
    checkouts = [ROOT, other.resolve()] if other else [ROOT]
    turns = [[_measured(checkout, folder) for checkout in checkouts] for _ in range(rounds)]
    for step in turns[0][0]:
        sides = list(zip(*([side[step] for side in turn] for turn in turns), strict=True))
        told = ", before: ".join(f"{statistics.median(side):.2f}" for side in sides)
        print(f"{step:32}{told}{_ratio(*sides)}")


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
    from captioner.decoding import decode  # noqa: PLC0415  (of the checkout that is measured)
    from captioner.vision.bundle import DEFAULT_BUNDLE, load  # noqa: PLC0415

    describe = load(DEFAULT_BUNDLE).describe
    files = sorted(folder.glob("*.jpg"))[: WARMING + PHOTOGRAPHS]
    taken = []
    for data in [file.read_bytes() for file in files]:
        decoding = _ms(lambda data=data: decode(data, max_pixels=50_000_000))
        both = _ms(lambda data=data: describe(decode(data, max_pixels=50_000_000).pixels))
        taken.append((*decoding, *both))
    columns = zip(*taken[WARMING:], strict=True)
    names = [f"{step}, ms of {clock}" for step in STEPS for clock in CLOCKS]
    print(json.dumps(dict(zip(names, map(statistics.median, columns), strict=True))))


STEPS = ("decode", "decode and caption")
CLOCKS = {"the clock": time.perf_counter, "processors": time.process_time}


def _ms(call: Callable[[], object]) -> list[float]:
    begun = [clock() for clock in CLOCKS.values()]
    call()
    ended = [clock() for clock in CLOCKS.values()]
    return [1_000 * (end - begin) for begin, end in zip(begun, ended, strict=True)]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
