"""How latency grows with the number of photographs: JSON lines of any engine, drawn as one SVG.

``python -m benchmarks.plot --lines FILE... --to docs/search-latency.svg``, in the environment
that has matplotlib (``requirements/train.lock``). A line is what `benchmarks.search.timing.Row`
holds: ``engine``, ``images``, ``query``, ``p95`` and, where there is one, ``prototype_p50``;
lines without a ``query`` are passed over, and of two lines for one point the last counts.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.search.timing import Series, read
from training.report import ink

KINDS = ("text", "attributes", "image", "fused")
BARS: Mapping[str, Mapping[int, float]] = {
    "text": {100_000: 10, 1_000_000: 20},
    "attributes": {100_000: 8, 1_000_000: 15},
    "image": {100_000: 4, 1_000_000: 10},
    "fused": {100_000: 18, 1_000_000: 35},
}  # p95 in ms: what the embedded engine and OpenSearch must reach
DOCS = Path(__file__).resolve().parents[1] / "docs"
LINES, PICTURE = DOCS / "search-latency.jsonl", DOCS / "search-latency.svg"
NAMES = {"embedded": "embedded, p95", "opensearch": "OpenSearch, p95", "prototype": "prototype"}


def drawn(found: Mapping[str, Series]) -> str:
    """Return the SVG: a panel for each kind of query, both axes logarithmic, of own time."""
    figure, panels = ink.figure(len(KINDS), width=3.2, height=3.4)
    for axes, kind in zip(panels, KINDS, strict=True):
        for colour, (engine, label) in zip(ink.SERIES, NAMES.items(), strict=False):
            points = sorted(found.get(kind, {}).get(engine, {}).items())
            if points:
                style = "--" if engine == "prototype" else "-"
                axes.plot(*zip(*points, strict=True), style, marker="o", color=colour, label=label)
        axes.plot(*zip(*BARS[kind].items(), strict=True), "_", color=ink.TEXT, label="bar", ms=14)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(1, 200_000)  # the same in all panels
        ink.titled(axes, f"{kind}, ms", "photographs")
    says = "Milliseconds of a query by the number of photographs, for each engine"
    return ink.alone(ink.inline(figure, "latency", says))


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw."""
    parser = argparse.ArgumentParser(description="Latency by the number of photographs.")
    parser.add_argument("--lines", type=Path, nargs="+", default=[LINES], help="JSON lines to draw")
    parser.add_argument("--to", type=Path, default=PICTURE, help="SVG to write")
    options = parser.parse_args(arguments)
    options.to.write_text(drawn(read(options.lines)))
    print(f"Drawn to {options.to}")


if __name__ == "__main__":
    main()
