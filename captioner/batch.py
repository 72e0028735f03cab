"""Process a batch of the queue's messages; each fails on its own."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from chalicelib import events
from chalicelib.events import ContinueImport, EventKind, Message, ObjectEvent
from chalicelib.folder_captions import is_caption_file
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest, IngestOutcome

# Long enough for one photograph of the largest size on the function's memory.
RESERVE_MS = 15_000
# Two photographs in memory at once are smaller than this, in bytes: of two of 119 megapixels the
# function needed 2,924 of its 3,008 MB.
LARGE_BYTES = 20_000_000
# A failure is recorded from this attempt on.
RECORD_FROM_ATTEMPT = 3
# After five attempts the dead-letter queue takes over. The last one is recorded as failed before
# it is made, because a process that is killed records nothing.
LAST_ATTEMPT = 5


class Metrics(Protocol):
    """Where outcomes are counted and exceptions logged; neither captions nor keys belong there."""

    def count(self, what: str) -> None:
        """Add one to a metric."""

    def failed(self, message_id: str) -> None:
        """Log the exception being handled."""


@dataclass(frozen=True, slots=True)
class BatchProcessor:
    """Process messages: ``ingest`` those about photographs, ``imports`` about descriptions.

    ``workers`` messages are processed at once.
    """

    ingest: Ingest
    imports: Imports
    metrics: Metrics
    bucket: str
    workers: int = 1

    def process(
        self, records: Sequence[Mapping[str, Any]], remaining_ms: Callable[[], int]
    ) -> list[str]:
        """Process an SQS event's records; return the ids of messages to be delivered again.

        What cannot be done in the milliseconds that the function may still run is returned
        untouched: a time-out would return the whole batch.
        """
        for record in records:
            self._record_last_attempt(record)
        # A message that was delivered before may kill the process: the others go first, and of
        # such no two at once.
        together: list[Mapping[str, Any]] = []
        alone: list[Mapping[str, Any]] = []
        for record in sorted(records, key=_attempts):
            goes_alone = _attempts(record) > 1 or self._is_large(record)
            (alone if goes_alone else together).append(record)
        with ThreadPoolExecutor(self.workers) as pool:
            done = list(pool.map(partial(self._is_done, remaining_ms=remaining_ms), together))
        done += [self._is_done(record, remaining_ms) for record in alone]
        return [
            record["messageId"]
            for record, is_done in zip([*together, *alone], done, strict=True)
            if not is_done
        ]

    def _is_large(self, record: Mapping[str, Any]) -> bool:
        messages = events.read(record["body"], self.bucket)
        told = (one.size or 0 for one in messages if isinstance(one, ObjectEvent))
        return sum(told) > LARGE_BYTES

    def _is_done(self, record: Mapping[str, Any], remaining_ms: Callable[[], int]) -> bool:
        def is_late() -> bool:
            return remaining_ms() < RESERVE_MS

        if is_late():
            self.metrics.count("postponed")
            return False
        messages = events.read(record["body"], self.bucket)
        if not messages:
            self.metrics.count("ignored")
        outcomes = [self._is_applied(message, record, is_late) for message in messages]
        return all(outcomes)

    def _is_applied(
        self, message: Message, record: Mapping[str, Any], is_late: Callable[[], bool]
    ) -> bool:
        try:
            self.metrics.count(self._apply(message, is_late))
        except Exception as error:  # the other messages are processed whatever it was
            self.metrics.failed(record["messageId"])
            self.metrics.count("error")
            attempts = _attempts(record)
            if attempts >= RECORD_FROM_ATTEMPT:
                reason = f"captioning failed {attempts} times, last with {type(error).__name__}"
                self._fail(message, record, reason)
            return False
        return True

    def _apply(self, message: Message, is_late: Callable[[], bool]) -> str:
        match message:
            case ContinueImport():
                return self.imports.continue_import(message, is_late)
            case ObjectEvent(key=key) if is_caption_file(key):
                return self.imports.descriptions_changed(message, is_late)
            case ObjectEvent(kind=EventKind.REMOVED):
                outcome = self.ingest.removed(message)
            case ObjectEvent():
                outcome = self.ingest.created(message)
        if outcome is not IngestOutcome.DELETED:
            self.imports.caption(message.key)
        return outcome

    def _record_last_attempt(self, record: Mapping[str, Any]) -> None:
        attempts = _attempts(record)
        if attempts < LAST_ATTEMPT:
            return
        for message in events.read(record["body"], self.bucket):
            self._fail(message, record, f"captioning was cut short {attempts - 1} times")

    def _fail(self, message: Message, record: Mapping[str, Any], reason: str) -> None:
        if not isinstance(message, ObjectEvent) or is_caption_file(message.key):
            return
        if message.kind is EventKind.REMOVED:
            return
        try:
            self.ingest.fail(message, reason)
        except Exception:  # the message is delivered again all the same
            self.metrics.failed(record["messageId"])


def _attempts(record: Mapping[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))
