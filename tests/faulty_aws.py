"""Requests to AWS of which one goes wrong, as a test says: through boto3's own clients."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ConnectionClosedError


class Killed(BaseException):
    """The process ended here; nothing catches it."""


class AwsFaults:
    """Counts the requests of clients, and lets one of them go wrong.

    Attributes
    ----------
    asked
        How many requests were begun since `plan`.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._at: int | None = None
        self._before: Callable[[], BaseException] | None = None
        self._after: Callable[[], BaseException] | None = None

    def watch(self, *clients: Any) -> None:
        """Let requests of these clients be counted and go wrong.

        What answers in AWS's place does so between the two handlers.
        """
        for client in clients:
            client.meta.events.register_first("before-send", self._begin)
            client.meta.events.register_last("before-send", self._end)

    def plan(
        self,
        at: int | None = None,
        *,
        before: Callable[[], BaseException] | None = None,
        after: Callable[[], BaseException] | None = None,
    ) -> None:
        """Let the request number ``at`` from now, 0 first, go wrong before or after its effect."""
        self.asked, self._at, self._before, self._after = 0, at, before, after

    @property
    def happened(self) -> bool:
        """Whether what was planned has gone wrong."""
        return self._at is not None and self.asked > self._at

    def _begin(self, **_: Any) -> None:
        self.asked += 1
        if self.asked - 1 == self._at and self._before:
            raise self._before()

    def _end(self, **_: Any) -> None:
        if self.asked - 1 == self._at and self._after:
            raise self._after()


def disconnected() -> ConnectionClosedError:
    """Return what boto3 raises where a connection breaks."""
    return ConnectionClosedError(endpoint_url="https://aws")
