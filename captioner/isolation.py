"""Reading files in a process of its own, so that what a file does to it costs that file alone.

The process is started at the first file, reads one file after the other, and is replaced when it
was killed. Files and photographs go through its standard input and output: Lambda has no
``/dev/shm``, so that queues, pools, locks and shared memory of `multiprocessing` fail there, while
pipes work: https://aws.amazon.com/blogs/compute/parallel-processing-in-python-with-aws-lambda/
It is started anew rather than forked, since a fork has the locks of the parent's threads but not
the threads. It ends when nobody holds the other end of its input, hence with whoever started it.

``python -m captioner.isolation MAX_PIXELS SECONDS MEMORY`` is the process.
"""

import os
import pickle  # nosec B403  (between two processes of this program)
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from select import poll
from threading import Lock, Thread, Timer
from typing import BinaryIO, Self

from captioner.photograph import Photograph, read
from chalicelib.errors import RejectedImage

# Decision 309 says where both come from. Bytes are of address space.
SECONDS, MEMORY = 15.0, 2_700_000_000
# One that was killed from outside, or was short of what earlier files had left, proves nothing.
TRIES = 2
# An orphan whose decoder lets no other thread run ends itself after so many seconds more.
_GRACE = 5.0
_ROOT = Path(__file__).resolve().parents[1]
_READY = "ready"
Answer = Photograph | RejectedImage | MemoryError | ImportError
_MEMORY = "the image takes too much memory to decode"
_TIME = "the image takes too long to decode"
_CRASH = "the image is damaged: it crashes its decoder"


class IsolatedReader:
    """Reads files, one at a time, in a process of its own.

    Parameters
    ----------
    max_pixels
        A photograph may have.
    seconds
        A file may take.
    memory
        Bytes of address space that the process may have.
    """

    def __init__(self, *, max_pixels: int, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._limits = (max_pixels, seconds, memory)
        self._seconds = seconds
        self._process: _Process | None = None
        self._one_at_a_time = Lock()

    def __call__(self, data: bytes) -> Photograph:
        """Read a file.

        Raises
        ------
        RejectedImage
            It is no photograph, takes too long or too much memory, or crashes its decoder.
        ImportError
            A decoder is not installed.
        OSError
            The process does not start.
        """
        with self._one_at_a_time:
            answer = self._answer(data)
        if isinstance(answer, Photograph):
            return answer
        raise answer

    @property
    def process_id(self) -> int | None:
        """Of the process, None while there is none."""
        return self._process.process.pid if self._process else None

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.end()
            self._process = None

    def _answer(self, data: bytes) -> Photograph | RejectedImage | ImportError:
        left, reason = self._seconds, ""
        for _ in range(TRIES):
            self._process = process = self._process or _Process.start(*self._limits)
            begin = time.monotonic()
            answer = process.ask(data, left)
            left -= time.monotonic() - begin
            if isinstance(answer, Photograph | RejectedImage | ImportError):
                return answer
            self.close()
            if left <= 0:
                return RejectedImage(_TIME)
            is_killed = process.process.returncode == -signal.SIGKILL
            reason = _MEMORY if is_killed or isinstance(answer, MemoryError) else _CRASH
        return RejectedImage(reason)


@dataclass(frozen=True, slots=True)
class _Process:
    """The process as its parent sees it."""

    process: "subprocess.Popen[bytes]"
    input: BinaryIO
    output: BinaryIO

    @classmethod
    def start(cls, *limits: float) -> Self:
        command = [sys.executable, "-m", "captioner.isolation", *map(str, limits)]
        process = subprocess.Popen(  # noqa: S603  # nosec B603
            command,
            cwd=_ROOT,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        started = cls(process, process.stdin, process.stdout)  # type: ignore[arg-type]
        if started._received() != _READY:
            started.end()
            raise OSError(f"the process that decodes did not start: {process.returncode}")
        return started

    def ask(self, data: bytes, seconds: float) -> object:
        """Return its `Answer`, or None where it dies of the file or has to be killed."""
        killing = Timer(seconds, self.process.kill)
        killing.start()
        self._send(data)
        answer = self._received()
        killing.cancel()
        return answer

    def end(self) -> None:
        """Kill it, and close what led to it."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.input, self.output):
            try:
                pipe.close()
            except OSError:  # what it did not read is lost with it
                continue

    def _send(self, data: bytes) -> None:
        try:
            pickle.dump(data, self.input, protocol=5)
            self.input.flush()
        except OSError:  # it is dead, and so its answer is missing
            return

    def _received(self) -> object:
        """Return what it sent, None where it is dead."""
        try:
            return pickle.load(self.output)  # noqa: S301  # nosec B301
        except (EOFError, pickle.UnpicklingError, OSError):
            return None


def _environment() -> dict[str, str]:
    """Return this process's environment without credentials, of which files need none.

    Threads of BLAS, which decodes nothing, would each take address space, and so would memory of
    its own for each other thread: https://sourceware.org/glibc/wiki/MallocInternals
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {**kept, "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}


def _serve(max_pixels: int, seconds: float, memory: int) -> None:
    # Decoders print, and must not do so into the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    Thread(target=_end_with_parent, daemon=True).start()
    # Whoever asked it to read a file says when to end, by closing the pipe.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if sys.platform == "linux":  # others do not keep to it
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    _answer(answers, _READY)
    while True:
        try:
            data: bytes = pickle.load(sys.stdin.buffer)  # noqa: S301  # nosec B301
        except EOFError:
            return
        # Its default action ends the process wherever it is, in an endless loop of C as well.
        signal.setitimer(signal.ITIMER_REAL, seconds + _GRACE)
        answer = _read(data, max_pixels)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _answer(answers, answer)


def _end_with_parent() -> None:
    """Wait until nobody holds the other end of the input, and end in the midst of a file too."""
    closing = poll()
    closing.register(sys.stdin.fileno(), 0)  # that it is closed is told unasked
    closing.poll()
    os._exit(0)


def _read(data: bytes, max_pixels: int) -> Answer:
    try:
        return read(data, max_pixels=max_pixels)
    except RejectedImage as error:
        return RejectedImage(error.detail)
    except MemoryError:
        return MemoryError()
    except ImportError as error:
        return ImportError(str(error))


def _answer(answers: BinaryIO, answer: Answer | str) -> None:
    pickle.dump(answer, answers, protocol=5)
    answers.flush()


if __name__ == "__main__":
    _serve(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
