"""How latency grows with the number of photographs: `benchmarks` of both engines as one SVG.

``python -m benchmarks.plot`` draws what ``--lines docs/search-latency.jsonl`` of the benchmarks of
search and of OpenSearch added, in the environment that has matplotlib
(``requirements/train.lock``).
"""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.search.timing import BARS, Series, read
from training.report import ink

DOCS = Path(__file__).resolve().parents[1] / "docs"
NAMES = {"embedded": "embedded, p95", "opensearch": "OpenSearch, p95", "prototype": "prototype"}


def drawn(found: Mapping[str, Series]) -> str:
    """Return the SVG: a panel for each kind of query, both axes logarithmic, of own time."""
    figure, panels = ink.figure(len(BARS), width=3.2, height=3.4)
    for axes, (kind, bars) in zip(panels, BARS.items(), strict=True):
        for colour, (engine, label) in zip(ink.SERIES, NAMES.items(), strict=False):
            points = sorted(found.get(kind, {}).get(engine, {}).items())
            if points:
                style = "--" if engine == "prototype" else "-"
                axes.plot(*zip(*points, strict=True), style, marker="o", color=colour, label=label)
        axes.plot(*zip(*bars.items(), strict=True), "_", color=ink.TEXT, label="bar", ms=14)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(1, 200_000)  # the same in all panels
        ink.titled(axes, f"{kind}, ms", "photographs")
    says = "Milliseconds of a query by the number of photographs, for each engine"
    return ink.alone(ink.inline(figure, "latency", says))


def main() -> None:
    """Draw."""
    picture = DOCS / "search-latency.svg"
    picture.write_text(drawn(read(DOCS / "search-latency.jsonl")))
    print(f"Drawn to {picture}")


if __name__ == "__main__":
    main()
