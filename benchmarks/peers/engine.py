"""What is asked of every engine that is compared, and what answering takes of a process."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import ClassVar

from benchmarks.search.timing import kilobytes, percentile_95
from chalicelib.search import Document, Query

LIMIT = 20  # matches that are shown, as many as a `Query` asks for
DEPTH = 100  # of each ranking that a peer fuses
RRF_CONSTANT = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009

Questions = Mapping[str, Sequence[Query]]
"""By their kind: of a text, of a visual vector, of a text with its semantic vector."""


class Engine(ABC):
    """An engine with its data in a folder; as it stands, it answers in the asking process.

    Attributes
    ----------
    warm_up
        How often every question of a warm-up is asked.
    """

    warm_up: ClassVar[int] = 1

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def fill(self, documents: Sequence[Document]) -> None:
        """Write an index of documents."""

    @abstractmethod
    def open(self) -> None:
        """Get ready to answer from what was written."""

    @abstractmethod
    def find(self, query: Query) -> Sequence[str]:
        """Return the ids of the best, best first: of the owner's photographs only."""

    def stored_bytes(self) -> int:
        """Return how many bytes the index takes on disk."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def memory_bytes(self) -> int:
        """Return how much memory the process that answers takes."""
        return kilobytes("VmRSS") * 1024

    def processor_seconds(self) -> float:
        """Return processor time of all threads that take part in answering."""
        return time.process_time()

    def close(self) -> None:  # noqa: B027  (what is in this process ends with it)
        """End what was opened."""


def fill(engine: str, folder: Path, documents: Sequence[Document]) -> None:
    """Let an engine, named ``module.Class``, write its index into an empty folder."""
    _engine(engine, folder).fill(documents)


def costs(engine: str, folder: Path, first: Questions, timed: Questions) -> dict[str, float]:
    """Return what an engine takes, once it has answered the first questions untimed."""
    with _opened(engine, folder) as opened:
        for query in [one for asked in first.values() for one in asked] * opened.warm_up:
            opened.find(query)
        found = {f"{kind}, p95 ms": _p95(opened, asked) for kind, asked in timed.items()}
        return found | {"bytes": opened.stored_bytes(), "memory, MB": opened.memory_bytes() / 1e6}


def tens(engine: str, folder: Path, asked: Sequence[Query]) -> list[Sequence[str]]:
    """Return the ids of the best ten of each question."""
    with _opened(engine, folder) as opened:
        return [opened.find(query)[:10] for query in asked]


@contextmanager
def _opened(name: str, folder: Path) -> Iterator[Engine]:
    opened = _engine(name, folder)
    opened.open()
    try:
        yield opened
    finally:
        opened.close()


def _engine(name: str, folder: Path) -> Engine:
    module, kind = name.split(".")
    made: Engine = getattr(import_module(f"benchmarks.peers.{module}"), kind)(folder)
    return made


def _p95(opened: Engine, asked: Sequence[Query]) -> float:
    taken = []
    for query in asked:
        begin = opened.processor_seconds()
        opened.find(query)
        taken.append((opened.processor_seconds() - begin) * 1_000)
    return percentile_95(taken)
