"""A queue in memory."""

from collections.abc import Sequence
from typing import Any


class MemoryQueue:
    """Adapter of the port ``Queue``: keeps what was sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, messages: Sequence[dict[str, Any]]) -> None:
        """Keep the messages."""
        self.messages.extend(messages)
