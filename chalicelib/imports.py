"""Imports: the captions of a ``descriptions.txt`` on its folder's records, with a report."""

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from typing import Any
from uuid import NAMESPACE_URL, uuid4, uuid5

from chalicelib.catalogue import Catalogue
from chalicelib.errors import InvalidField, NotFound, PayloadTooLarge
from chalicelib.events import ImportRequest, Kind, ObjectEvent, go_on
from chalicelib.images import State, image_id_of
from chalicelib.imported import (
    MAX_BYTES,
    Applied,
    FolderCaptions,
    apply_caption,
    described_by,
)
from chalicelib.queue import Queue
from chalicelib.report import Report
from chalicelib.storage import UPLOADS, Storage, owner_of
from image_repo_formats.descriptions import FILE_NAME, Line, Problem, names, parse

_ID = re.compile(r"[0-9a-f]{32}")
_MISSING = "there is no such photograph in the folder yet"


class Imports:
    """Start, work off and report imports.

    Parameters
    ----------
    queue
        Takes an import's next part, which the captioner works off.
    clock
        Tells the time.
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
        """Begin to import a folder's descriptions.

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
        if described_by(self._storage, key) is None:
            raise InvalidField("prefix", f"the folder has no {FILE_NAME}")
        report = Report(uuid4().hex, owner_of(key), key, self._clock())
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

    def landed(self, event: ObjectEvent, is_late: Callable[[], bool]) -> str:
        """Import descriptions that were uploaded; deleted ones leave captions as they are."""
        if event.kind is Kind.REMOVED:
            return "ignored"
        what = f"{event.key}#{event.sequencer or event.version_id or self._clock().isoformat()}"
        import_id = uuid5(NAMESPACE_URL, what).hex
        begun = Report(import_id, owner_of(event.key), event.key, self._clock())
        return self._work(self._stored(import_id) or begun, is_late)

    def go_on(self, request: ImportRequest, is_late: Callable[[], bool]) -> str:
        """Work off the next part; one that is done already is left alone."""
        report = self._stored(request.import_id)
        if report is None or request.line < report.line:
            return "duplicate"
        return self._work(report, is_late)

    def caption(self, key: str) -> None:
        """Give a photograph the caption that the descriptions beside it hold, if any."""
        text = self._folders.of(key)
        if text:
            image_id = image_id_of(self._storage.bucket, key)
            apply_caption(self._catalogue, image_id, text, self._clock)

    def _work(self, report: Report, is_late: Callable[[], bool]) -> str:
        if report.is_over:
            return "duplicate"
        try:
            body = self._storage.read(report.key, limit=MAX_BYTES)
        except PayloadTooLarge as error:
            return self._fail(report, error.detail)
        if body is None:
            return self._fail(report, f"{FILE_NAME} is gone")
        todo = (entry for entry in parse(io.BytesIO(body)) if entry.number >= report.line)
        for chunk in _chunks(todo, self._chunk):
            report = self._imported(report, chunk)
            report.save(self._storage)
            if is_late():
                self._continue(report)
                return "import_continued"
        replace(report, state="finished", updated_at=self._clock()).save(self._storage)
        return "imported"

    def _imported(self, report: Report, chunk: Sequence[Line | Problem]) -> Report:
        found = self._found(report, chunk)
        for entry in chunk:
            if isinstance(entry, Problem):
                report = report.with_problem(entry.number, entry.reason)
                continue
            applied = self._apply(found.get(entry.number), entry.caption)
            report = report.counted(applied)
            if applied is Applied.MISSING:
                report = report.with_problem(entry.number, _MISSING, counted=False)
        return replace(report, line=chunk[-1].number + 1, updated_at=self._clock())

    def _found(self, report: Report, chunk: Sequence[Line | Problem]) -> dict[int, str]:
        """Return the ids of the photographs that lines mean, by the lines' numbers."""
        folder = report.key.removesuffix(FILE_NAME)
        meant = {
            entry.number: [
                image_id_of(self._storage.bucket, folder + name) for name in names(entry.name)
            ]
            for entry in chunk
            if isinstance(entry, Line)
        }
        records = self._catalogue.get_many(chain.from_iterable(meant.values()))
        living = {key for key, record in records.items() if record.state is not State.DELETED}
        firsts = {
            number: next((image_id for image_id in ids if image_id in living), None)
            for number, ids in meant.items()
        }
        return {number: image_id for number, image_id in firsts.items() if image_id}

    def _apply(self, image_id: str | None, text: str) -> Applied:
        if image_id is None:
            return Applied.MISSING
        return apply_caption(self._catalogue, image_id, text, self._clock)

    def _fail(self, report: Report, reason: str) -> str:
        failed = replace(report, state="failed", reason=reason, updated_at=self._clock())
        failed.save(self._storage)
        return "import_failed"

    def _continue(self, report: Report) -> None:
        self._queue.send([go_on(ImportRequest(report.import_id, report.line))])

    def _stored(self, import_id: str) -> Report | None:
        return Report.load(self._storage, import_id) if _ID.fullmatch(import_id) else None


def _chunks(entries: Iterator[Line | Problem], size: int) -> Iterator[list[Line | Problem]]:
    while chunk := list(islice(entries, size)):
        yield chunk
