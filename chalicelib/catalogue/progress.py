"""How far a recount is, kept in the bucket so that another run can resume it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from pydantic import AwareDatetime, TypeAdapter

from chalicelib.errors import PayloadTooLarge
from chalicelib.images import State
from chalicelib.names import RECOUNT_PROGRESS, RECOUNTED
from chalicelib.storage import Storage

_MAX_BYTES = 100_000_000
_WRITE_INTERVAL = timedelta(seconds=10)
_ABANDONED_AFTER = timedelta(minutes=5)

_logger = logging.getLogger(__name__)


class Stage(StrEnum):
    """What is read: first all, then again for counters that began late; then nothing."""

    ALL = "all"
    LATE = "late"
    CORRECTING = "correcting"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recount is.

    Attributes
    ----------
    after
        The id of the last record that was read in this stage; None at its beginning.
    found
        How many records stood in each state, by counter.
    late
        Counters that began late and are read in the stage for them, or were.
    table
        Whose records these are: what was read of another table counts for nothing.
    """

    run_id: str
    epoch: int
    updated_at: AwareDatetime
    stage: Stage = Stage.ALL
    records: int = 0
    after: str | None = None
    found: dict[str, dict[State, int]] = field(default_factory=dict)
    late: list[str] = field(default_factory=list)
    table: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How many counters the last recount that came to its end found wrong."""

    run_id: str
    corrected: int


_PROGRESS = TypeAdapter(Progress)
_RESULT = TypeAdapter(Result)


class RecountProgress:
    """The progress of the newest recount, in the bucket; none while there is none to finish."""

    def __init__(
        self, storage: Storage, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._storage = storage
        self._now = now
        self._written_at = now()

    def is_running(self, other_than: str) -> bool:
        """Return whether a recount of another id is under way: it told of itself lately."""
        found = self.read()
        if found is None or found.run_id == other_than:
            return False
        return self._now() - found.updated_at < _ABANDONED_AFTER

    def begun(self, run_id: str, epoch: int, table: str) -> Progress:
        """Return and keep a new one."""
        return self.write(Progress(run_id, epoch, self._now(), table=table))

    def read(self) -> Progress | None:
        """Return it; what cannot be read is as good as none."""
        try:
            text = self._storage.read(RECOUNT_PROGRESS, limit=_MAX_BYTES)
            return None if text is None else _PROGRESS.validate_json(text)
        except (ValueError, PayloadTooLarge) as error:
            _logger.warning("%s cannot be read: %s", RECOUNT_PROGRESS, type(error).__name__)
            return None

    def write(self, progress: Progress) -> Progress:
        """Keep it."""
        told = replace(progress, updated_at=self._now())
        text = _PROGRESS.dump_json(told)
        self._storage.write(RECOUNT_PROGRESS, text, content_type="application/json")
        self._written_at = told.updated_at
        return told

    def note(self, progress: Progress) -> Progress:
        """Keep it, unless that was done a moment ago."""
        is_due = self._now() - self._written_at >= _WRITE_INTERVAL
        return self.write(progress) if is_due else progress

    def end(self, progress: Progress, corrected: int) -> None:
        """Keep what was found instead, since all is done."""
        text = _RESULT.dump_json(Result(progress.run_id, corrected))
        self._storage.write(RECOUNTED, text, content_type="application/json")
        self._storage.delete(RECOUNT_PROGRESS)

    def result(self) -> Result | None:
        """Return what the last recount found."""
        text = self._storage.read(RECOUNTED, limit=_MAX_BYTES)
        return None if text is None else _RESULT.validate_json(text)
