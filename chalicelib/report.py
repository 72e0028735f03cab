"""How far an import is and what it found: ``imports/<id>.json``."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from chalicelib.imported import Applied
from chalicelib.names import IMPORTS
from chalicelib.storage import Storage

MAX_PROBLEMS = 1_000
_MAX_BYTES = 10_000_000


def _none_yet() -> dict[str, int]:
    return {applied.value: 0 for applied in Applied} | {"problems": 0}


@dataclass(frozen=True, slots=True)
class Report:
    """An import.

    Attributes
    ----------
    key
        Of the descriptions.
    line
        The next one to work off; what resumes an import.
    state
        ``running``, ``finished`` or ``failed``.
    counts
        Lines whose caption stands, those that a user's kept out, those without a photograph,
        and those that could not be read.
    problems
        The first ``MAX_PROBLEMS`` lines that did not lead to a caption.
    """

    import_id: str
    owner: str
    key: str
    updated_at: datetime
    state: str = "running"
    reason: str | None = None
    line: int = 1
    counts: dict[str, int] = field(default_factory=_none_yet)
    problems: tuple[dict[str, Any], ...] = ()

    @property
    def is_over(self) -> bool:
        """True where nothing is left to do."""
        return self.state != "running"

    def counted(self, applied: Applied) -> Self:
        """Return a report with one more line of this kind."""
        return replace(self, counts=_more(self.counts, applied.value))

    def with_problem(self, line: int, reason: str, *, counted: bool = True) -> Self:
        """Return a report that names a line."""
        counts = _more(self.counts, "problems") if counted else self.counts
        if len(self.problems) >= MAX_PROBLEMS:
            return replace(self, counts=counts)
        problems = (*self.problems, {"line": line, "reason": reason})
        return replace(self, counts=counts, problems=problems)

    def document(self) -> dict[str, Any]:
        """Return what the API answers."""
        told = asdict(self) | {"updated_at": self.updated_at.isoformat()}
        told["problems"] = list(self.problems)
        return {"id": told.pop("import_id")} | told

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
        told = json.loads(body)
        told |= {
            "updated_at": datetime.fromisoformat(told["updated_at"]),
            "problems": tuple(told["problems"]),
        }
        return cls(import_id=told.pop("id"), **told)


def _more(counts: dict[str, int], name: str) -> dict[str, int]:
    return counts | {name: counts[name] + 1}
