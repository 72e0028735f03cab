"""A batch of the queue's messages, each one's failure its own."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from chalicelib import events
from chalicelib.events import ImportRequest, Kind, Message, ObjectEvent
from chalicelib.imported import is_descriptions
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest

# Long enough for one photograph of the largest size on the function's memory.
RESERVE_MS = 15_000
# The queue's dead letters take over after five; the record says so earlier.
TELL_AFTER = 3
# What may be the last attempt is told of before it is made: a process that dies tells nothing.
LAST = 5


class Journal(Protocol):
    """Where the work is counted and told; neither captions nor keys belong there."""

    def count(self, what: str) -> None:
        """Add one to a metric."""

    def failed(self, message_id: str) -> None:
        """Log the exception being handled."""


class Batch:
    """Work off messages.

    Parameters
    ----------
    ingest, imports
        What messages about photographs and about descriptions lead to.
    bucket
        The repository's.
    """

    def __init__(self, ingest: Ingest, imports: Imports, journal: Journal, *, bucket: str) -> None:
        self._ingest = ingest
        self._imports = imports
        self._journal = journal
        self._bucket = bucket

    def work(
        self, records: Sequence[Mapping[str, Any]], remaining_ms: Callable[[], int]
    ) -> list[str]:
        """Return the ids of the messages that have to come back.

        Parameters
        ----------
        records
            Of the SQS event.
        remaining_ms
            Tells how long the function may still run. What cannot be done in that time is handed
            back untouched: a time-out would hand back the whole batch.
        """
        for record in records:
            self._forewarn(record)
        # What came back before may bring the process down: the others go first.
        records = sorted(records, key=_attempts)
        return [
            record["messageId"] for record in records if not self._is_done(record, remaining_ms)
        ]

    def _is_done(self, record: Mapping[str, Any], remaining_ms: Callable[[], int]) -> bool:
        def is_late() -> bool:
            return remaining_ms() < RESERVE_MS

        if is_late():
            self._journal.count("postponed")
            return False
        messages = events.read(record["body"], self._bucket)
        if not messages:
            self._journal.count("ignored")
        outcomes = [self._is_applied(message, record, is_late) for message in messages]
        return all(outcomes)

    def _is_applied(
        self, message: Message, record: Mapping[str, Any], is_late: Callable[[], bool]
    ) -> bool:
        try:
            self._journal.count(self._apply(message, is_late))
        except Exception as error:  # whatever it was, the other messages go on
            self._journal.failed(record["messageId"])
            self._journal.count("error")
            self._tell(message, record, error)
            return False
        return True

    def _apply(self, message: Message, is_late: Callable[[], bool]) -> str:
        match message:
            case ImportRequest():
                return self._imports.go_on(message, is_late)
            case ObjectEvent(key=key) if is_descriptions(key):
                return self._imports.landed(message, is_late)
            case ObjectEvent(kind=Kind.REMOVED):
                return self._ingest.removed(message)
        outcome = self._ingest.created(message)
        self._imports.caption(message.key)
        return outcome

    def _tell(self, message: Message, record: Mapping[str, Any], error: Exception) -> None:
        attempts = _attempts(record)
        if attempts >= TELL_AFTER:
            reason = f"captioning failed {attempts} times, last with {type(error).__name__}"
            self._fail(message, record, reason)

    def _forewarn(self, record: Mapping[str, Any]) -> None:
        attempts = _attempts(record)
        if attempts < LAST:
            return
        for message in events.read(record["body"], self._bucket):
            self._fail(message, record, f"captioning was cut short {attempts - 1} times")

    def _fail(self, message: Message, record: Mapping[str, Any], reason: str) -> None:
        if not isinstance(message, ObjectEvent) or is_descriptions(message.key):
            return
        if message.kind is Kind.REMOVED:
            return
        try:
            self._ingest.fail(message, reason)
        except Exception:  # the message comes back all the same
            self._journal.failed(record["messageId"])


def _attempts(record: Mapping[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))
