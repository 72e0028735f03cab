"""Reports of imports: what became of each line, and where an import goes on."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from pydantic import TypeAdapter

from chalicelib.names import IMPORTS
from chalicelib.storage import Storage

MAX_PROBLEMS = 1_000
_MAX_BYTES = 10_000_000
_ID = re.compile(r"[0-9a-f]{32}")


class LineOutcome(StrEnum):
    """What became of one line, as reports count it."""

    CAPTIONED = "captioned"
    KEPT = "kept"  # what counts before it stands: a user's caption, or another file's
    MISSING = "missing"  # no photograph
    UNREADABLE = "problems"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How far an import is and what became of its lines: ``imports/<id>.json``.

    Attributes
    ----------
    key
        Of the file.
    form, encoding
        How it was read; None before.
    line
        Number of the next one to import, where an import resumes.
    requested
        Line of the newest request that was received: whoever receives it, or a later one, imports
        the rest, so that an earlier one is a duplicate.
    counts
        Lines by `LineOutcome`.
    problems
        The first ``MAX_PROBLEMS`` lines that led to no caption, with the reasons.
    """

    id: str
    owner: str
    key: str
    updated_at: datetime
    state: Literal["running", "finished", "failed"] = "running"
    reason: str | None = None
    form: str | None = None
    encoding: str | None = None
    line: int = 1
    requested: int = 1
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LineOutcome, 0))
    problems: tuple[dict[str, Any], ...] = ()

    def save(self, storage: Storage) -> Self:
        """Store the report over its former state, and return it."""
        body = _REPORT.dump_json(self)
        storage.write(f"{IMPORTS}{self.id}.json", body, content_type="application/json")
        return self

    @staticmethod
    def stored(storage: Storage, import_id: str) -> "ImportReport | None":
        """Return the report of an import; None where there is none of this id."""
        if not _ID.fullmatch(import_id):
            return None
        body = storage.read(f"{IMPORTS}{import_id}.json", limit=_MAX_BYTES)
        return None if body is None else _REPORT.validate_json(body)


_REPORT = TypeAdapter(ImportReport)
