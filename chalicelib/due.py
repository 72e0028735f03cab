"""What is due: uploads whose file never came, files that no event told of, deletions undone.

A form that is not used sends no event, and events can be lost. So a scheduled pass walks through
listings of the catalogue, compares them with the bucket and mends what differs. A page may be done
again at any time, and changes nothing that changed since it was read.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from chalicelib.catalogue import Catalogue, Page
from chalicelib.due_progress import DueProgress, Progress
from chalicelib.errors import InvalidField, RevisionConflict
from chalicelib.events import redrive
from chalicelib.images import Image, State
from chalicelib.queue import Queue
from chalicelib.storage import FORMER_VERSION_DAYS, Storage, StoredObject
from chalicelib.transitions import expired, gone_for_good, restored

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
# A version goes at the midnight after its last day, or later:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
MAY_RETURN = timedelta(days=FORMER_VERSION_DAYS + 2)
BETWEEN_WALKS = timedelta(days=1)


class Outcome(StrEnum):
    """What became of a record, by the name of its metric."""

    EXPIRED = "UploadsExpired"
    RESENT = "LostEventsResent"
    RESTORED = "PhotographsRestored"


Outcomes = Counter[str]


@dataclass(frozen=True, slots=True)
class Due:
    """A pass over what is due.

    ``queue`` is the captioner's; ``executor`` makes a pool for so many calls at once.
    """

    catalogue: Catalogue
    storage: Storage
    queue: Queue
    progress: DueProgress
    clock: Callable[[], datetime]
    executor: Callable[[int], Executor] = ThreadPoolExecutor

    def settle(self, is_late: Callable[[], bool]) -> Outcomes:
        """Do what is due until it is late; return what became of how many records.

        Raises
        ------
        Unavailable
            Catalogue, bucket or queue did not answer; the next pass makes up for it.
        """
        before, done = self.progress.read(), Outcomes()
        settle_waiting = partial(self._settle_waiting, resends=self.queue.is_empty())
        waiting = self._walk(State.PENDING, before.waiting, settle_waiting, done, is_late)
        after = replace(before, waiting=waiting)
        if self._walks_removed(before):
            began = before.removed_since if before.removed else self.clock()
            removed = self._walk(State.DELETED, before.removed, self._settle_removed, done, is_late)
            after = replace(after, removed=removed, removed_since=began)
        if after != before:
            self.progress.write(after)
        return done

    def _walks_removed(self, progress: Progress) -> bool:
        """Tell whether a walk through removed photographs was cut, or the last began a day ago."""
        if progress.removed or progress.removed_since is None:
            return True
        return self.clock() - progress.removed_since >= BETWEEN_WALKS

    def _walk(
        self,
        state: State,
        cursor: str | None,
        settle: Callable[[Sequence[Image]], Outcomes],
        done: Outcomes,
        is_late: Callable[[], bool],
    ) -> str | None:
        """Settle a page at least; return where to resume, None at the end."""
        while True:
            page = self._page(state, cursor)
            done.update(settle(page.items))
            cursor = page.cursor
            if cursor is None or is_late():
                return cursor

    def _page(self, state: State, cursor: str | None) -> Page:
        try:
            return self.catalogue.list(None, state=state, limit=PAGE, cursor=cursor)
        except InvalidField:  # kept by a release whose cursors were others
            return self.catalogue.list(None, state=state, limit=PAGE, cursor=None)

    def _settle_waiting(self, records: Sequence[Image], *, resends: bool) -> Outcomes:
        """Let uploads without a file expire; send files that nobody told of to the captioner.

        While messages wait in the queue, a file's event may be one of them.
        """
        now = self.clock()
        ended = [record for record in records if _waits_since(record) + SLOW_UPLOAD <= now]
        found = self._found(ended)
        lost = [
            found[record.key]
            for record in ended
            if resends and record.key in found and _waits_since(record) + LOST_AFTER <= now
        ]
        self.queue.send([redrive(file.key, size=file.size) for file in lost])
        never = [expired(record, now) for record in ended if record.key not in found]
        return Outcomes(
            {Outcome.EXPIRED: sum(map(self._is_saved, never)), Outcome.RESENT: len(lost)}
        )

    def _settle_removed(self, records: Sequence[Image]) -> Outcomes:
        """Have photographs that came back captioned; forget those that no longer can."""
        now = self.clock()
        found = self._found([record for record in records if _may_return(record, now)])
        back = [restored(record, now) for record in records if record.key in found]
        saved = [record for record in back if self._is_saved(record)]
        self.queue.send([redrive(record.key, size=found[record.key].size) for record in saved])
        for record in records:
            if not _may_return(record, now):
                self._is_saved(gone_for_good(record, now))
        return Outcomes({Outcome.RESTORED: len(saved)})

    def _found(self, records: Iterable[Image]) -> dict[str, StoredObject]:
        """Return the files that are there, by key."""
        with self.executor(LANES) as lanes:
            files = lanes.map(self.storage.head, [record.key for record in records])
            return {file.key: file for file in files if file}

    def _is_saved(self, record: Image) -> bool:
        """Save what was made of a record, unless it changed since it was read."""
        try:
            self.catalogue.save(record, expected_rev=record.rev)
        except RevisionConflict:
            return False
        return True


def _waits_since(record: Image) -> datetime:
    return record.form_until or record.updated_at


def _may_return(record: Image, now: datetime) -> bool:
    return record.removed_at is not None and now - record.removed_at < MAY_RETURN
