"""Queues in memory."""

from collections.abc import Sequence
from typing import Any

from chalicelib.queue import Received


class MemoryQueue:
    """Adapter of the port ``Queue``: keeps what was sent."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.again: list[str] = []
        self.released: list[str] = []
        self.deleted: list[str] = []

    def is_empty(self) -> bool:
        """Tell whether nothing was sent."""
        return not self.messages

    def send(self, messages: Sequence[dict[str, Any]]) -> None:
        """Keep the messages."""
        self.messages.extend(messages)

    def send_again(self, messages: Sequence[Received]) -> None:
        """Keep them."""
        self.again.extend(message.message_id for message in messages)

    def release(self, messages: Sequence[Received]) -> None:
        """Keep them."""
        self.released.extend(message.message_id for message in messages)

    def delete(self, messages: Sequence[Received]) -> None:
        """Keep them."""
        self.deleted.extend(message.message_id for message in messages)


class MemoryDeadLetters:
    """Adapter of the port ``DeadLetterQueue``: gives one message at a time, each once."""

    def __init__(self, *bodies: str) -> None:
        self.messages = {str(number): body for number, body in enumerate(bodies)}
        self._unread = list(self.messages)

    def receive(self) -> Sequence[Received]:
        """Return the next message."""
        if not self._unread:
            return []
        number = self._unread.pop(0)
        return [Received(number, self.messages[number], receipt=number)]

    def delete(self, message: Received) -> None:
        """Forget a message."""
        del self.messages[message.receipt]
