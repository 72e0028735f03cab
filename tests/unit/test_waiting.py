"""What the reconciler does with uploads that wait: expiry, and events that were lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import CatalogueUnavailable, StorageUnavailable
from chalicelib.events import redrive
from chalicelib.images import Image, State, image_id_of
from chalicelib.reconciling.repairs import MOST_REFUSED, Repair, Repairs
from chalicelib.reconciling.waiting import CURSOR, PAGE, Waiting
from chalicelib.storage import StoredObject
from chalicelib.transitions import NEVER_CAME, pending
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
FORM = timedelta(minutes=15)


def never() -> bool:
    return False


class Room:
    """A catalogue, a bucket, a queue, and a clock that the test sets."""

    def __init__(self) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = MemoryStorage(BUCKET)
        self.queue = MemoryQueue()
        self.now = NOW

    def settle(self, is_late: Callable[[], bool] = never) -> dict[str, int]:
        done = Repairs()
        Waiting(self.catalogue, self.storage, self.queue, lambda: self.now).settle(is_late, done)
        return {name: count for name, count in done.items() if count}

    def entered(self, name: str = "a.jpg", at: datetime = NOW) -> Image:
        record = pending(BUCKET, key_of(name), at, size=4, form_until=at + FORM)
        return self.catalogue.save(record, expected_rev=0)

    def put(self, name: str = "a.jpg") -> None:
        self.storage.write(key_of(name), b"jpeg", content_type="image/jpeg")

    def record(self, name: str = "a.jpg") -> Image:
        record = self.catalogue.get(image_id_of(BUCKET, key_of(name)))
        assert record is not None
        return record


def key_of(name: str) -> str:
    return f"uploads/ada/{name}"


@pytest.mark.fault(31)
def test_an_upload_whose_file_never_came_expires_with_a_reason() -> None:
    room = Room()
    room.entered()
    room.now = NOW + timedelta(hours=1)
    assert room.settle() == {Repair.EXPIRED: 1}
    record = room.record()
    assert (record.state, record.reason, record.size) == (State.EXPIRED, NEVER_CAME, 4)
    assert room.catalogue.counts("ada").states == {State.EXPIRED: 1}
    assert room.settle() == {}


@pytest.mark.fault(31)
@pytest.mark.parametrize("started", range(0, 30, 5))
def test_it_expires_within_the_hour_after_its_form_at_whatever_minute_passes_run(
    started: int,
) -> None:
    room = Room()
    room.entered()
    for passes in range(4):
        room.now = NOW + timedelta(minutes=started + 30 * passes)
        if room.settle():
            break
    end = NOW + FORM
    assert end + timedelta(minutes=15) <= room.record().updated_at <= end + timedelta(hours=1)


def test_an_upload_on_a_slow_line_is_waited_for_beyond_its_form() -> None:
    room = Room()
    room.entered()
    room.now = NOW + FORM + timedelta(minutes=14)
    assert room.settle() == {}
    assert room.record().state is State.PENDING


def test_a_newer_form_is_waited_for_however_old_the_record_is() -> None:
    room = Room()
    record = room.entered(at=NOW - timedelta(days=3))
    renewed = replace(record, form_until=NOW + FORM)
    room.catalogue.save(renewed, expected_rev=1)
    assert room.settle() == {}


def test_a_file_behind_a_backlog_neither_expires_nor_is_sent_again() -> None:
    room = Room()
    room.entered()
    room.put()
    room.queue.send([{"somebody": "else's"}])
    room.now = NOW + FORM + timedelta(hours=5, minutes=59)
    assert room.settle() == {}
    assert room.record().state is State.PENDING
    assert len(room.queue.messages) == 1


@pytest.mark.fault(32)
def test_a_lost_event_is_sent_again_though_the_queue_never_empties_and_four_times_a_day() -> None:
    room = Room()
    room.entered()
    room.put()
    room.queue.send([{"somebody": "else's"}])
    sent = 0
    for half_hour in range(48):
        room.now = NOW + FORM + timedelta(minutes=30 * half_hour)
        sent += room.settle().get(Repair.RESENT, 0)
    assert sent == 3
    assert room.queue.messages.count(redrive(key_of("a.jpg"), size=4)) == 3


class _Refusing(MemoryCatalogue):
    """A catalogue that does not take some records, as DynamoDB refuses one that is too large."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    def save(self, image: Image, *, expected_rev: int) -> Image:
        if image.image_id in self.refused:
            raise CatalogueUnavailable("the catalogue refused: ValidationException")
        return super().save(image, expected_rev=expected_rev)


def test_a_record_that_cannot_be_saved_is_counted_and_passed_over() -> None:
    room = Room()
    room.catalogue = catalogue = _Refusing()
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        room.entered(name)
    catalogue.refused = {image_id_of(BUCKET, key_of("b.jpg"))}
    room.now = NOW + timedelta(hours=1)
    assert room.settle() == {Repair.EXPIRED: 2, Repair.PASSED_OVER: 1}
    assert room.record("b.jpg").state is State.PENDING


def test_a_catalogue_that_takes_nothing_ends_the_pass() -> None:
    room = Room()
    room.catalogue = catalogue = _Refusing()
    records = [room.entered(f"{number}.jpg") for number in range(MOST_REFUSED + 5)]
    catalogue.refused = {record.image_id for record in records}
    room.now = NOW + timedelta(hours=1)
    with pytest.raises(CatalogueUnavailable):
        room.settle()


@pytest.mark.fault(32)
def test_a_file_whose_event_was_lost_is_sent_to_the_captioner() -> None:
    room = Room()
    for name in ("a.jpg", "b.jpg"):
        room.entered(name)
        room.put(name)
    room.now = NOW + FORM + timedelta(minutes=59)
    assert room.settle() == {}
    room.now = NOW + FORM + timedelta(hours=1)
    assert room.settle() == {Repair.RESENT: 2}
    for name in ("a.jpg", "b.jpg"):
        assert redrive(key_of(name), size=4) in room.queue.messages
    assert room.record().state is State.PENDING


def test_more_lost_events_than_a_page_are_sent_in_one_pass() -> None:
    room = Room()
    for number in range(PAGE + 1):
        room.entered(f"{number:04}.jpg")
        room.put(f"{number:04}.jpg")
    room.now = NOW + timedelta(hours=2)
    assert room.settle() == {Repair.RESENT: PAGE + 1}


class _Changes(MemoryStorage):
    """A bucket that is looked at just before somebody changes a record."""

    def __init__(self, change: Callable[[], object]) -> None:
        super().__init__(BUCKET)
        self._change = change

    def head(self, key: str) -> StoredObject | None:
        found = super().head(key)
        self._change()
        return found


def test_a_form_that_is_renewed_while_the_pass_looks_stands() -> None:
    room = Room()
    record = room.entered()

    def renew() -> None:
        renewed = replace(record, form_until=room.now + FORM)
        room.catalogue.save(renewed, expected_rev=1)

    room.storage = _Changes(renew)
    room.now = NOW + timedelta(hours=1)
    assert room.settle() == {}
    assert room.record().state is State.PENDING


def test_a_pass_that_was_cut_is_resumed_and_every_record_is_met() -> None:
    room = Room()
    for number in range(3 * PAGE):
        room.entered(f"{number:04}.jpg")
    room.now = NOW + timedelta(hours=1)
    cut = [room.settle(lambda: True) for _ in range(3)]
    assert cut == [{Repair.EXPIRED: PAGE}] * 3
    assert room.settle() == {}


def test_a_pass_keeps_its_place_among_uploads_that_stay() -> None:
    room = Room()
    for number in range(2 * PAGE):
        room.entered(f"{number:04}.jpg")
        room.put(f"{number:04}.jpg")
    room.entered("never.jpg", at=NOW - timedelta(minutes=1))
    room.queue.send([{"a": "backlog"}])
    room.now = NOW + timedelta(hours=1)
    assert [room.settle(lambda: True) for _ in range(3)] == [{}, {}, {Repair.EXPIRED: 1}]


def test_a_place_that_another_release_kept_is_begun_anew() -> None:
    room = Room()
    room.entered()
    room.storage.write(CURSOR, b"of-another-kind", content_type="text/plain")
    room.now = NOW + timedelta(hours=1)
    assert room.settle() == {Repair.EXPIRED: 1}


def test_an_idle_pass_writes_nothing() -> None:
    room = Room()
    room.settle()
    assert room.storage.head(CURSOR) is None


def test_a_bucket_that_does_not_answer_lets_nothing_expire() -> None:
    class Down(MemoryStorage):
        def head(self, key: str) -> StoredObject | None:
            raise StorageUnavailable("the bucket did not answer")

    room = Room()
    room.entered()
    room.storage = Down(BUCKET)
    room.now = NOW + timedelta(hours=1)
    with pytest.raises(StorageUnavailable):
        room.settle()
    assert room.record().state is State.PENDING
