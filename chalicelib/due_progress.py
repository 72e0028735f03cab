"""Where a pass over what is due was cut, kept in the bucket so that the next one resumes it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from chalicelib.names import DUE_PROGRESS
from chalicelib.storage import Storage

_MAX_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the walks through two listings are.

    Attributes
    ----------
    waiting, removed
        Cursors of the catalogue's listing of uploads that wait, and of removed photographs; None
        where the walk begins anew.
    removed_since
        When the walk through removed photographs began last.
    """

    waiting: str | None = None
    removed: str | None = None
    removed_since: datetime | None = None


_PROGRESS = TypeAdapter(Progress)


@dataclass(frozen=True, slots=True)
class DueProgress:
    """The progress of the newest pass."""

    storage: Storage

    def read(self) -> Progress:
        """Return it; that of no pass where there was none."""
        text = self.storage.read(DUE_PROGRESS, limit=_MAX_BYTES)
        return Progress() if text is None else _PROGRESS.validate_json(text)

    def write(self, progress: Progress) -> None:
        """Keep it."""
        text = _PROGRESS.dump_json(progress)
        self.storage.write(DUE_PROGRESS, text, content_type="application/json")
