"""How far an import is and what became of its lines: ``imports/<id>.json``."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from chalicelib.names import IMPORTS
from chalicelib.storage import Storage

MAX_PROBLEMS = 1_000
_MAX_BYTES = 10_000_000


class LineOutcome(StrEnum):
    """What became of one line: an imported caption, a user's instead, or no photograph."""

    CAPTIONED = "captioned"
    KEPT = "kept"
    MISSING = "missing"


def _zero_counts() -> dict[str, int]:
    return {outcome.value: 0 for outcome in LineOutcome} | {"problems": 0}


@dataclass(frozen=True, slots=True)
class ImportReport:
    """One import.

    Attributes
    ----------
    key
        Of the descriptions.
    line
        Number of the next one to import, where an import resumes.
    state
        ``running``, ``finished`` or ``failed``.
    counts
        Lines by `LineOutcome`, and as ``problems`` those that could not be read.
    problems
        The first ``MAX_PROBLEMS`` lines that led to no caption.
    """

    import_id: str
    owner: str
    key: str
    updated_at: datetime
    state: str = "running"
    reason: str | None = None
    line: int = 1
    counts: dict[str, int] = field(default_factory=_zero_counts)
    problems: tuple[dict[str, Any], ...] = ()

    @property
    def is_over(self) -> bool:
        """True where nothing is left to do."""
        return self.state != "running"

    def counted(self, outcome: LineOutcome) -> Self:
        """Return a report with one more line of this outcome."""
        return replace(self, counts=_incremented(self.counts, outcome.value))

    def with_problem(self, line: int, reason: str, *, counted: bool = True) -> Self:
        """Return a report that names a line."""
        counts = _incremented(self.counts, "problems") if counted else self.counts
        if len(self.problems) >= MAX_PROBLEMS:
            return replace(self, counts=counts)
        problems = (*self.problems, {"line": line, "reason": reason})
        return replace(self, counts=counts, problems=problems)

    def document(self) -> dict[str, Any]:
        """Return what the API answers."""
        document = asdict(self) | {"updated_at": self.updated_at.isoformat()}
        document["problems"] = list(self.problems)
        return {"id": document.pop("import_id")} | document

    def save(self, storage: Storage) -> None:
        """Store the report over its former state."""
        body = json.dumps(self.document()).encode()
        storage.write(f"{IMPORTS}{self.import_id}.json", body, content_type="application/json")

    @classmethod
    def load(cls, storage: Storage, import_id: str) -> Self | None:
        """Return a stored report, or None."""
        body = storage.read(f"{IMPORTS}{import_id}.json", limit=_MAX_BYTES)
        if body is None:
            return None
        document = json.loads(body)
        document |= {
            "updated_at": datetime.fromisoformat(document["updated_at"]),
            "problems": tuple(document["problems"]),
        }
        return cls(import_id=document.pop("id"), **document)


def _incremented(counts: dict[str, int], name: str) -> dict[str, int]:
    return counts | {name: counts[name] + 1}
