"""One engine's figures, each taken in a process that does nothing else."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.peers.port import Engine
from benchmarks.search.timing import percentile_95
from chalicelib.search import Document

Told = TypeVar("Told")
Questions = Mapping[str, Sequence[tuple[Any, ...]]]
"""By the method of `Engine` that answers them; each is the method's arguments."""


@dataclass(frozen=True, slots=True)
class Speed:
    """What answering takes.

    Attributes
    ----------
    p95
        Milliseconds of the processor, by kind of question.
    totals
        Kinds of question whose answers say how many match.
    """

    p95: Mapping[str, float]
    totals: frozenset[str]
    stored_bytes: int
    memory_bytes: int


def alone(task: Callable[..., Told], *values: object) -> Told:
    """Return what a function returns in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(task, *values).result()


def fill(engine: str, folder: Path, documents: Sequence[Document]) -> None:
    """Let an engine, named ``module.Class``, write its index into an empty folder."""
    _engine(engine, folder).fill(documents)


def speed(engine: str, folder: Path, first: Questions, timed: Questions) -> Speed:
    """Return what an engine takes, once it has answered the first questions untimed."""
    with _opened(engine, folder) as opened:
        for kind, asked in first.items():
            for question in [*asked] * opened.warm_up:
                getattr(opened, kind)(*question)
        return Speed(
            p95={kind: _p95(opened, kind, asked) for kind, asked in timed.items()},
            totals=frozenset(kind for kind, asked in timed.items() if _counts(opened, kind, asked)),
            stored_bytes=opened.stored_bytes(),
            memory_bytes=opened.memory_bytes(),
        )


def found_first(engine: str, folder: Path, asked: Sequence[tuple[Any, ...]]) -> list[list[str]]:
    """Return the best ten of each fused question."""
    with _opened(engine, folder) as opened:
        return [list(opened.fused(*question).ids[:10]) for question in asked]


@contextmanager
def _opened(engine: str, folder: Path) -> Iterator[Engine]:
    opened = _engine(engine, folder)
    opened.open()
    try:
        yield opened
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


def _counts(opened: Engine, kind: str, asked: Sequence[tuple[Any, ...]]) -> bool:
    return getattr(opened, kind)(*asked[0]).total is not None
