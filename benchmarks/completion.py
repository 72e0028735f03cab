"""How fast what is typed is completed and corrected, on the embedded engine.

``python -m benchmarks.completion [--captions FILE]``

Photographs are those of ``benchmarks.search``. The first answer reads the words of all captions.
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.search.__main__ import filled
from benchmarks.search.corpus import OWNER, captions
from benchmarks.search.timing import both_ms, percentile_95
from chalicelib.search.embedded import EmbeddedIndex

SIZE = 100_000
PREFIXES = ("d", "do", "dog", "br", "ru", "s", "sn", "wal", "wo", "r")
MISTYPED = (("odg",), ("brwon",), ("snowbaorder",), ("beahc",), ("dog",), ("mountian", "lkae"))
TURNS = 40


def main() -> None:
    """Build an index and print the times."""
    parser = argparse.ArgumentParser(description="Latency of completion and spelling.")
    parser.add_argument("--captions", type=Path, help="one a line; name#n<TAB>caption too")
    index = EmbeddedIndex()
    filled(index, captions(SIZE, parser.parse_args().captions))
    index.count(OWNER)
    _show("first", max, [partial(index.suggest, OWNER, "d", 8)])
    kinds: dict[str, list[Callable[[], object]]] = {
        "suggest": [partial(index.suggest, OWNER, prefix, 8) for prefix in PREFIXES],
        "nearest": [partial(index.nearest, OWNER, words) for words in MISTYPED],
    }
    for name, calls in kinds.items():
        _show(f"{name}, asked once, the longest", max, calls)
        _show(f"{name}, asked again, p95", percentile_95, calls * TURNS)


def _show(
    name: str, figure: Callable[[Sequence[float]], float], calls: Sequence[Callable[[], object]]
) -> None:
    taken = [both_ms(call) for call in calls]
    clock, own = (figure([one[side] for one in taken]) for side in (0, 1))
    print(f"{name}: {clock:.2f} ms, {own:.2f} ms of the processor")


if __name__ == "__main__":
    main()
