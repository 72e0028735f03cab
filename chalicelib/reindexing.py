"""Re-indexing: asking the indexer to rebuild the search index, and how far it is."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter

from chalicelib.errors import SearchUnavailable, Unavailable
from chalicelib.names import INDEX
from chalicelib.storage import Storage

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RUN_STATE_KEY = f"{INDEX}reindex.json"
_MAX_BYTES = 100_000
_WRITE_INTERVAL = timedelta(seconds=1)
_BATCH = 1_000
# A live run notes its progress after every batch: in a second or two, with back-off in minutes.
_ABANDONED_AFTER = timedelta(minutes=5)
_LOOK_INTERVAL = timedelta(minutes=1)

Record = TypeVar("Record")

_logger = logging.getLogger(__name__)


class Stage(StrEnum):
    """How far a run is."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


# How long after a run's last sign of life another, which nobody asked for, may start.
_PAUSE_AFTER = {
    Stage.RUNNING: _ABANDONED_AFTER,
    Stage.FINISHED: timedelta(minutes=1),
    Stage.FAILED: timedelta(minutes=1),
}


@dataclass(frozen=True, slots=True)
class Run:
    """One re-index, or one roll-back to the former index.

    Attributes
    ----------
    run_id
        Chosen by whoever asked for it.
    records, last
        How many records of the catalogue were read so far, and the id of the last of them, after
        which a run that was interrupted resumes.
    reason
        Why it failed.
    """

    run_id: str
    roll_back: bool
    started_at: datetime
    updated_at: datetime
    stage: Stage = Stage.RUNNING
    records: int = 0
    last: str | None = None
    reason: str | None = None


_RUN = TypeAdapter(Run)


@dataclass(frozen=True, slots=True)
class Progress:
    """How an index builder reports how far it is, and learns where the one before it stopped.

    Attributes
    ----------
    stopped
        How many records an interrupted run had read, and the id of the last.
    note
        Takes how many records are indexed durably, and the id of the last of them.
    """

    stopped: tuple[int, str | None] = (0, None)
    note: Callable[[int, str | None], None] = lambda _records, _last: None


UNNOTED = Progress()


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield records in batches, after each of which an index builder reports its progress."""
    ahead = iter(records)
    while batch := list(islice(ahead, _BATCH)):
        yield batch


class RunStateStore:
    """The state of the newest run, in the bucket: the indexer writes it and the API reads it.

    Progress is written once in a second at most.
    """

    def __init__(
        self,
        storage: Storage,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._storage = storage
        self._now = now

    def newest(self) -> Run | None:
        """Return the newest run, None where there never was one."""
        text = self._storage.read(RUN_STATE_KEY, limit=_MAX_BYTES)
        return None if text is None else _RUN.validate_json(text)

    def is_running(self, other_than: str) -> bool:
        """Return whether a run of another id is under way: its state was written lately."""
        newest = self.newest()
        if newest is None or newest.stage is not Stage.RUNNING:
            return False
        return newest.run_id != other_than and self._now() - newest.updated_at < _ABANDONED_AFTER

    def run(self, run_id: str, *, roll_back: bool, work: Callable[[Progress], int]) -> int:
        """Do a run, writing its state from beginning to end; return how many records it read."""
        before = self.newest()
        run = Run(run_id, roll_back, self._now(), self._now())
        if before is not None and before.stage is not Stage.FINISHED:
            run = replace(run, records=before.records, last=before.last)
        self._write(run)
        written_at = self._now()

        def note(records: int, last: str | None) -> None:
            nonlocal run, written_at
            run = replace(run, records=records, last=last)
            # A run that begins from nothing must not be resumed from where another was.
            if last is None or self._now() - written_at >= _WRITE_INTERVAL:
                self._write(run)
                written_at = self._now()

        try:
            records = work(Progress((run.records, run.last), note))
        except Exception as error:
            reason = getattr(error, "detail", type(error).__name__)
            self._write(replace(run, stage=Stage.FAILED, reason=reason))
            raise
        self._write(replace(run, stage=Stage.FINISHED, records=records, last=None))
        return records

    def _write(self, run: Run) -> None:
        text = _RUN.dump_json(replace(run, updated_at=self._now()))
        try:
            self._storage.write(RUN_STATE_KEY, text, content_type="application/json")
        except Unavailable as error:
            # A rebuilt index without a state is better than none.
            _logger.warning("the state of a re-index was not written: %s", error.detail)


class Reindexing(Protocol):
    """Port. Adapter: `LambdaReindexing`."""

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        """Begin without waiting; searches answer from the former index meanwhile.

        Parameters
        ----------
        roll_back
            Go back to the index before the present one instead.
        unless_running
            Do nothing where another run is under way.

        Raises
        ------
        SearchUnavailable
            The indexer could not be asked.
        """


class LambdaReindexing:
    """Invokes the indexer function without waiting for it, to re-index or to recount."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        """Begin."""
        asked = {"id": run_id, "roll_back": roll_back, "unless_running": unless_running}
        self._invoke({"reindex": asked})

    def recount(self, run_id: str, *, unless_running: bool = False) -> None:
        """Begin to count."""
        self._invoke({"recount": {"id": run_id, "unless_running": unless_running}})

    def _invoke(self, event: Mapping[str, object]) -> None:
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event)
            )
        except (BotoCoreError, ClientError) as error:
            raise SearchUnavailable("the indexer could not be asked") from error


class AutomaticReindexing:
    """Starts a re-index that nobody asked for, or resumes one that was interrupted.

    Parameters
    ----------
    newest
        Returns the state of the newest run: while that is under way, or has just ended, nothing is
        started. It is looked at once in a minute at most.
    """

    def __init__(
        self,
        newest: Callable[[], Run | None],
        reindexing: Reindexing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._newest = newest
        self._reindexing = reindexing
        self._now = now
        self._next_look = datetime.min.replace(tzinfo=UTC)

    def start(self, *, roll_back: bool = False) -> None:
        """Start a run unless one is under way; never fail, since it is asked again."""
        now = self._now()
        if now < self._next_look:
            return
        self._next_look = now + _LOOK_INTERVAL
        try:
            newest = self._newest()
            if newest is None or now - newest.updated_at >= _PAUSE_AFTER[newest.stage]:
                run_id = _run_id(newest, roll_back)
                self._reindexing.start(run_id, roll_back=roll_back, unless_running=True)
        except (Unavailable, ValueError, TypeError) as error:  # a state that cannot be read, too
            _logger.warning("no re-index was started: %s", error)


def _run_id(newest: Run | None, roll_back: bool) -> str:
    """Return the id of the interrupted run that is resumed, or a new one."""
    if newest and newest.stage is not Stage.FINISHED and newest.roll_back == roll_back:
        return newest.run_id
    return str(uuid4())
