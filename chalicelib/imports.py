"""Imports: the captions of a ``descriptions.txt`` for the photographs of its folder."""

import io
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import chain, islice
from pathlib import PurePosixPath
from typing import Any, Literal, Self
from uuid import NAMESPACE_URL, uuid4, uuid5

from pydantic import TypeAdapter

from chalicelib.catalogue import Catalogue, update
from chalicelib.errors import InvalidField, NotFound, PayloadTooLarge, StorageUnavailable
from chalicelib.events import ContinueImport, EventKind, ObjectEvent, continue_import
from chalicelib.images import Source, State, image_id_of
from chalicelib.names import IMPORTS, UPLOADS
from chalicelib.queue import Queue
from chalicelib.storage import Storage, StoredObject, object_at, owner_of
from chalicelib.transitions import imported, living
from image_repo_formats.captions import DEFAULT_NAME as FILE_NAME
from image_repo_formats.captions import first_captions, names, read
from image_repo_formats.entries import Line, UnreadableLine

MAX_DESCRIPTIONS_BYTES = 100_000_000
MAX_PROBLEMS = 1_000
_MAX_REPORT_BYTES = 10_000_000
_MAX_CACHED_FOLDERS = 4
_ID = re.compile(r"[0-9a-f]{32}")
_MISSING = "there is no such photograph in the folder yet"


class LineOutcome(StrEnum):
    """What became of one line, as reports count it."""

    CAPTIONED = "captioned"
    KEPT = "kept"  # a user's caption stands
    MISSING = "missing"  # no photograph
    UNREADABLE = "problems"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """How far an import is and what became of its lines: ``imports/<id>.json``.

    Attributes
    ----------
    key
        Of the descriptions.
    line
        Number of the next one to import, where an import resumes.
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
    line: int = 1
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LineOutcome, 0))
    problems: tuple[dict[str, Any], ...] = ()

    def save(self, storage: Storage) -> Self:
        """Store the report over its former state, and return it."""
        body = _REPORT.dump_json(self)
        storage.write(f"{IMPORTS}{self.id}.json", body, content_type="application/json")
        return self


_REPORT = TypeAdapter(ImportReport)


def is_descriptions(key: str) -> bool:
    """Return whether an upload is a folder's descriptions and not a photograph."""
    return key.startswith(UPLOADS) and names_descriptions(key.rsplit("/", 1)[-1])


def names_descriptions(name: str) -> bool:
    """Return whether a file of this name holds captions."""
    return name == FILE_NAME


class Imports:
    """Start, process and report imports.

    Parameters
    ----------
    queue
        The captioner's; takes the requests to continue an import.
    chunk
        Lines between two saves of the report.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: Storage,
        queue: Queue,
        clock: Callable[[], datetime],
        *,
        chunk: int = 500,
    ) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._queue = queue
        self._clock = clock
        self._chunk = chunk
        # That there are no descriptions is never cached: some may land in between.
        self._captions = lru_cache(_MAX_CACHED_FOLDERS)(self._read_captions)

    def start(self, owner: str | None, prefix: str) -> ImportReport:
        """Start to import a folder's descriptions.

        Parameters
        ----------
        owner
            Who asks; None for an administrator.
        prefix
            The folder, as ``uploads/<owner>/holidays/``.

        Raises
        ------
        InvalidField
            ``prefix`` is no folder of the owner's or has no descriptions.
        """
        key = f"{prefix.rstrip('/')}/{FILE_NAME}"
        if not prefix.startswith(UPLOADS) or owner not in (None, owner_of(key)):
            raise InvalidField("prefix", f"must be a folder of yours, as {UPLOADS}<owner>/")
        if object_at(self._storage, key) is None:
            raise InvalidField("prefix", f"the folder has no {FILE_NAME}")
        report = self._begun(uuid4().hex, key).save(self._storage)
        self._continue(report)
        return report

    def report(self, owner: str | None, import_id: str) -> ImportReport:
        """Return an import's state, counts and problems.

        Raises
        ------
        NotFound
            There is none of this id, or it is another owner's.
        """
        report = self._stored(import_id)
        if report is None or owner not in (None, report.owner):
            raise NotFound("there is no such import")
        return report

    def descriptions_changed(self, event: ObjectEvent, is_late: Callable[[], bool]) -> str:
        """Import descriptions that were uploaded; deleted ones change no caption."""
        if event.kind is EventKind.REMOVED:
            return "ignored"
        name = f"{event.key}#{event.sequencer or event.version_id or self._clock().isoformat()}"
        import_id = uuid5(NAMESPACE_URL, name).hex
        return self._process(self._stored(import_id) or self._begun(import_id, event.key), is_late)

    def continue_import(self, request: ContinueImport, is_late: Callable[[], bool]) -> str:
        """Process the next part; one that was processed is skipped."""
        report = self._stored(request.import_id)
        if report is None or request.line < report.line:
            return "duplicate"
        return self._process(report, is_late)

    def caption(self, key: str) -> None:
        """Give a photograph the caption that the descriptions beside it hold, if any."""
        folder, _, name = key.rpartition("/")
        file = object_at(self._storage, f"{folder}/{FILE_NAME}")
        captions = self._captions(file) if file else {}
        name = unicodedata.normalize("NFC", name)
        text = captions.get(name) or captions.get(PurePosixPath(name).stem)
        if text:
            self._apply(image_id_of(self._storage.bucket, key), text)

    def _read_captions(self, file: StoredObject) -> dict[str, str]:
        body = self._storage.read(file.key, limit=MAX_DESCRIPTIONS_BYTES)
        if body is None:
            raise StorageUnavailable(f"{FILE_NAME} was deleted meanwhile")
        return {
            unicodedata.normalize("NFC", line.name): line.caption
            for line in first_captions(read(io.BytesIO(body), FILE_NAME).entries)
            if isinstance(line, Line) and line.caption
        }

    def _process(self, report: ImportReport, is_late: Callable[[], bool]) -> str:
        if report.state != "running":
            return "duplicate"
        try:
            body = self._storage.read(report.key, limit=MAX_DESCRIPTIONS_BYTES)
        except PayloadTooLarge as error:
            return self._fail(report, error.detail)
        if body is None:
            return self._fail(report, f"{FILE_NAME} is gone")
        found = first_captions(read(io.BytesIO(body), FILE_NAME).entries)
        entries = (entry for entry in found if entry.number >= report.line)
        while chunk := list(islice(entries, self._chunk)):
            report = self._imported(report, chunk).save(self._storage)
            if is_late():
                self._continue(report)
                return "import_continued"
        replace(report, state="finished", updated_at=self._clock()).save(self._storage)
        return "imported"

    def _imported(
        self, report: ImportReport, chunk: Sequence[Line | UnreadableLine]
    ) -> ImportReport:
        found = self._found(report, [entry for entry in chunk if isinstance(entry, Line)])
        counts, problems = dict(report.counts), list(report.problems)
        for entry in chunk:
            if isinstance(entry, Line):
                image_id = found[entry.number]
                outcome = self._apply(image_id, entry.caption or "") if image_id else LineOutcome.MISSING
                reason = _MISSING
            else:
                outcome, reason = LineOutcome.UNREADABLE, entry.reason
            counts[outcome] += 1
            if outcome in (LineOutcome.MISSING, LineOutcome.UNREADABLE):
                problems.append({"line": entry.number, "reason": reason})
        return replace(
            report,
            line=chunk[-1].number + 1,
            counts=counts,
            problems=tuple(problems[:MAX_PROBLEMS]),
            updated_at=self._clock(),
        )

    def _found(self, report: ImportReport, lines: Sequence[Line]) -> dict[int, str | None]:
        """Return the id of the photograph that each line names, by the lines' numbers."""
        folder = report.key.removesuffix(FILE_NAME)
        candidates = {
            line.number: [
                image_id_of(self._storage.bucket, folder + name) for name in names(line.name)
            ]
            for line in lines
        }
        records = self._catalogue.get_many(chain.from_iterable(candidates.values()))
        existing = {key for key, record in records.items() if record.state is not State.DELETED}
        return {
            number: next((image_id for image_id in ids if image_id in existing), None)
            for number, ids in candidates.items()
        }

    def _apply(self, image_id: str, text: str) -> LineOutcome:
        """Import one caption and say which stands then, so that a part done twice counts alike."""
        try:
            record = update(
                self._catalogue,
                image_id,
                lambda stored: imported(living(stored), text, self._clock()),
            ).after
        except NotFound:
            return LineOutcome.MISSING
        is_users = record.caption is not None and record.caption.source is Source.USER
        return LineOutcome.KEPT if is_users else LineOutcome.CAPTIONED

    def _fail(self, report: ImportReport, reason: str) -> str:
        now = self._clock()
        replace(report, state="failed", reason=reason, updated_at=now).save(self._storage)
        return "import_failed"

    def _continue(self, report: ImportReport) -> None:
        self._queue.send([continue_import(ContinueImport(report.id, report.line))])

    def _begun(self, import_id: str, key: str) -> ImportReport:
        return ImportReport(import_id, owner_of(key), key, self._clock())

    def _stored(self, import_id: str) -> ImportReport | None:
        if not _ID.fullmatch(import_id):
            return None
        body = self._storage.read(f"{IMPORTS}{import_id}.json", limit=_MAX_REPORT_BYTES)
        return None if body is None else _REPORT.validate_json(body)
