"""Having the search index made anew: asking the indexer for it, and how far it is."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Protocol, Self, TypeVar
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import SearchUnavailable, Unavailable
from chalicelib.storage import INDEX, Storage

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

JOURNAL = f"{INDEX}reindex.json"
_MAX_BYTES = 100_000
_NOTED_SECONDS = 1.0
_BATCH = 1_000
# A live run notes its progress after every batch: in a second or two, with back-off in minutes.
_ABANDONED_AFTER = timedelta(minutes=5)
_LOOK_INTERVAL_SECONDS = 60.0

Record = TypeVar("Record")

_logger = logging.getLogger(__name__)


class Stage(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Run:
    """One re-index, or one way back to the index before it.

    Attributes
    ----------
    run_id
        Of whoever asked for it.
    roll_back
        Whether it goes back.
    records
        Records of the catalogue read so far.
    last
        Id of the last of them; what a run goes on after that was cut.
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

    @classmethod
    def read(cls, text: bytes) -> Self:
        """Return the run that `written` wrote down."""
        values = json.loads(text)
        for name in ("started_at", "updated_at"):
            values[name] = datetime.fromisoformat(values[name])
        return cls(**{**values, "stage": Stage(values["stage"])})

    @property
    def written(self) -> bytes:
        """Return it as `read` reads it."""
        return json.dumps(asdict(self), default=str).encode()


class Progress(Protocol):
    """Where a maker of an index tells how far it is, and learns where one stopped before it."""

    @property
    def stopped(self) -> tuple[int, str | None]:
        """How many records were read by a run that was cut, and the id of the last."""

    def note(self, records: int, last: str | None) -> None:
        """Tell how many records are taken in for good, and the id of the last of them."""


class Unnoted:
    """A progress that nobody watches."""

    stopped: tuple[int, str | None] = (0, None)

    def note(self, records: int, last: str | None) -> None:
        """Leave it."""


def batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Yield all that a maker of an index reads, as much at once as it notes its progress by."""
    ahead = iter(records)
    while batch := list(islice(ahead, _BATCH)):
        yield batch


class Journal:
    """The newest run, kept in the bucket: the indexer writes it and the API reads it.

    Parameters
    ----------
    now
        The time.
    clock
        Seconds, to write at most once in a second.
    """

    def __init__(
        self,
        storage: Storage,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._storage = storage
        self._now = now
        self._clock = clock

    def newest(self) -> Run | None:
        """Return the newest run, None where there never was one."""
        text = self._storage.read(JOURNAL, limit=_MAX_BYTES)
        return None if text is None else Run.read(text)

    def carried_out(self, run_id: str, *, roll_back: bool, work: Callable[[Progress], int]) -> int:
        """Do the work of a run, written down from its beginning to its end.

        Returns
        -------
        int
            Of ``work``: how many records were read.
        """
        before = self.newest()
        begun = Run(run_id, roll_back, self._now(), self._now())
        if before is not None and before.stage is not Stage.FINISHED:
            begun = replace(begun, records=before.records, last=before.last)
        noting = _Noting(begun, self._write, self._clock)
        self._write(begun)
        try:
            records = work(noting)
        except Exception as error:
            reason = getattr(error, "detail", type(error).__name__)
            self._write(replace(noting.run, stage=Stage.FAILED, reason=reason))
            raise
        self._write(replace(noting.run, stage=Stage.FINISHED, records=records, last=None))
        return records

    def _write(self, run: Run) -> None:
        text = replace(run, updated_at=self._now()).written
        try:
            self._storage.write(JOURNAL, text, content_type="application/json")
        except Unavailable as error:
            # The index matters more than the tale of it.
            _logger.warning("the progress of a re-index is not written down: %s", error.detail)


class _Noting:
    """Writes a run down as it goes on."""

    def __init__(self, run: Run, write: Callable[[Run], None], clock: Callable[[], float]) -> None:
        self.run = run
        self.stopped = (run.records, run.last)
        self._write = write
        self._clock = clock
        self._noted = clock()

    def note(self, records: int, last: str | None) -> None:
        self.run = replace(self.run, records=records, last=last)
        # A run that begins from nothing must not be resumed from where another was.
        if last is None or self._clock() - self._noted >= _NOTED_SECONDS:
            self._write(self.run)
            self._noted = self._clock()


class Reindexing(Protocol):
    """Port. Adapter: `LambdaReindexing`."""

    def start(self, run_id: str, *, roll_back: bool = False) -> None:
        """Begin; it goes on by itself, and searches answer from the former index meanwhile.

        Parameters
        ----------
        run_id
            By which the journal will name it.
        roll_back
            Go back to the index before the present one instead.

        Raises
        ------
        SearchUnavailable
            The indexer could not be asked.
        """


class LambdaReindexing:
    """Invokes the indexer function without waiting for it."""

    def __init__(self, client: "LambdaClient", function: str) -> None:
        self._client = client
        self._function = function

    def start(self, run_id: str, *, roll_back: bool = False) -> None:
        """Begin."""
        payload = json.dumps({"reindex": {"id": run_id, "roll_back": roll_back}}).encode()
        try:
            self._client.invoke(
                FunctionName=self._function, InvocationType="Event", Payload=payload
            )
        except (BotoCoreError, ClientError) as error:
            raise SearchUnavailable("the indexer could not be asked") from error


class AutomaticReindexing:
    """Starts a re-index that nobody asked for, or resumes one that was interrupted.

    Parameters
    ----------
    newest
        Returns the state of the newest run: where that was written lately, nothing is started.
    reindexing
        Starts the run elsewhere.
    now, clock
        The time of day; monotonic seconds, by which it looks once in a minute at most.
    """

    def __init__(
        self,
        newest: Callable[[], Run | None],
        reindexing: Reindexing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._newest = newest
        self._reindexing = reindexing
        self._now = now
        self._clock = clock
        self._next_look = float("-inf")

    def start(self, *, roll_back: bool = False) -> None:
        """Start a run unless one is under way; never fail, since it is asked again."""
        if self._clock() < self._next_look:
            return
        self._next_look = self._clock() + _LOOK_INTERVAL_SECONDS
        try:
            newest = self._newest()
            if newest is None or self._now() - newest.updated_at >= _ABANDONED_AFTER:
                self._reindexing.start(_run_id(newest, roll_back), roll_back=roll_back)
        except Unavailable as error:
            _logger.warning("no re-index was started: %s", error.detail)


def _run_id(newest: Run | None, roll_back: bool) -> str:
    """Return the id of the interrupted run that is resumed, or a new one."""
    if newest and newest.stage is not Stage.FINISHED and newest.roll_back == roll_back:
        return newest.run_id
    return str(uuid4())
