"""What is asked of every engine that is compared."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from benchmarks.search.timing import kilobytes
from chalicelib.search import Document

LIMIT = 20  # matches that are shown
DEPTH = 100  # of each ranking that a peer fuses
RRF_CONSTANT = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009


@dataclass(frozen=True, slots=True)
class Answer:
    """The best matches.

    Attributes
    ----------
    ids
        Best first.
    total
        How many match; None where the engine does not say.
    """

    ids: Sequence[str]
    total: int | None = None


class Engine(Protocol):
    """An engine with its data in a folder; only one owner's photographs are found.

    Attributes
    ----------
    warm_up
        How often every question of a warm-up is asked.
    """

    warm_up: int

    def fill(self, documents: Sequence[Document]) -> None:
        """Write an index of documents."""

    def open(self) -> None:
        """Get ready to answer from what was written."""

    def text(self, words: str) -> Answer:
        """Find captions."""

    def image(self, vector: bytes) -> Answer:
        """Find the nearest by visual vector, of 256 float16 numbers."""

    def fused(self, text: str, vector: bytes) -> Answer:
        """Find by a text and its semantic vector together."""

    def stored_bytes(self) -> int:
        """Return how many bytes the index takes on disk."""

    def memory_bytes(self) -> int:
        """Return how much memory the process that answers takes."""

    def processor_seconds(self) -> float:
        """Return processor time of all threads that take part in answering."""

    def close(self) -> None:
        """End what was opened."""


class InProcess:
    """What engines that answer in the asking process have in common."""

    warm_up: ClassVar[int] = 1

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stored_bytes(self) -> int:
        """Add up the folder's files."""
        return sum(file.stat().st_size for file in self.folder.rglob("*") if file.is_file())

    def memory_bytes(self) -> int:
        """Return this process' resident memory."""
        return kilobytes("VmRSS") * 1024

    def processor_seconds(self) -> float:
        """Return this process' processor time."""
        return time.process_time()

    def close(self) -> None:
        """Leave everything to the end of the process."""
