"""The captioner's queue, as the repository itself writes to it, and the dead letters behind it."""

import json
from collections.abc import Sequence
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
# The attribute of a message that is to be handled with no other in the same invocation.
ALONE = "Alone"


@dataclass(frozen=True, slots=True)
class Received:
    """A message, and the receipt that deletes it."""

    message_id: str
    body: str
    receipt: str


class Queue(Protocol):
    """Port. Adapter: `SqsQueue`."""

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

    def send_again(self, messages: Sequence[Received], *, alone: bool) -> None:
        """Put copies in the place of received messages, which count as never received.

        Parameters
        ----------
        messages
            At most as many as are received at once.
        alone
            Mark the copies with the attribute `ALONE`.

        Raises
        ------
        Unavailable
            Copies or deletions were refused; there may be both copies and messages then.
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

    def send_again(self, messages: Sequence[Received], *, alone: bool) -> None:
        """Send first and delete then, so that a message may be there twice but not be lost."""
        if not messages:
            return
        mark = {ALONE: {"DataType": "String", "StringValue": "yes"}} if alone else {}
        self._send(
            [{"MessageBody": message.body, "MessageAttributes": mark} for message in messages]
        )
        receipts: list[Any] = [
            {"Id": str(number), "ReceiptHandle": message.receipt}
            for number, message in enumerate(messages)
        ]
        try:
            answer = self._client.delete_message_batch(QueueUrl=self._url, Entries=receipts)
        except (BotoCoreError, ClientError) as error:
            raise Unavailable("the queue did not answer") from error
        if answer.get("Failed"):
            raise Unavailable("the queue deletes nothing")

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
