"""How fast the embedded search engine answers, beside the prototype's way, in one run.

``python -m benchmarks.search [--sizes 10000 100000] [--captions FILE] [--lines FILE]``

Photographs are made up from a seed: their captions from a small grammar or a file, their vectors
around fifty centres. The prototype is measured with 8,000 photographs in the same run, and
extrapolated to the others. Then what a change costs until it is found: publishing and taking up.
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmarks.search.corpus import captions, documents, queries
from benchmarks.search.prototype import MEASURED_AT, prototype_times
from benchmarks.search.publishing import costs_of_freshness
from benchmarks.search.timing import Costs, Row, append, table, timed
from chalicelib.search import Query
from chalicelib.search.embedded import EmbeddedIndex

ENGINE = "embedded"
BARS = {"text": 10, "attributes": 8, "image": 4, "fused": 18}  # own p95 at 100,000, ms


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Latency of the embedded search engine.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--turns", type=int, default=100, help="queries of each kind")
    parser.add_argument("--captions", type=Path, help="file with one caption a line")
    parser.add_argument("--lines", type=Path, help="file of JSON lines to add to")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    prototype = prototype_times(captions(MEASURED_AT, options.captions))
    rows: list[Row] = []
    costs: dict[int, Costs] = {}
    for size in options.sizes:
        texts = captions(size, options.captions)
        index = EmbeddedIndex()
        rate = filled(index, texts)
        found = answered(index, texts, options.turns, prototype)
        costs[size] = {"documents_per_second": rate, **costs_of_freshness(index)}
        rows += found
        if options.lines:
            append(options.lines, ENGINE, size, found, costs[size])
    if options.json:
        plain = [asdict(row) | {"ratio": row.ratio} for row in rows]
        print(json.dumps({"queries": plain, "costs": costs}, indent=2))
        return
    print(table(rows))
    print(f"bars, own p95 at 100,000: {', '.join(f'{name} {ms} ms' for name, ms in BARS.items())}")
    print("~ extrapolated from 8,000; own, ratio, and all costs below are the processor's own time")
    for size, told in costs.items():
        print(f"\n{size:,} photographs")
        print(
            "\n".join(
                f"  {name.replace('_', ' '):<32}{value:14,.1f}" for name, value in told.items()
            )
        )


def answered(index: EmbeddedIndex, texts: Sequence[str], turns: int, prototype: Costs) -> list[Row]:
    """Return a row for each kind of query."""
    rows = []
    for name, asked in queries(texts, turns).items():
        index.search(asked[0])
        times = timed(_asking(index, asked), turns)
        way = prototype.get(name)
        if way is not None:
            way *= len(texts) / MEASURED_AT
        rows.append(Row(ENGINE, len(texts), name, *times, way, len(texts) != MEASURED_AT))
    return rows


def filled(index: EmbeddedIndex, texts: Sequence[str], batch: int = 1_000) -> float:
    """Fill an index; return how many documents it took in a second of the processor."""
    taken = 0.0
    for at in range(0, len(texts), batch):
        some = list(documents(texts[at : at + batch], at))
        begin = time.thread_time()
        index.apply(some)
        taken += time.thread_time() - begin
    return len(texts) / taken


def _asking(index: EmbeddedIndex, asked: Sequence[Query]) -> Callable[[int], object]:
    return lambda turn: index.search(asked[turn % len(asked)])


if __name__ == "__main__":
    main()
