"""Times and memory of calls; rows of times as JSON lines, which `benchmarks.plot` draws."""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

Told = TypeVar("Told")
Times = tuple[float, float, float, float]
Costs = Mapping[str, float]
Series = dict[str, dict[int, float]]

BARS: Mapping[str, Mapping[int, float]] = {
    "text": {100_000: 10, 1_000_000: 20},
    "attributes": {100_000: 8, 1_000_000: 15},
    "image": {100_000: 4, 1_000_000: 10},
    "fused": {100_000: 18, 1_000_000: 35},
}  # own p95 in ms: what the embedded engine and OpenSearch must reach


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of query at one size; times in milliseconds.

    Attributes
    ----------
    own_p50, own_p95
        The processor's, which a busy machine does not lengthen as it does the clock's; of a
        server what it says it took.
    prototype_p50
        What the prototype's way would take of the processor's own time for so many.
    """

    engine: str
    images: int
    query: str
    p50: float
    p95: float
    own_p50: float
    own_p95: float
    prototype_p50: float | None = None


def timed(call: Callable[[int], object], turns: int) -> Times:
    """Return median and 95th percentile of a call's milliseconds: the clock's, and its own."""
    taken = [both_ms(call, turn) for turn in range(turns)]
    sides = ([one[side] for one in taken] for side in (0, 1))
    clock, own = ((statistics.median(times), percentile_95(times)) for times in sides)
    return (*clock, *own)


def both_ms(call: Callable[..., object], *values: object) -> tuple[float, float]:
    """Return a call's milliseconds by the clock and of this thread's own processor time."""
    begin, own = time.perf_counter(), time.thread_time()
    call(*values)
    return 1_000 * (time.perf_counter() - begin), 1_000 * (time.thread_time() - own)


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile; of a single value, that."""
    return statistics.quantiles([*values, *values], n=20, method="inclusive")[-1]


def alone(task: Callable[..., Told], *values: object) -> Told:
    """Return what a function of a module returns in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *values).result()


def kilobytes(name: str, process: int | str = "self") -> int:
    """Return what the kernel says of a process: ``VmRSS`` now, ``VmHWM`` at its peak."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def append(file: Path, engine: str, images: int, rows: Iterable[Row], costs: Costs) -> None:
    """Add the rows of one size, and its costs, to a file of JSON lines."""
    lines = [*map(asdict, rows), {"engine": engine, "images": images, "costs": dict(costs)}]
    with file.open("a") as opened:
        opened.writelines(json.dumps(line) + "\n" for line in lines)


def read(file: Path) -> Mapping[str, Series]:
    """Return 95th percentiles of own time by kind of query, engine and number of photographs.

    Of two lines for one point the last counts; lines of costs are passed over.
    """
    found: dict[str, Series] = defaultdict(lambda: defaultdict(dict))
    for line in file.read_text().splitlines():
        row: Mapping[str, Any] = json.loads(line)
        if "query" in row:
            series = found[row["query"]]
            series[row["engine"]][row["images"]] = row["own_p95"]
            if row.get("prototype_p50") is not None:
                series["prototype"][row["images"]] = row["prototype_p50"]
    return found


def table(rows: Iterable[Row]) -> str:
    """Return the rows for a person to read."""
    times = "p50 ms", "p95 ms", "own p50", "own p95"
    lines = [f"{'images':>9}  {'query':<24}{''.join(f'{name:>9}' for name in times)}"]
    lines[0] += f"{'~prototype ms':>15}{'ratio':>9}"
    for row in rows:
        told = "".join(f"{time:9.2f}" for time in (row.p50, row.p95, row.own_p50, row.own_p95))
        way = row.prototype_p50
        beside = "" if way is None else f"{way:15,.0f}{way / row.own_p50:8,.0f}x"
        lines.append(f"{row.images:9,}  {row.query:<24}{told}{beside}")
    return "\n".join(lines)
