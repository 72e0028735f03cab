"""Rebuild the catalogue from the bucket: redrive the uploads whose records are unfinished."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from chalicelib.catalogue import Catalogue
from chalicelib.errors import InvalidField, NotFound
from chalicelib.events import redrive
from chalicelib.folder_captions import FolderCaptions, is_caption_file
from chalicelib.images import Image, State, image_id_of
from chalicelib.names import UPLOADS
from chalicelib.queue import Queue
from chalicelib.storage import Storage, StoredObject


@dataclass(frozen=True, slots=True)
class RebuildPage:
    """What one page led to.

    Attributes
    ----------
    examined
        Uploads compared with their records.
    queued, skipped
        Those that were redriven, and those that are finished, deleted or in the trash.
    cursor
        ``after`` of the next page; None at the end.
    """

    examined: int
    queued: int
    skipped: int
    cursor: str | None


class Rebuild:
    """Redrive uploads through the captioner, whose queue is given."""

    def __init__(self, catalogue: Catalogue, storage: Storage, queue: Queue) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._queue = queue
        self._captions = FolderCaptions(storage)

    def page(self, after: str | None, limit: int, *, force: bool = False) -> RebuildPage:
        """Queue what is unfinished among the next uploads, everyone's, in key order.

        Stopping anywhere loses nothing: ask again with the last ``cursor`` as ``after``, or from
        the start. ``force`` queues finished ones, too.
        """
        if after is not None and not after.startswith(UPLOADS):
            raise InvalidField("after", "must be the cursor of the page before")
        found = list(islice(self._storage.objects(UPLOADS, after=after), limit + 1))
        examined = found[:limit]
        todo = self._unfinished(examined, force=force)
        self._queue.send([redrive(entry.key, size=entry.size, force=force) for entry in todo])
        cursor = examined[-1].key if len(found) > limit else None
        return RebuildPage(len(examined), len(todo), len(examined) - len(todo), cursor)

    def recaption(self, owner: str | None, image_ids: Iterable[str]) -> int:
        """Have photographs captioned again, whatever was done before.

        Returns
        -------
        int
            How many were queued.

        Raises
        ------
        NotFound
            One of them does not exist or is another owner's; none was queued then.
        """
        wanted = dict.fromkeys(image_ids)
        records = self._catalogue.get_many(wanted).values()
        visible = [record for record in records if record.is_visible_to(owner)]
        if len(visible) < len(wanted):
            raise NotFound("there is no such photograph")
        return self._recaption(visible)

    def recaption_page(
        self, owner: str | None, state: State, cursor: str | None = None, limit: int = 100
    ) -> RebuildPage:
        """Have a page of the photographs that stand in a state captioned again."""
        page = self._catalogue.list(owner, state=state, limit=limit, cursor=cursor)
        queued = self._recaption(page.items)
        return RebuildPage(len(page.items), queued, 0, page.cursor)

    def _recaption(self, records: Sequence[Image]) -> int:
        self._queue.send([redrive(record.key, size=record.size, force=True) for record in records])
        return len(records)

    def _unfinished(self, entries: Sequence[StoredObject], *, force: bool) -> list[StoredObject]:
        ids = {entry.key: image_id_of(self._storage.bucket, entry.key) for entry in entries}
        records = self._catalogue.get_many(ids.values())
        return [
            entry
            for entry in entries
            if not entry.key.endswith("/")
            and (force or not self._is_finished(records.get(ids[entry.key]), entry))
        ]

    def _is_finished(self, record: Image | None, entry: StoredObject) -> bool:
        if is_caption_file(entry.key):
            # Each photograph that is queued looks for its caption in those that are registered.
            return self._captions.is_registered(entry)
        return record is not None and _is_processed(record, entry)


def _is_processed(record: Image, entry: StoredObject) -> bool:
    is_processed = record.processed_by is not None and record.size == entry.size
    return is_processed or record.is_hidden
