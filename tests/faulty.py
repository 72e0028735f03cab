"""A connection to OpenSearch on which things go wrong as a test says."""

import json
from collections.abc import Callable
from typing import Any

from opensearchpy import Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionError as Unreachable
from opensearchpy.exceptions import ConnectionTimeout, TransportError

Answered = tuple[int, Any, str]
Send = Callable[[bytes | None], Answered]
# Is given the URL, the body and what sends a body on to the node.
Fault = Callable[[str, bytes | None, Send], Answered]


class Faults:
    """What is still to go wrong, and what was asked for meanwhile."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._ahead: list[tuple[str, Fault]] = []

    def add(self, path: str, fault: Fault, times: int = 1) -> None:
        """Let the next requests whose path has ``path`` in it go wrong."""
        self._ahead += [(path, fault)] * times

    def next_for(self, url: str) -> Fault | None:
        """Return what goes wrong now, if anything does."""
        self.asked.append(url)
        for at, (path, fault) in enumerate(self._ahead):
            if path in url:
                del self._ahead[at]
                return fault
        return None

    def count(self, path: str) -> int:
        """Return how many requests had ``path`` in theirs."""
        return sum(path in url for url in self.asked)


class FaultyConnection(Urllib3HttpConnection):
    """What opensearch-py's ``connection_class`` is set to."""

    def __init__(self, *, faults: Faults, **more: Any) -> None:
        super().__init__(**more)
        self._faults = faults

    def perform_request(  # noqa: PLR0917  as opensearch-py calls it
        self,
        method: str,
        url: str,
        params: Any = None,
        body: Any = None,
        timeout: Any = None,
        ignore: Any = (),
        headers: Any = None,
    ) -> Any:
        def send(content: bytes | None) -> Any:
            return super(FaultyConnection, self).perform_request(
                method, url, params, content, timeout, ignore, headers
            )

        fault = self._faults.next_for(url)
        return send(body) if fault is None else fault(url, body, send)


def too_many(url: str, body: bytes | None, send: Send) -> Answered:
    """Refuse without doing anything."""
    raise TransportError(429, "rejected_execution_exception", {})


def unreachable(url: str, body: bytes | None, send: Send) -> Answered:
    """Break the connection before the request arrives."""
    raise Unreachable("N/A", "connection refused", ConnectionRefusedError())


def answer_lost(url: str, body: bytes | None, send: Send) -> Answered:
    """Do it, and let the answer come too late."""
    send(body)
    raise ConnectionTimeout("TIMEOUT", "read timed out", TimeoutError())


def half_throttled(url: str, body: bytes | None, send: Send) -> Answered:
    """Take in every other document of a bulk request and throttle the rest."""
    lines = (body or b"").decode().splitlines()
    pairs = [lines[at : at + 2] for at in range(0, len(lines), 2)]
    taken = "\n".join(line for pair in pairs[::2] for line in pair) + "\n"
    status, headers, text = send(taken.encode())
    told = json.loads(text)
    for at, (action, _) in enumerate(pairs):
        if at % 2:
            item = {**json.loads(action)["index"], "status": 429, "error": {"type": "rejected"}}
            told["items"].insert(at, {"index": item})
    return status, headers, json.dumps({**told, "errors": True})
