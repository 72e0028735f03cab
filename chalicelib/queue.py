"""The captioner's queue, as the repository itself writes to it, and the dead letters behind it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
TRIES = 4
# Longer than whoever reads dead letters may run, so that a run meets each message once.
HIDDEN_SECONDS = 330
# The attribute of a message that is to end its invocation: no other is begun after it.
ALONE = "Alone"


@dataclass(frozen=True, slots=True)
class Received:
    """A message, and the receipt that deletes it."""

    message_id: str
    body: str
    receipt: str


class Queue(Protocol):
    """Port. Adapter: `SqsQueue`.

    Received messages are given at most as many at a time as are received at once.
    """

    def is_empty(self) -> bool:
        """Tell whether no message waits, as far as is known; those being worked on do not count.

        Raises
        ------
        Unavailable
            The queue did not answer.
        """

    def send(self, messages: Sequence[dict[str, Any]]) -> None:
        """Put messages on the queue, in any number.

        Raises
        ------
        Unavailable
            Not all were accepted; sending them again does no harm.
        """

    def send_again(self, messages: Sequence[Received]) -> None:
        """Put copies in the place of received messages, marked `ALONE`, as if never received.

        Raises
        ------
        Unavailable
            Copies or deletions were refused; there may be both copies and messages then.
        """

    def release(self, messages: Sequence[Received]) -> None:
        """Let received messages be received again at once.

        Raises
        ------
        Unavailable
            Some are hidden for longer.
        """

    def delete(self, messages: Sequence[Received]) -> None:
        """Delete received messages.

        Raises
        ------
        Unavailable
            Some come again.
        """


class DeadLetterQueue(Protocol):
    """Port. Adapter: `SqsDeadLetters`."""

    def receive(self) -> Sequence[Received]:
        """Return some messages, hidden for a while from whoever asks next; none at the end.

        Raises
        ------
        Unavailable
            The queue did not answer.
        """

    def delete(self, message: Received) -> None:
        """Delete a message that was received.

        Raises
        ------
        Unavailable
            The queue did not answer; the message comes again.
        """


class SqsQueue:
    """A queue of SQS; entries that were refused are sent again."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def is_empty(self) -> bool:
        """Ask SQS, whose count is a minute old at times.

        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
        """
        try:
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the queue did not answer") from error
        return answer["Attributes"]["ApproximateNumberOfMessages"] == "0"

    def send(self, messages: Sequence[dict[str, Any]]) -> None:
        """Send ten at a time, the most that SQS takes."""
        for start in range(0, len(messages), BATCH):
            batch = messages[start : start + BATCH]
            self._send([{"MessageBody": json.dumps(message)} for message in batch])

    def send_again(self, messages: Sequence[Received]) -> None:
        """Send first and delete then, so that a message may be there twice but not be lost."""
        if messages:
            mark = {ALONE: {"DataType": "String", "StringValue": "yes"}}
            self._send([{"MessageBody": one.body, "MessageAttributes": mark} for one in messages])
            self.delete(messages)

    def release(self, messages: Sequence[Received]) -> None:
        """Hide them for no second more."""
        self._each(self._client.change_message_visibility_batch, messages, VisibilityTimeout=0)

    def delete(self, messages: Sequence[Received]) -> None:
        """Delete them in one request."""
        self._each(self._client.delete_message_batch, messages)

    def _each(self, do: Callable[..., Any], messages: Sequence[Received], **what: int) -> None:
        if not messages:
            return
        entries = [
            {"Id": str(number), "ReceiptHandle": message.receipt, **what}
            for number, message in enumerate(messages)
        ]
        try:
            answer = do(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the queue did not answer") from error
        if answer.get("Failed"):
            raise Unavailable("the queue keeps messages as they are")

    def _send(self, batch: Sequence[dict[str, Any]]) -> None:
        entries: list[Any] = [{"Id": str(number), **sent} for number, sent in enumerate(batch)]
        for _ in range(TRIES):
            refused = self._refused(entries)
            entries = [entry for entry in entries if entry["Id"] in refused]
            if not entries:
                return
        raise Unavailable(f"the queue refused {len(entries)} messages")

    def _refused(self, entries: list[Any]) -> set[str]:
        try:
            answer = self._client.send_message_batch(QueueUrl=self._url, Entries=entries)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the queue did not answer") from error
        return {entry["Id"] for entry in answer.get("Failed", ())}


class SqsDeadLetters:
    """The dead-letter queue of SQS."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def receive(self) -> Sequence[Received]:
        """Return up to ten messages, the most that SQS gives; waiting a second asks all servers."""
        try:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=1,
            )
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the dead-letter queue did not answer") from error
        return [
            Received(message["MessageId"], message["Body"], message["ReceiptHandle"])
            for message in answer.get("Messages", ())
        ]

    def delete(self, message: Received) -> None:
        """Delete one message."""
        try:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the dead-letter queue did not answer") from error
