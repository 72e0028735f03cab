"""Process a batch of the queue's messages; each fails on its own."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol

from chalicelib import events
from chalicelib.errors import Unavailable
from chalicelib.events import ContinueImport, EventKind, Message, ObjectEvent
from chalicelib.folder_captions import is_caption_file
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest, IngestOutcome
from chalicelib.queue import ALONE, Queue, Received

# Two photographs are decoded one after the other, each for as long as it may be at most, and then
# captioned and stored (decision 309).
RESERVE_MS = 40_000
# Two photographs in memory at once are smaller than this, in bytes: of two of 119 megapixels the
# function needed 2,924 of its 3,008 MB.
LARGE_BYTES = 20_000_000
# From this attempt on a message has an invocation for itself, since it or another may have killed
# the process or outlived the function, and a failure is recorded.
ALONE_FROM_ATTEMPT = 3
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

    ``workers`` messages are processed at once, in the pool that ``executor`` makes of so many, and
    none is begun when the function may run for less than ``reserve_ms`` milliseconds. ``queue`` is
    theirs: it takes those again that must not be in the same invocation as another.
    """

    ingest: Ingest
    imports: Imports
    metrics: Metrics
    queue: Queue
    bucket: str
    workers: int = 1
    reserve_ms: int = RESERVE_MS
    executor: Callable[[int], Executor] = ThreadPoolExecutor

    def process(
        self, records: Sequence[Mapping[str, Any]], remaining_ms: Callable[[], int]
    ) -> list[str]:
        """Process an SQS event's records; return the ids of messages to be delivered again.

        What cannot be done in the milliseconds that the function may still run is returned
        untouched: a time-out would return the whole batch.
        """
        alone = sorted(filter(_is_alone, records), key=_attempts)
        others = [record for record in records if record not in alone]
        # With others before it, one might be lost that was itself never begun.
        chosen = [one for one in alone if not others or _attempts(one) < LAST_ATTEMPT - 1][-1:]
        failed = self._put_aside([record for record in alone if record not in chosen])
        unfinished = self._process_others(others, remaining_ms)
        if chosen and self._is_acknowledged([one for one in others if one not in unfinished]):
            told = self._read(chosen[0])
            self._record_last_attempt(told)
            chosen = [] if self._is_done(told, remaining_ms) else chosen
        return failed + [record["messageId"] for record in (*unfinished, *chosen)]

    def _process_others(
        self, records: Sequence[Mapping[str, Any]], remaining_ms: Callable[[], int]
    ) -> list[Mapping[str, Any]]:
        # A message that was delivered before may kill the process: the others go first, and of
        # such no two at once.
        together: list[_Told] = []
        in_turn: list[_Told] = []
        for told in map(self._read, sorted(records, key=_attempts)):
            goes_alone = _attempts(told.record) > 1 or told.is_large
            (in_turn if goes_alone else together).append(told)
        with self.executor(self.workers) as pool:
            done = list(pool.map(partial(self._is_done, remaining_ms=remaining_ms), together))
        done += [self._is_done(told, remaining_ms) for told in in_turn]
        return [
            told.record
            for told, is_done in zip([*together, *in_turn], done, strict=True)
            if not is_done
        ]

    def _read(self, record: Mapping[str, Any]) -> "_Told":
        return _Told(record, events.read(record["body"], self.bucket))

    def _is_done(self, told: "_Told", remaining_ms: Callable[[], int]) -> bool:
        def is_late() -> bool:
            return remaining_ms() < self.reserve_ms

        if is_late():
            self.metrics.count("postponed")
            return False
        if not told.messages:
            self.metrics.count("ignored")
        outcomes = [self._is_applied(message, told.record, is_late) for message in told.messages]
        return all(outcomes)

    def _is_applied(
        self, message: Message, record: Mapping[str, Any], is_late: Callable[[], bool]
    ) -> bool:
        try:
            self.metrics.count(self._apply(message, is_late))
            if isinstance(message, ObjectEvent) and _attempts(record) > 1:
                self.ingest.sweep(message)
        except Exception as error:  # the other messages are processed whatever it was
            self.metrics.failed(record["messageId"])
            self.metrics.count("error")
            attempts = _attempts(record)
            if attempts >= ALONE_FROM_ATTEMPT:
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

    def _put_aside(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Let others process them at once; return the ids of those that stay on the queue.

        Copies would multiply where processes are killed between sending one and deleting the
        original. So there is one only of what has no other attempt to lose.
        """
        spent = [record for record in records if _attempts(record) >= LAST_ATTEMPT - 1]
        rest = [record for record in records if record not in spent]
        try:
            self.queue.release([_received(record) for record in rest])
            self.queue.send_again([_received(record) for record in spent])
        except Unavailable:
            self.metrics.failed(records[0]["messageId"])
            rest.extend(spent)
        return [record["messageId"] for record in rest]

    def _is_acknowledged(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Delete what is done, lest it comes again where the process is killed now."""
        try:
            self.queue.delete([_received(record) for record in records])
        except Unavailable:
            self.metrics.failed(records[0]["messageId"])
            return False
        return True

    def _record_last_attempt(self, told: "_Told") -> None:
        attempts = _attempts(told.record)
        if attempts < LAST_ATTEMPT:
            return
        for message in told.messages:
            self._fail(message, told.record, f"captioning was cut short {attempts - 1} times")

    def _fail(self, message: Message, record: Mapping[str, Any], reason: str) -> None:
        if not isinstance(message, ObjectEvent) or is_caption_file(message.key):
            return
        if message.kind is EventKind.REMOVED:
            return
        try:
            self.ingest.fail(message, reason)
        except Exception:  # the message is delivered again all the same
            self.metrics.failed(record["messageId"])


class _Told(NamedTuple):
    """A record of the queue with what it tells, which is read, and logged, once."""

    record: Mapping[str, Any]
    messages: tuple[Message, ...]

    @property
    def is_large(self) -> bool:
        sizes = (one.size or 0 for one in self.messages if isinstance(one, ObjectEvent))
        return sum(sizes) > LARGE_BYTES


def _is_alone(record: Mapping[str, Any]) -> bool:
    is_marked = ALONE in record.get("messageAttributes", {})
    return is_marked or _attempts(record) >= ALONE_FROM_ATTEMPT


def _attempts(record: Mapping[str, Any]) -> int:
    return int(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))


def _received(record: Mapping[str, Any]) -> Received:
    return Received(record["messageId"], record["body"], record["receiptHandle"])
