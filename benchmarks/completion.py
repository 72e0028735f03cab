"""How fast what is typed is completed and corrected, on the embedded engine.

``python -m benchmarks.completion [--size 100000] [--captions FILE]``

Photographs are those of ``benchmarks.search``. The first answer reads the words of all captions.
"""

import argparse
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.search.corpus import OWNER, captions, documents
from chalicelib.search.embedded import EmbeddedIndex

PREFIXES = ("d", "do", "dog", "br", "ru", "s", "sn", "wal", "wo", "r")
MISTYPED = (("odg",), ("brwon",), ("snowbaorder",), ("beahc",), ("dog",), ("mountian", "lkae"))
TURNS = 40
BATCH = 5_000


def main() -> None:
    """Build an index and print the times."""
    given = _arguments()
    index = EmbeddedIndex()
    texts = captions(given.size, given.captions)
    for first in range(0, len(texts), BATCH):
        index.apply([*documents(texts[first : first + BATCH], first)])
    index.count(OWNER)
    print(f"first: {_told(_time(partial(index.suggest, OWNER, 'd', 8)))}")
    _report("suggest", [partial(index.suggest, OWNER, prefix, 8) for prefix in PREFIXES])
    _report("nearest", [partial(index.nearest, OWNER, words) for words in MISTYPED])


def _report(name: str, calls: list[Callable[[], object]]) -> None:
    """Print the times when a call is made for the first time, and when it is made again."""
    print(f"{name}, asked once: {_told(_worst([_time(call) for call in calls], 1))}")
    times = [_time(call) for _ in range(TURNS) for call in calls]
    print(f"{name}, asked again, p95 of {len(times)}: {_told(_worst(times, 0.95))}")


def _worst(times: list[tuple[float, float]], share: float) -> tuple[float, float]:
    last = math.ceil(share * len(times)) - 1
    clock, own = (sorted(one[side] for one in times)[last] for side in (0, 1))
    return clock, own


def _told(taken: tuple[float, float]) -> str:
    return f"{taken[0]:.2f} ms, {taken[1]:.2f} ms of the processor"


def _time(call: Callable[[], object]) -> tuple[float, float]:
    begin, own = time.perf_counter(), time.thread_time()
    call()
    return 1_000 * (time.perf_counter() - begin), 1_000 * (time.thread_time() - own)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument(
        "--captions", type=Path, help="one a line; name#n<TAB>caption is understood"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
