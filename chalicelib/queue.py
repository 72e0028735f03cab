"""The queue the captioner works off: what the repository itself puts on it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

BATCH = 10
TRIES = 4


class Queue(Protocol):
    """Port. Adapter: `SqsQueue`."""

    def send(self, messages: Sequence[dict[str, Any]]) -> None:
        """Put messages on the queue, in any number.

        Raises
        ------
        Unavailable
            Not all were accepted; sending them again does no harm.
        """


class SqsQueue:
    """A queue of SQS; entries that were refused are sent again."""

    def __init__(self, client: "SQSClient", url: str) -> None:
        self._client = client
        self._url = url

    def send(self, messages: Sequence[dict[str, Any]]) -> None:
        """Send ten at a time, the most that SQS takes."""
        for start in range(0, len(messages), BATCH):
            self._send(messages[start : start + BATCH])

    def _send(self, batch: Sequence[dict[str, Any]]) -> None:
        entries: list[Any] = [
            {"Id": str(number), "MessageBody": json.dumps(message)}
            for number, message in enumerate(batch)
        ]
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
