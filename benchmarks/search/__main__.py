"""How fast the embedded search engine answers, beside the prototype's way, in one run.

``python -m benchmarks.search [--sizes 10000 100000] [--lines FILE]``

Photographs are made up from a seed: their captions from a small grammar, their vectors around
fifty centres. The prototype's way, every caption by BLEU and every photograph by distance, is
measured with 8,000 photographs in the same run; it looks at everything, and is extrapolated to the
other sizes. Then what a change costs until it is found: publishing and taking up.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmarks.search.corpus import captions, documents, queries
from benchmarks.search.freshness import costs_of_freshness
from benchmarks.search.timing import BARS, Costs, Row, append, both_ms, table, timed
from chalicelib.search import Query
from chalicelib.search.embedded import EmbeddedIndex

ENGINE = "embedded"
TURNS = 100  # queries of each kind
MEASURED_AT = 8_000
FEATURES = 4_096


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Latency of the embedded search engine.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--lines", type=Path, help="file of JSON lines to add to")
    options = parser.parse_args()
    prototype = {"text": timed(_by_bleu(), 3)[2], "image": timed(_by_distance(), 5)[2]}
    rows: list[Row] = []
    costs: dict[int, Costs] = {}
    for size in options.sizes:
        texts = captions(size)
        index = EmbeddedIndex()
        rate = filled(index, texts)
        found = _answered(index, texts, prototype)
        costs[size] = {"documents_per_second": rate, **costs_of_freshness(index)}
        rows += found
        if options.lines:
            append(options.lines, ENGINE, size, found, costs[size])
    print(table(rows))
    bars = ", ".join(f"{name} {bar[100_000]} ms" for name, bar in BARS.items())
    print(f"bars, own p95 at 100,000: {bars}")
    print("~ extrapolated from 8,000; own, ratio, and all costs below are the processor's own time")
    for size, told in costs.items():
        print(f"\n{size:,} photographs")
        for name, value in told.items():
            print(f"  {name.replace('_', ' '):<32}{value:14,.1f}")


def filled(index: EmbeddedIndex, texts: Sequence[str], batch: int = 1_000) -> float:
    """Fill an index; return how many documents it took in a second of the processor."""
    taken = 0.0
    for at in range(0, len(texts), batch):
        taken += both_ms(index.apply, list(documents(texts[at : at + batch], at)))[1]
    return 1_000 * len(texts) / taken


def _answered(index: EmbeddedIndex, texts: Sequence[str], prototype: Costs) -> list[Row]:
    rows = []
    for name, asked in queries(texts, TURNS).items():
        index.search(asked[0])
        times = timed(_asking(index, asked), TURNS)
        way = prototype[name] * len(texts) / MEASURED_AT if name in prototype else None
        rows.append(Row(ENGINE, len(texts), name, *times, way))
    return rows


def _asking(index: EmbeddedIndex, asked: Sequence[Query]) -> Callable[[int], object]:
    return lambda turn: index.search(asked[turn % len(asked)])


def _by_bleu() -> Callable[[int], object]:
    """Return the prototype's text search: sentence BLEU of the query with every caption."""
    split = [text.split() for text in captions(MEASURED_AT)]
    smooth = SmoothingFunction().method1

    def search(turn: int) -> object:
        query = split[turn * 31 % len(split)][:4]
        scores = [sentence_bleu([caption], query, smoothing_function=smooth) for caption in split]
        return sorted(range(len(scores)), key=scores.__getitem__)[-20:]

    return search


def _by_distance() -> Callable[[int], object]:
    """Return the prototype's image search: distance to every photograph's 4,096 numbers."""
    features = np.random.default_rng(3).random((MEASURED_AT, FEATURES), dtype=np.float32)

    def search(turn: int) -> object:
        query = features[turn * 31 % MEASURED_AT]
        distances = [float(np.linalg.norm(one - query)) for one in features]
        return sorted(range(MEASURED_AT), key=distances.__getitem__)[:20]

    return search


if __name__ == "__main__":
    main()
