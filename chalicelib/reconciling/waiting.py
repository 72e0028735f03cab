"""Uploads that wait: those whose file never came, and files that no event told of.

A form that is not used sends no event, and events can be lost. So the listing of what waits is
compared with the bucket. A page may be done again at any time, and changes nothing that changed
since it was read.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.catalogue import Catalogue, Page
from chalicelib.errors import InvalidField
from chalicelib.events import redrive
from chalicelib.images import Image, State
from chalicelib.names import RECONCILING
from chalicelib.queue import Queue
from chalicelib.reconciling.repairs import Repair, Repairs, Saving
from chalicelib.storage import Storage, StoredObject
from chalicelib.transitions import expired, sent_again

PAGE = 100
# As many connections as botocore keeps:
# https://docs.aws.amazon.com/botocore/latest/reference/config.html
LANES = 10
# An upload that began before its form's end may end later; nothing says that S3 cuts it:
# https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
SLOW_UPLOAD = timedelta(minutes=15)
# An event "can sometimes take a minute or longer", and five attempts at it half an hour:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
LOST_AFTER = timedelta(hours=1)
# While messages wait, a file's event may be one of them; but a queue that is used all day is never
# empty. What is sent again waits anew, so that a backlog grows by each of its files four times a
# day at most, of which all but the first are found to be done.
LOST_IN_BACKLOG_AFTER = timedelta(hours=6)
CURSOR = f"{RECONCILING}-waiting.txt"
_MAX_BYTES = 10_000


@dataclass(frozen=True, slots=True)
class Waiting:
    """Goes through what waits; ``queue`` is the captioner's, ``executor`` makes a pool of lanes."""

    catalogue: Catalogue
    storage: Storage
    queue: Queue
    clock: Callable[[], datetime]
    executor: Callable[[int], Executor] = ThreadPoolExecutor

    def settle(self, is_late: Callable[[], bool], done: Repairs) -> None:
        """Go on through the listing until its end, or until it is late, adding to ``done``.

        Raises
        ------
        Unavailable
            Catalogue, bucket or queue did not answer; the next pass makes up for it.
        """
        patience = LOST_AFTER if self.queue.is_empty() else LOST_IN_BACKLOG_AFTER
        before = cursor = self._cursor()
        saving = Saving(self.catalogue, done)
        while True:
            page = self._page(cursor)
            self._settle(page.items, patience, saving, done)
            cursor = page.cursor
            if cursor is None or is_late():
                break
        if cursor != before:
            self.storage.write(CURSOR, (cursor or "").encode(), content_type="text/plain")

    def _cursor(self) -> str | None:
        """Return where the pass before was cut."""
        return (self.storage.read(CURSOR, limit=_MAX_BYTES) or b"").decode() or None

    def _page(self, cursor: str | None) -> Page:
        try:
            return self.catalogue.list(None, state=State.PENDING, limit=PAGE, cursor=cursor)
        except InvalidField:  # kept by a release whose cursors were others
            return self.catalogue.list(None, state=State.PENDING, limit=PAGE, cursor=None)

    def _settle(
        self, records: Sequence[Image], patience: timedelta, saving: Saving, done: Repairs
    ) -> None:
        """Let uploads without a file expire; send files that nobody told of to the captioner."""
        now = self.clock()
        ended = [record for record in records if _waits_since(record) + SLOW_UPLOAD <= now]
        found = files(self.storage, ended, self.executor)
        there = [record for record in ended if record.key in found]
        lost = [record for record in there if _waits_since(record) + patience <= now]
        self.queue.send([redrive(record.key, size=found[record.key].size) for record in lost])
        for record in lost:
            saving.is_saved(sent_again(record, now))
        done[Repair.RESENT] += len(lost)
        never = [expired(record, now) for record in ended if record.key not in found]
        done[Repair.EXPIRED] += sum(map(saving.is_saved, never))


def files(
    storage: Storage, records: Iterable[Image], executor: Callable[[int], Executor]
) -> dict[str, StoredObject]:
    """Return the files of records that are there, by key."""
    return present(storage, [record.key for record in records], executor)


def present(
    storage: Storage, keys: Sequence[str], executor: Callable[[int], Executor]
) -> dict[str, StoredObject]:
    """Return those of the keys that hold an object, asking for several at once."""
    with executor(LANES) as lanes:
        return {found.key: found for found in lanes.map(storage.head, keys) if found}


def _waits_since(record: Image) -> datetime:
    return record.form_until or record.updated_at
