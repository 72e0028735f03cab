"""What is done about files and display copies that differ from what the records say."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.deletion import Deletion
from chalicelib.display_copies import DisplayCopies
from chalicelib.events import redrive
from chalicelib.folder_captions import FolderCaptions, is_caption_file
from chalicelib.images import AWAITED, Image, State, image_id_of
from chalicelib.names import DERIVED
from chalicelib.queue import Queue
from chalicelib.reconciling.repairs import Repair, Repairs, Saving, Unreadable
from chalicelib.reconciling.report import MARGIN
from chalicelib.reconciling.waiting import files, present
from chalicelib.storage import Storage, StoredObject
from chalicelib.transitions import (
    deleted,
    file_removed,
    lost_its_file,
    of_another_version,
    restored,
)
from image_repo_formats import TRASH_DAYS

KEPT_IN_TRASH = timedelta(days=TRASH_DAYS)


@dataclass(frozen=True, slots=True)
class Files:
    """Looks again at what a listing made suspect, and mends it where it is so.

    Parameters
    ----------
    unmoved_since
        What was stored or saved later is work under way, and left alone.
    executor
        Makes a pool for so many calls at once.
    """

    storage: Storage
    queue: Queue
    copies: DisplayCopies
    saving: Saving
    done: Repairs
    unmoved_since: datetime
    clock: Callable[[], datetime]
    executor: Callable[[int], Executor] = ThreadPoolExecutor

    def missing(self, records: Sequence[Image]) -> set[str]:
        """Mend records whose key seems to hold nothing, or another version; return whose is gone.

        What is gone is as if its removal had been told. Another version goes to the captioner; the
        record forgets which version it describes, since it may be the same once more.
        """
        found = files(self.storage, records, self.executor)
        others = [
            record
            for record in records
            if record.key in found and self._is_another(record, found[record.key])
        ]
        self._resend([found[record.key] for record in others])
        for record in others:
            self.saving.is_saved(of_another_version(record, self.clock()))
        gone = [record for record in records if record.key not in found]
        lost = {r.image_id for r in gone if self.saving.is_saved(lost_its_file(r, self.clock()))}
        self.done[Repair.REMOVED] += len(lost)
        for image_id in lost:
            self.copies.sweep(image_id)
        return lost

    def purge(self, records: Sequence[Image]) -> None:
        """Delete for good those of the records that have been in the trash for their time.

        Where another file has come meanwhile, its event takes the photograph out of the trash.
        """
        now = self.clock()
        due = [r for r in records if r.trashed_at and now - r.trashed_at >= KEPT_IN_TRASH]
        found = files(self.storage, due, self.executor)
        deletion = Deletion(self.copies.catalogue, self.storage, self.clock)
        for record in due:
            file = found.get(record.key)
            if file is not None and file.version != record.trashed_version:
                continue
            tombstone = deleted(record, now, version_id=file.version_id if file else None)
            if self.saving.is_saved(tombstone):
                deletion.remove_files(tombstone)
                self.done[Repair.PURGED] += 1

    def without_copies(self, records: Sequence[Image]) -> None:
        """Have the copies of records made again that seem to lack some."""
        found = present(
            self.storage, [key for record in records for key in record.copies], self.executor
        )
        lacking = [record for record in records if record.copies - found.keys()]
        self.queue.send([redrive(r.key, size=r.size, force=True) for r in lacking])
        self.done[Repair.COPIES_MADE] += len(lacking)

    def stray(self, found: Iterable[StoredObject]) -> None:
        """Mend what became of files that no living record has."""
        for file in found:
            if not file.key.endswith("/") and self._is_old(file):
                self._stray(file)

    def stray_copies(self, found: Iterable[StoredObject]) -> None:
        """Remove copies that no living record has, an hour after they were stored at the earliest.

        `DisplayCopies.sweep` removes none that a worker is about to name.
        """
        at_rest_since = min(self.unmoved_since, self.clock() - MARGIN)
        for copy in (one for one in found if is_older(one, at_rest_since)):
            image_id = copy.key.removeprefix(DERIVED).partition("/")[0]
            try:
                record = self.saving.record(image_id)
            except Unreadable:
                continue
            if record is not None and copy.key in record.copies:
                continue
            if record is None:
                self.copies.remove([copy.key])
            else:
                self.copies.sweep(image_id)
            self.done[Repair.COPIES_REMOVED] += 1

    def _stray(self, file: StoredObject) -> None:
        if is_caption_file(file.key):
            if not FolderCaptions(self.storage).is_registered(file):
                self._resend([file])
            return
        try:
            record = self.saving.record(image_id_of(self.storage.bucket, file.key))
        except Unreadable:
            return
        if record is None or record.state is State.EXPIRED:
            self._resend([file])
        elif record.state is State.DELETED and record.updated_at < self.unmoved_since:
            self._deleted(file, record)

    def _deleted(self, file: StoredObject, tombstone: Image) -> None:
        """Have a file that came back captioned; finish a deletion by the API that was cut.

        What a deletion met is the version that it noted, or one that was there before it.
        """
        is_met = file.version_id == tombstone.version_id or is_older(file, tombstone.updated_at)
        if tombstone.removed_at is None and is_met:
            self.storage.delete(file.key)
            self.saving.is_saved(file_removed(tombstone, self.clock()))
            self.copies.sweep(tombstone.image_id)
            self.done[Repair.DELETED] += 1
            return
        now = self.clock()
        back = restored(file_removed(tombstone, now), now)
        if self.saving.is_saved(back):
            self.queue.send([redrive(file.key, size=file.size)])
            self.done[Repair.RESTORED] += 1

    def _resend(self, found: Sequence[StoredObject]) -> None:
        self.queue.send([redrive(file.key, size=file.size) for file in found])
        self.done[Repair.RESENT] += len(found)

    def _is_another(self, record: Image, file: StoredObject) -> bool:
        knows_version = record.version_id is not None
        is_same = (
            file.version_id == record.version_id if knows_version else file.size == record.size
        )
        return not is_same and self._is_old(file)

    def _is_old(self, found: StoredObject) -> bool:
        return is_older(found, self.unmoved_since)


def is_older(found: StoredObject, moment: datetime) -> bool:
    """Tell whether an object was stored before a moment."""
    return found.modified_at is not None and found.modified_at < moment


def file_of(record: Image) -> str | None:
    """Return the text that stands for the file a record describes; None where it knows none."""
    if record.state in AWAITED or record.state is State.DELETED:
        return None
    if record.version_id:
        return f"{record.key}\n{record.version_id}"
    return None if record.size is None else f"{record.key}\n{record.size} bytes"


def texts_of(file: StoredObject) -> tuple[str, ...]:
    """Return the texts that stand for a file: its version, and its size."""
    return f"{file.key}\n{file.version}", f"{file.key}\n{file.size} bytes"
