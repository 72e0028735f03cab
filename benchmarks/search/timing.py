"""Times of calls, and rows of them: one JSON object a line, which `benchmarks.plot` draws."""

import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Times = tuple[float, float, float, float]
Costs = Mapping[str, float]
Series = dict[str, dict[int, float]]


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of query at one size; times in milliseconds.

    Attributes
    ----------
    own_p50, own_p95
        The processor's, which a busy machine does not lengthen as it does the clock's; of a
        server what it says it took.
    prototype_p50
        What the prototype's way takes for so many of the processor's own time, measured or, where
        so said, extrapolated.
    """

    engine: str
    images: int
    query: str
    p50: float
    p95: float
    own_p50: float
    own_p95: float
    prototype_p50: float | None = None
    is_extrapolated: bool = False

    @property
    def ratio(self) -> float | None:
        """How many times longer the prototype's way takes."""
        return None if self.prototype_p50 is None else self.prototype_p50 / self.own_p50


def timed(call: Callable[[int], object], turns: int) -> Times:
    """Return median and 95th percentile of a call's milliseconds: the clock's, and its own."""
    taken, own = [], []
    for turn in range(turns):
        begin, begin_own = time.perf_counter(), time.thread_time()
        call(turn)
        taken.append((time.perf_counter() - begin) * 1_000)
        own.append((time.thread_time() - begin_own) * 1_000)
    found = [(statistics.median(times), percentile_95(times)) for times in (taken, own)]
    return (*found[0], *found[1])


def percentile_95(values: Sequence[float]) -> float:
    """Return the 95th percentile; of a single value, that."""
    return statistics.quantiles([*values, *values], n=20, method="inclusive")[-1]


def append(file: Path, engine: str, images: int, rows: Iterable[Row], costs: Costs) -> None:
    """Add the rows of one size, and its costs, to a file of JSON lines."""
    lines: list[Mapping[str, object]] = [asdict(row) | {"ratio": row.ratio} for row in rows]
    lines.append({"engine": engine, "images": images, "costs": dict(costs)})
    with file.open("a") as opened:
        opened.writelines(json.dumps(line) + "\n" for line in lines)


def read(files: Iterable[Path]) -> Mapping[str, Series]:
    """Return 95th percentiles of own time by kind of query, engine and number of photographs.

    A line holds ``engine``, ``images``, ``query``, ``own_p95`` (or ``p95`` where only the clock's
    is known) and, where there is one, ``prototype_p50``; lines without a ``query`` are passed
    over, and of two lines for one point the last counts.
    """
    found: dict[str, Series] = defaultdict(lambda: defaultdict(dict))
    for file in files:
        for line in file.read_text().splitlines():
            row: Mapping[str, Any] = json.loads(line)
            if "query" in row:
                series = found[row["query"]]
                series[row["engine"]][row["images"]] = row.get("own_p95", row.get("p95"))
                if row.get("prototype_p50") is not None:
                    series["prototype"][row["images"]] = row["prototype_p50"]
    return found


def table(rows: Iterable[Row]) -> str:
    """Return the rows for a person to read."""
    heads = (
        f"{'p50 ms':>9}{'p95 ms':>9}{'own p50':>9}{'own p95':>9}{'prototype ms':>15}{'ratio':>9}"
    )
    lines = [f"{'images':>9}  {'query':<24}{heads}"]
    for row in rows:
        times = (row.p50, row.p95, row.own_p50, row.own_p95)
        told = "".join(f"{time:9.2f}" for time in times)
        lines.append(f"{row.images:9,}  {row.query:<24}{told}{_way(row)}")
    return "\n".join(lines)


def _way(row: Row) -> str:
    if row.prototype_p50 is None or row.ratio is None:
        return ""
    return f"{'~' if row.is_extrapolated else '':>2}{row.prototype_p50:13,.0f}{row.ratio:8,.0f}x"
