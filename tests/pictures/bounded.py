"""Work on files in a child process, which may run out of memory, crash or hang without harm."""

import multiprocessing
import os
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from captioner.decoding import decode
from captioner.photograph import read
from captioner.preparing import prepare
from captioner.vision.bundle import DEFAULT_BUNDLE, load
from chalicelib.errors import RejectedImage
from chalicelib.settings import Settings

Work = Callable[[bytes], Any]

# Bytes, of the function whose work this is (infra.pipeline.MEMORY).
MEMORY = 3008 * 2**20
MAX_PIXELS: int = Settings.model_fields["max_pixels"].default
STARTING_SECONDS = 120
# Spawned, not forked: a fork would share the locks of the parent's threads.
_PROCESSES = multiprocessing.get_context("spawn")


class End(StrEnum):
    """How work on a file ended."""

    DONE = "done"
    REFUSED = "refused"
    RAISED = "raised"
    HUNG = "hung"
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended, what came of it, and in words why if nothing did."""

    end: End
    value: Any = None
    why: str = ""


def decoding() -> Work:
    """Return what decodes a file, as the captioner does it by default."""
    return partial(decode, max_pixels=MAX_PIXELS)


def captioning() -> Work:
    """Return what decodes a file, captions it and makes its copies."""
    reading = partial(read, max_pixels=MAX_PIXELS)
    return partial(prepare, read=reading, describe=load(DEFAULT_BUNDLE).describe)


class Bounded:
    """Does work in a child process, within bytes of memory and seconds a file.

    What kills the process or lasts too long costs that file alone: the next has a new process.
    """

    def __init__(self, work: Callable[[], Work], *, memory: int, seconds: float) -> None:
        self._work = work
        self._memory = memory
        self._seconds = seconds

    def __enter__(self) -> Self:
        self._start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.join()

    def __call__(self, data: bytes) -> Outcome:
        """Work on a file, and tell how that ended."""
        outcome = self._asked(data)
        if outcome.end in {End.HUNG, End.CRASHED}:
            self.__exit__(None, None, None)
            self._start()
        return outcome

    def _asked(self, data: bytes) -> Outcome:
        try:
            self._connection.send_bytes(data)
            if not self._connection.poll(self._seconds):
                return Outcome(End.HUNG, why=f"no answer within {self._seconds} s")
            answer: Outcome = self._connection.recv()
        except (EOFError, OSError):
            self._process.join()
            return Outcome(End.CRASHED, why=f"exit code {self._process.exitcode}")
        return answer

    def _start(self) -> None:
        self._connection, theirs = _PROCESSES.Pipe()
        arguments = (self._work, self._memory, theirs)
        self._process = _PROCESSES.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        if not self._connection.poll(STARTING_SECONDS):
            raise TimeoutError("the child process does not start")
        self._connection.recv()


def _serve(make: Callable[[], Work], memory: int, connection: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    # libtiff complains there about every file that is damaged.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    work = make()
    connection.send("ready")
    while True:
        connection.send(_outcome(work, connection.recv_bytes()))


def _outcome(work: Work, data: bytes) -> Outcome:
    try:
        return Outcome(End.DONE, work(data))
    except RejectedImage as error:
        return Outcome(End.REFUSED, why=error.detail)
    except Exception:
        return Outcome(End.RAISED, why=traceback.format_exc())
