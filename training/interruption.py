"""Being asked to stop: SIGTERM, as a spot instance gets it two minutes before it goes."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(BaseException):
    """The process is to end; like `KeyboardInterrupt`, no step may take it for a failure."""


class Interruption:
    """Whether somebody asked the process to stop.

    Within `noticed`, SIGTERM raises `Interrupted` wherever the process is; work that has
    a state to keep first runs within `deferred` and looks at ``asked`` itself.
    """

    def __init__(self) -> None:
        self.asked = False
        self._deferred = False

    @contextmanager
    def noticed(self) -> Iterator["Interruption"]:
        """Listen for SIGTERM; what listened before does so again afterwards."""
        before = signal.signal(signal.SIGTERM, self._ask)
        try:
            yield self
        finally:
            signal.signal(signal.SIGTERM, before)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Only note a request."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False

    def heeded(self, work: Callable[[Callable[[], bool]], bool]) -> None:
        """Run work that asks whether to stop and says if it ended; obey where it did not."""
        with self.deferred():
            finished = work(lambda: self.asked)
        if not finished:
            self.obey()

    def obey(self) -> None:
        """Raise `Interrupted` where there was a request."""
        if self.asked:
            raise Interrupted

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        if not self._deferred:
            raise Interrupted
