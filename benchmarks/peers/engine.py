"""What is asked of every engine that is compared, and what answering takes of a process."""

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from benchmarks.search.timing import kilobytes, percentile_95
from chalicelib.search import Document

LIMIT = 20  # matches that are shown
DEPTH = 100  # of each ranking that a peer fuses
RRF_CONSTANT = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009

Questions = Mapping[str, Sequence[tuple[Any, ...]]]
"""By the method of `Engine` that answers them; each is the method's arguments."""


class Engine(ABC):
    """An engine with its data in a folder; only one owner's photographs are found.

    Answers are the ids of the best, best first. As it stands, it answers in the asking process.

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
    def text(self, words: str) -> Sequence[str]:
        """Find captions."""

    @abstractmethod
    def image(self, vector: bytes) -> Sequence[str]:
        """Find the nearest by visual vector, of 256 float16 numbers."""

    @abstractmethod
    def fused(self, text: str, vector: bytes) -> Sequence[str]:
        """Find by a text and its semantic vector together."""

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
    opened = _engine(engine, folder)
    opened.open()
    try:
        for kind, asked in first.items():
            for question in [*asked] * opened.warm_up:
                getattr(opened, kind)(*question)
        found = {f"{kind}, p95 ms": _p95(opened, kind, asked) for kind, asked in timed.items()}
        sizes = {"bytes": opened.stored_bytes(), "memory, MB": opened.memory_bytes() / 1e6}
        return found | sizes
    finally:
        opened.close()


def tens(engine: str, folder: Path, asked: Sequence[tuple[str, bytes]]) -> list[list[str]]:
    """Return the ids of the best ten of each fused question."""
    opened = _engine(engine, folder)
    opened.open()
    try:
        return [list(opened.fused(*question)[:10]) for question in asked]
    finally:
        opened.close()


def _engine(name: str, folder: Path) -> Engine:
    module, kind = name.split(".")
    made: Engine = getattr(import_module(f"benchmarks.peers.{module}"), kind)(folder)
    return made


def _p95(opened: Engine, kind: str, asked: Sequence[tuple[Any, ...]]) -> float:
    taken = []
    for question in asked:
        begin = opened.processor_seconds()
        getattr(opened, kind)(*question)
        taken.append((opened.processor_seconds() - begin) * 1_000)
    return percentile_95(taken)
