"""Re-indexing: asking the indexer to rebuild the search index, and how far it is."""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import AwareDatetime, TypeAdapter

from chalicelib.errors import NotFound, PayloadTooLarge, SearchUnavailable, Unavailable
from chalicelib.names import INDEX
from chalicelib.storage import Storage

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

RUN_STATE_KEY = f"{INDEX}reindex.json"
_MAX_BYTES = 100_000
_WRITE_INTERVAL = timedelta(seconds=1)
BATCH = 1_000
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
class Position:
    """How far an index is filled.

    Attributes
    ----------
    records, last
        How many records of the catalogue are in it durably, and the id of the last of them.
    filling
        Names one filling of one index: in any other the position is worth nothing. None where
        nothing can be resumed.
    """

    records: int = 0
    last: str | None = None
    filling: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One re-index, or one roll-back to the former index.

    Attributes
    ----------
    run_id
        Chosen by whoever asked for it.
    records, last, filling
        The `Position` from which it is resumed where it was interrupted.
    reason
        Why it failed.
    """

    run_id: str
    roll_back: bool
    started_at: AwareDatetime
    updated_at: AwareDatetime
    stage: Stage = Stage.RUNNING
    records: int = 0
    last: str | None = None
    filling: str | None = None
    reason: str | None = None

    def at(self, position: Position) -> "Run":
        """Return the run as it stands there."""
        return replace(self, **asdict(position))

    @property
    def position(self) -> Position:
        """How far it is."""
        return Position(self.records, self.last, self.filling)

    def is_overtaken_by(self, other: "Run | None") -> bool:
        """Whether another run began later and did not fail: its state is the one to be told."""
        if other is None or other.run_id == self.run_id or other.stage is Stage.FAILED:
            return False
        return other.started_at > self.started_at


_RUN = TypeAdapter(Run)


@dataclass(frozen=True, slots=True)
class Progress:
    """How an index builder reports how far it is, and learns where the one before it stopped.

    Attributes
    ----------
    stopped
        Where the run before was interrupted, in whichever index that was.
    note
        Takes where this one is.
    """

    stopped: Position = Position()
    note: Callable[[Position], None] = lambda _position: None


UNNOTED = Progress()


def batches(records: Iterable[Record], size: int = BATCH) -> Iterator[list[Record]]:
    """Yield records in batches, after each of which an index builder reports its progress."""
    ahead = iter(records)
    while batch := list(islice(ahead, size)):
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

    def known(self) -> Run:
        """Return the newest run.

        Raises
        ------
        NotFound
            There never was one, or its state cannot be read, which is as good as none.
        """
        try:
            text = self._storage.read(RUN_STATE_KEY, limit=_MAX_BYTES)
            if text is None:
                raise NotFound("the search index was never rebuilt")
            return _RUN.validate_json(text)
        except (ValueError, PayloadTooLarge) as error:
            _logger.warning("%s cannot be read: %s", RUN_STATE_KEY, type(error).__name__)
            message = f"the state of the last re-index, {RUN_STATE_KEY}, cannot be read; ask anew"
            raise NotFound(message) from error

    def newest(self) -> Run | None:
        """Return the newest run, None where none is `known`."""
        try:
            return self.known()
        except NotFound:
            return None

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
            run = run.at(before.position)
        self._write(run)
        written_at = self._now()

        def note(position: Position) -> None:
            nonlocal run, written_at
            run = run.at(position)
            if self._now() - written_at >= _WRITE_INTERVAL:
                self._write(run)
                written_at = self._now()

        try:
            records = work(Progress(run.position, note))
        except Exception as error:
            reason = getattr(error, "detail", type(error).__name__)
            self._write(replace(run, stage=Stage.FAILED, reason=reason))
            raise
        self._write(replace(run.at(Position(records)), stage=Stage.FINISHED))
        return records

    def _write(self, run: Run) -> None:
        text = _RUN.dump_json(replace(run, updated_at=self._now()))
        try:
            if not run.is_overtaken_by(self.newest()):
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
        except Unavailable as error:
            _logger.warning("no re-index was started: %s", error.detail)


def _run_id(newest: Run | None, roll_back: bool) -> str:
    """Return the id of the interrupted run that is resumed, or a new one."""
    if newest and newest.stage is not Stage.FINISHED and newest.roll_back == roll_back:
        return newest.run_id
    return str(uuid4())
