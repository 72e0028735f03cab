"""SQS as far as the repository uses it: visibility, dead letters, and no order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.deliveries import ATTEMPTS
from tests.simulation.scheduler import Scheduler
from tests.simulation.services import DEAD_LETTERS, QUEUE, Service


@dataclass(eq=False)
class QueueMessage:
    """A message and when it can be received again, in simulated seconds."""

    id: str
    body: str
    visible_at: float
    marks: Mapping[str, Any]
    receives: int = 0


class Queues(Service):
    """The captioner's queue and its dead letters.

    ``arrived`` is told when a message of the former can be received.
    """

    name = "sqs"
    throttled = "RequestThrottled"

    def __init__(self, scheduler: Scheduler, arrived: Callable[[], object]) -> None:
        self._scheduler = scheduler
        self._arrived = arrived
        self._count = 0
        self.held: dict[str, list[QueueMessage]] = {QUEUE: [], DEAD_LETTERS: []}

    def put(self, body: str, delay: float = 0.0, marks: Mapping[str, Any] | None = None) -> None:
        """Put a message on the captioner's queue, or two where it is duplicated."""
        for _ in range(2 if self._scheduler.happens("duplicated") else 1):
            self._count += 1
            visible_at = self._scheduler.seconds + delay
            message = QueueMessage(f"m{self._count}", body, visible_at, marks or {})
            self.held[QUEUE].append(message)
            self._scheduler.after(delay, self._arrived)
            delay += 10 ** self._scheduler.random.uniform(-1, 3)

    def take(self, name: str, most: int, hidden: float) -> list[QueueMessage]:
        """Receive messages in no order; what was received too often becomes a dead letter."""
        taken = []
        now = self._scheduler.seconds
        seen = [message for message in self.held[name] if message.visible_at <= now]
        self._scheduler.random.shuffle(seen)
        for message in seen[:most]:
            if name == QUEUE and message.receives >= ATTEMPTS:
                self.held[QUEUE].remove(message)
                self.held[DEAD_LETTERS].append(message)
                message.visible_at = now
                continue
            message.receives += 1
            message.visible_at = now + hidden
            taken.append(message)
            if name == QUEUE:
                self._scheduler.after(hidden, self._arrived)
        return taken

    def forget(self, name: str, message_id: str) -> None:
        """Delete a message."""
        self.held[name] = [one for one in self.held[name] if one.id != message_id]

    def send_message_batch(self, QueueUrl: str, Entries: Any) -> Any:
        return self._each(
            Entries,
            lambda entry: self.put(entry["MessageBody"], marks=entry.get("MessageAttributes")),
        )

    def receive_message(
        self, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int, WaitTimeSeconds: int
    ) -> Any:
        taken = self.take(QueueUrl, MaxNumberOfMessages, VisibilityTimeout)
        return {
            "Messages": [
                {"MessageId": one.id, "Body": one.body, "ReceiptHandle": one.id} for one in taken
            ]
        }

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> Any:
        self.forget(QueueUrl, ReceiptHandle)

    def delete_message_batch(self, QueueUrl: str, Entries: Any) -> Any:
        return self._each(Entries, lambda entry: self.forget(QueueUrl, entry["ReceiptHandle"]))

    def change_message_visibility_batch(self, QueueUrl: str, Entries: Any) -> Any:
        def change(entry: Any) -> None:
            seconds = entry["VisibilityTimeout"]
            for message in self.held[QueueUrl]:
                if message.id == entry["ReceiptHandle"]:
                    message.visible_at = self._scheduler.seconds + seconds
                    self._scheduler.after(seconds, self._arrived)

        return self._each(Entries, change)

    def _each(self, entries: Any, do: Callable[[Any], None]) -> Any:
        failed = []
        for entry in entries:
            if self._scheduler.happens("partial"):
                failed.append({"Id": entry["Id"]})
            else:
                do(entry)
        return {"Failed": failed}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: Any) -> Any:
        now = self._scheduler.seconds
        waiting = sum(message.visible_at <= now for message in self.held[QueueUrl])
        return {"Attributes": {"ApproximateNumberOfMessages": str(waiting)}}
