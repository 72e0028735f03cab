"""Imports: the captions of a file for the photographs of its folder."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from itertools import chain, islice
from threading import Lock
from uuid import NAMESPACE_URL, uuid4, uuid5

from chalicelib.catalogue import Catalogue, update
from chalicelib.errors import InvalidField, NotFound
from chalicelib.events import ContinueImport, EventKind, ObjectEvent, continue_import
from chalicelib.folder_captions import Described, FolderCaptions, Registered, is_caption_file
from chalicelib.images import Image, Source, State, image_id_of
from chalicelib.import_reports import MAX_PROBLEMS, ImportReport, LineOutcome
from chalicelib.names import UPLOADS
from chalicelib.queue import Queue
from chalicelib.storage import Storage, owner_of
from chalicelib.transitions import imported, kept
from image_repo_formats import text_encoding
from image_repo_formats.captions import DEFAULT_NAME, first_captions, is_sidecar, names
from image_repo_formats.entries import CaptionFileError, Entry, Line, UnreadableLine

_MISSING = "there is no such photograph in the folder yet"
_REPLACED = "the file was replaced or deleted meanwhile"


class Imports:
    """Start, process and report imports.

    Parameters
    ----------
    queue
        The captioner's; takes the requests to continue an import.
    chunk
        Lines between two saves of the report.
    lock
        See `FolderCaptions`.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: Storage,
        queue: Queue,
        clock: Callable[[], datetime],
        *,
        chunk: int = 500,
        lock: Callable[[], AbstractContextManager[object]] = Lock,
    ) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._queue = queue
        self._clock = clock
        self._chunk = chunk
        self._captions = FolderCaptions(storage, lock=lock)

    def start(
        self, owner: str | None, prefix: str, name: str | None = None, encoding: str | None = None
    ) -> ImportReport:
        """Start to import a folder's captions.

        Parameters
        ----------
        owner
            Who asks; None for an administrator.
        prefix
            The folder, as ``uploads/<owner>/holidays/``.
        name
            The file's; None takes the one that counts first.
        encoding
            Of its text; None tells it by the bytes.

        Raises
        ------
        InvalidField
            ``prefix`` is no folder of the owner's or has no captions, ``file`` is none of its
            caption files, or the encoding is unknown.
        """
        folder = prefix.rstrip("/")
        if not prefix.startswith(UPLOADS) or owner not in (None, owner_of(f"{folder}/")):
            raise InvalidField("prefix", f"must be a folder of yours, as {UPLOADS}<owner>/")
        key = self._named(folder, name)
        if encoding:
            try:
                text_encoding.known(encoding)
            except LookupError as error:
                raise InvalidField("encoding", str(error)) from error
        self._captions.register(key, encoding)
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
        report = ImportReport.stored(self._storage, import_id)
        if report is None or owner not in (None, report.owner):
            raise NotFound("there is no such import")
        return report

    def descriptions_changed(self, event: ObjectEvent, is_late: Callable[[], bool]) -> str:
        """Import a file of captions that was uploaded; a deleted one changes no caption.

        All redrives of a file have one report, which each begins anew: one that is delivered again
        ends what it began, though the file was replaced meanwhile.
        """
        self._captions.register(event.key)
        if event.kind is EventKind.REMOVED:
            return "ignored"
        told_by = event.sequencer or event.version_id
        import_id = uuid5(NAMESPACE_URL, f"{event.key}#{told_by or 'redrive'}").hex
        known = ImportReport.stored(self._storage, import_id) if told_by else None
        return self._resume(known or self._begun(import_id, event.key), 1, is_late)

    def continue_import(self, request: ContinueImport, is_late: Callable[[], bool]) -> str:
        """Process the next part, from where the report stands."""
        report = ImportReport.stored(self._storage, request.import_id)
        return self._resume(report, request.line, is_late) if report else "duplicate"

    def caption(self, key: str) -> None:
        """Give a photograph what the caption files beside it say of it, if anything.

        A file that landed meanwhile may have been imported before this caption was saved.
        """
        folder = key.rpartition("/")[0]
        files, seen = self._captions.of(folder), None
        while files and files != seen:
            self._describe(key, files)
            files, seen = self._captions.of(folder), files

    def _named(self, folder: str, name: str | None) -> str:
        """Return the key of a folder's file of captions, which is there."""
        if name is not None:
            key = f"{folder}/{name}"
            if "/" in name or not is_caption_file(key) or self._storage.head(key) is None:
                raise InvalidField("file", "must name a file of captions in the folder")
            return key
        entered = [one.key for one in self._captions.of(folder) if not one.is_sidecars]
        for key in (*entered, f"{folder}/{DEFAULT_NAME}"):
            if self._storage.head(key):
                return key
        raise InvalidField(
            "prefix", f"the folder has no {DEFAULT_NAME} or another file of captions"
        )

    def _resume(self, report: ImportReport, requested: int, is_late: Callable[[], bool]) -> str:
        """Process a part, unless the import has ended or a later request was received.

        A part that is saved is no proof that the rest was asked for: the process may have ended
        before.
        """
        if report.state != "running" or requested < report.requested:
            return "duplicate"
        return self._process(replace(report, requested=requested), is_late)

    def _process(self, report: ImportReport, is_late: Callable[[], bool]) -> str:
        try:
            file = self._captions.open(report.key)
        except CaptionFileError as error:
            return self._fail(report, error.reason)
        report = replace(report, form=file.form.value, encoding=file.encoding)
        found = first_captions(file.entries)
        entries = (entry for entry in found if entry.number >= report.line)
        while chunk := list(islice(entries, self._chunk)):
            report = self._imported(report, chunk, is_late).save(self._storage)
            if report.line <= chunk[-1].number or is_late():
                self._continue(report)
                return "import_continued"
        replace(report, state="finished", updated_at=self._clock()).save(self._storage)
        return "imported"

    def _imported(
        self, report: ImportReport, chunk: Sequence[Entry], is_late: Callable[[], bool]
    ) -> ImportReport:
        """Import a chunk's entries until it is late, one at least."""
        files = self._files_beside(report.key)
        found = self._found(report.key, [entry for entry in chunk if isinstance(entry, Line)])
        counts, problems = dict(report.counts), list(report.problems)
        for entry in chunk:
            outcome, reason = self._line(entry, found, files, report.key)
            counts[outcome] += 1
            if reason:
                problems.append({"line": entry.number, "reason": reason})
            if is_late():
                break
        if self._files_beside(report.key) != files:
            # One that landed meanwhile may have been imported before these lines were.
            return self._imported(report, chunk, is_late)
        return replace(
            report,
            line=entry.number + 1,
            counts=counts,
            problems=tuple(problems[:MAX_PROBLEMS]),
            updated_at=self._clock(),
        )

    def _files_beside(self, key: str) -> tuple[Registered, ...]:
        """Return the files that count for an import of one: sidecars for a sidecar alone."""
        folder, _, name = key.rpartition("/")
        files = self._captions.of(folder)
        return tuple(one for one in files if is_sidecar(name) or not one.is_sidecars)

    def _line(
        self,
        entry: Entry,
        found: Mapping[int, Sequence[str]],
        files: Sequence[Registered],
        source: str,
    ) -> tuple[LineOutcome, str]:
        """Import one entry of the file ``source``; return what came of it, and why no caption."""
        if isinstance(entry, UnreadableLine):
            return LineOutcome.UNREADABLE, entry.reason
        outcomes = [self._describe(key, files, source) for key in found[entry.number]]
        return outcomes[0] if outcomes else (LineOutcome.MISSING, _MISSING)

    def _found(self, file: str, lines: Sequence[Line]) -> dict[int, list[str]]:
        """Return the keys of the photographs that each line names, by the lines' numbers."""
        bucket, folder = self._storage.bucket, file.rpartition("/")[0]
        keys = {line.number: [f"{folder}/{name}" for name in names(line.name)] for line in lines}
        ids = {key: image_id_of(bucket, key) for key in chain.from_iterable(keys.values())}
        records = self._catalogue.get_many(ids.values())
        existing = {key for key, record in records.items() if record.state is not State.DELETED}
        return {
            number: [key for key in named if ids[key] in existing] for number, named in keys.items()
        }

    def _describe(
        self, key: str, files: Sequence[Registered], source: str | None = None
    ) -> tuple[LineOutcome, str]:
        """Import what files say of a photograph, and tell what stands then of ``source``.

        So a part that is done twice counts alike.
        """
        told = self._captions.described(key, files)
        try:
            record = update(
                self._catalogue,
                image_id_of(self._storage.bucket, key),
                lambda stored: imported(
                    kept(stored), told.caption, self._clock(), keywords=told.keywords or None
                ),
            ).after
        except NotFound:
            return LineOutcome.MISSING, _MISSING
        return _outcome(record, told, source)

    def _fail(self, report: ImportReport, reason: str) -> str:
        now = self._clock()
        replace(report, state="failed", reason=reason, updated_at=now).save(self._storage)
        return "import_failed"

    def _continue(self, report: ImportReport) -> None:
        self._queue.send([continue_import(ContinueImport(report.id, report.line))])

    def _begun(self, import_id: str, key: str) -> ImportReport:
        return ImportReport(import_id, owner_of(key), key, self._clock())


def _outcome(record: Image, told: Described, source: str | None) -> tuple[LineOutcome, str]:
    if told.source not in (None, source):
        name = str(told.source).rpartition("/")[2]
        return LineOutcome.KEPT, f"{name} describes the photograph, too, and counts first"
    if told.caption is None and not told.keywords:
        return LineOutcome.UNREADABLE, _REPLACED
    is_users = record.caption is not None and record.caption.source is Source.USER
    return (LineOutcome.KEPT if is_users else LineOutcome.CAPTIONED), ""
