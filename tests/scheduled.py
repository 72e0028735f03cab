"""Threads of which one goes on at a time, from call to call, as a schedule says."""

from collections.abc import Callable
from contextlib import suppress
from threading import Semaphore, Thread, current_thread


class Killed(BaseException):
    """The process ends here; not even its error handling runs."""


class Worker(Thread):
    """A piece of work that stops before each of its calls, until it is let go on or killed."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._go, self._stopped = Semaphore(0), Semaphore(0)
        self._is_killed = False
        self.ended = False
        self.start()

    def run(self) -> None:
        """Work to the end, in steps."""
        self._go.acquire()
        with suppress(Killed):
            self._ended()
        self.ended = True
        self._stopped.release()

    def step(self) -> None:
        """Let it do its next call."""
        if not self.ended:
            self._go.release()
            assert self._stopped.acquire(timeout=60)

    def kill(self) -> None:
        """End it before its next call."""
        self._is_killed = True
        self.step()

    def finish(self) -> None:
        """Let it do all that is left."""
        while not self.ended:
            self.step()

    def pause(self) -> None:
        """Wait, before a call, to be let go on."""
        if self._is_killed:
            raise Killed
        self._stopped.release()
        self._go.acquire()
        if self._is_killed:
            raise Killed

    def _ended(self) -> None:
        if not self._is_killed:
            self._work()


def before_a_call() -> None:
    """Stop the worker that is about to make a call; others go on."""
    worker = current_thread()
    if isinstance(worker, Worker):
        worker.pause()
