"""Imports: the captions of a ``descriptions.txt`` for the photographs of its folder."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from chalicelib.catalogue import Catalogue, update
from chalicelib.errors import InvalidField, NotFound, PayloadTooLarge
from chalicelib.events import ContinueImport, EventKind, ObjectEvent, continue_import
from chalicelib.folder_captions import MAX_DESCRIPTIONS_BYTES, FolderCaptions
from chalicelib.images import Image, Source, State, image_id_of
from chalicelib.import_report import ImportReport, LineOutcome
from chalicelib.queue import Queue
from chalicelib.storage import UPLOADS, Storage, object_at, owner_of
from chalicelib.transitions import imported, living
from image_repo_formats.descriptions import FILE_NAME, Line, UnreadableLine, names, parse

_ID = re.compile(r"[0-9a-f]{32}")
_MISSING = "there is no such photograph in the folder yet"


class Imports:
    """Start, process and report imports.

    Parameters
    ----------
    queue
        The captioner's; takes the requests to continue an import.
    clock
        Returns the time.
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
        self._folders = FolderCaptions(storage, clock)

    def start(self, owner: str | None, prefix: str) -> str:
        """Start to import a folder's descriptions.

        Parameters
        ----------
        owner
            Who asks; None for an administrator.
        prefix
            The folder, as ``uploads/<owner>/holidays/``.

        Returns
        -------
        str
            The import's id, for `report`.

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
        report = ImportReport(uuid4().hex, owner_of(key), key, self._clock())
        report.save(self._storage)
        self._continue(report)
        return report.import_id

    def report(self, owner: str | None, import_id: str) -> dict[str, Any]:
        """Return an import's state, counts and problems.

        Raises
        ------
        NotFound
            There is none of this id, or it is another owner's.
        """
        report = self._stored(import_id)
        if report is None or owner not in (None, report.owner):
            raise NotFound("there is no such import")
        return report.document()

    def descriptions_changed(self, event: ObjectEvent, is_late: Callable[[], bool]) -> str:
        """Import descriptions that were uploaded; deleted ones change no caption."""
        if event.kind is EventKind.REMOVED:
            return "ignored"
        name = f"{event.key}#{event.sequencer or event.version_id or self._clock().isoformat()}"
        import_id = uuid5(NAMESPACE_URL, name).hex
        started = ImportReport(import_id, owner_of(event.key), event.key, self._clock())
        return self._process(self._stored(import_id) or started, is_late)

    def continue_import(self, request: ContinueImport, is_late: Callable[[], bool]) -> str:
        """Process the next part; one that was processed is skipped."""
        report = self._stored(request.import_id)
        if report is None or request.line < report.line:
            return "duplicate"
        return self._process(report, is_late)

    def caption(self, key: str) -> None:
        """Give a photograph the caption that the descriptions beside it hold, if any."""
        text = self._folders.of(key)
        if text:
            self._apply(image_id_of(self._storage.bucket, key), text)

    def _process(self, report: ImportReport, is_late: Callable[[], bool]) -> str:
        if report.is_over:
            return "duplicate"
        try:
            body = self._storage.read(report.key, limit=MAX_DESCRIPTIONS_BYTES)
        except PayloadTooLarge as error:
            return self._fail(report, error.detail)
        if body is None:
            return self._fail(report, f"{FILE_NAME} is gone")
        entries = (entry for entry in parse(io.BytesIO(body)) if entry.number >= report.line)
        for chunk in _chunks(entries, self._chunk):
            report = self._imported(report, chunk)
            report.save(self._storage)
            if is_late():
                self._continue(report)
                return "import_continued"
        replace(report, state="finished", updated_at=self._clock()).save(self._storage)
        return "imported"

    def _imported(
        self, report: ImportReport, chunk: Sequence[Line | UnreadableLine]
    ) -> ImportReport:
        found = self._found(report, chunk)
        for entry in chunk:
            if isinstance(entry, UnreadableLine):
                report = report.with_problem(entry.number, entry.reason)
                continue
            image_id = found.get(entry.number)
            outcome = self._apply(image_id, entry.caption) if image_id else LineOutcome.MISSING
            report = report.counted(outcome)
            if outcome is LineOutcome.MISSING:
                report = report.with_problem(entry.number, _MISSING, counted=False)
        return replace(report, line=chunk[-1].number + 1, updated_at=self._clock())

    def _found(
        self, report: ImportReport, chunk: Sequence[Line | UnreadableLine]
    ) -> dict[int, str]:
        """Return the ids of the photographs that lines name, by the lines' numbers."""
        folder = report.key.removesuffix(FILE_NAME)
        candidates = {
            entry.number: [
                image_id_of(self._storage.bucket, folder + name) for name in names(entry.name)
            ]
            for entry in chunk
            if isinstance(entry, Line)
        }
        records = self._catalogue.get_many(chain.from_iterable(candidates.values()))
        existing = {key for key, record in records.items() if record.state is not State.DELETED}
        firsts = {
            number: next((image_id for image_id in ids if image_id in existing), None)
            for number, ids in candidates.items()
        }
        return {number: image_id for number, image_id in firsts.items() if image_id}

    def _apply(self, image_id: str, text: str) -> LineOutcome:
        """Import one caption and say which stands then, so that a part done twice counts alike."""

        def with_caption(stored: Image | None) -> Image:
            return imported(living(stored), text, self._clock())

        try:
            record = update(self._catalogue, image_id, with_caption).after
        except NotFound:
            return LineOutcome.MISSING
        is_users = record.caption is not None and record.caption.source is Source.USER
        return LineOutcome.KEPT if is_users else LineOutcome.CAPTIONED

    def _fail(self, report: ImportReport, reason: str) -> str:
        failed = replace(report, state="failed", reason=reason, updated_at=self._clock())
        failed.save(self._storage)
        return "import_failed"

    def _continue(self, report: ImportReport) -> None:
        self._queue.send([continue_import(ContinueImport(report.import_id, report.line))])

    def _stored(self, import_id: str) -> ImportReport | None:
        return ImportReport.load(self._storage, import_id) if _ID.fullmatch(import_id) else None


def _chunks(
    entries: Iterator[Line | UnreadableLine], size: int
) -> Iterator[list[Line | UnreadableLine]]:
    while chunk := list(islice(entries, size)):
        yield chunk
