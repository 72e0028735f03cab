"""Events of a photograph that is in the trash: only another file takes it out."""

from dataclasses import replace

import pytest

from chalicelib.deletion import Deletion
from chalicelib.events import ObjectEvent, redrive
from chalicelib.images import Image, Prepared, State
from chalicelib.ingest import IngestOutcome
from tests.histories import Life
from tests.ingesting import NOW, Room, created, prepared, removed
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage


def trash(room: Room) -> Image:
    deletion = Deletion(room.catalogue, room.storage, lambda: NOW)
    there = deletion.trashed(room.record(), NOW)
    return room.catalogue.save(there, expected_rev=there.rev)


def in_the_trash(*bodies: bytes) -> Room:
    room = Room()
    for number, body in enumerate(bodies, start=1):
        room.put(body)
        room.ingest.created(created(f"0{number}", f"v{number}"))
    room.edit(caption="my Rex")
    trash(room)
    return room


def test_another_file_takes_it_out_described_anew_with_a_persons_words() -> None:
    room = in_the_trash(b"runs")
    room.put(b"sits")
    assert room.ingest.created(created("02", "v2")) is IngestOutcome.CAPTIONED
    record = room.record()
    assert (record.is_hidden, record.trashed_version, record.version_id) == (False, None, "v2")
    assert record.caption and record.caption.text == "my Rex"
    assert record.caption.alternatives[0] == "a brown dog sits"
    assert room.derivatives() == sorted(record.copies)


@pytest.mark.parametrize("event", [created("01", "v1"), created("00", "v0")])
def test_an_old_event_or_one_that_comes_again_does_not(event: ObjectEvent) -> None:
    room = in_the_trash(b"runs")
    before = room.record()
    room.ingest.created(event)
    assert replace(room.record(), rev=before.rev) == before


def test_a_model_that_was_at_work_meanwhile_leaves_it_there_and_its_work_stands() -> None:
    room = Room(lambda data: _prepared_while_trashed(room, data))
    room.put(b"runs")
    room.ingest.fail(created(None), "out of memory")
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.CAPTIONED
    record = room.record()
    assert (record.state, record.trashed_at) == (State.CAPTIONED, NOW)
    assert record.caption and record.visual and record.copies == {*room.derivatives()}


def _prepared_while_trashed(room: Room, data: bytes) -> Prepared:
    trash(room)
    return prepared(data)


def test_the_event_of_the_file_that_was_there_may_come_later_than_the_trash() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    room.put(b"sits")
    trash(room)
    assert room.ingest.created(created("02", "v2")) is IngestOutcome.CAPTIONED
    assert (room.record().is_hidden, room.record().version_id) == (True, "v2")


def test_an_older_file_does_not_bring_back_what_a_newer_one_will() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.fail(created(None), "out of memory")
    trash(room)
    room.put(b"sits")
    room.ingest.created(created("01", "v1"))
    assert room.record().is_hidden
    room.ingest.created(created("02", "v2"))
    assert not room.record().is_hidden


def test_a_file_that_comes_after_all_for_an_upload_in_the_trash_takes_it_out() -> None:
    life = Life(MemoryCatalogue(), MemoryStorage())
    life.enter()
    life.trash()
    life.upload()
    life.deliver_the_rest()
    assert life.is_living


def test_a_request_to_caption_again_leaves_it_there_unless_another_file_has_come() -> None:
    room = in_the_trash(b"runs")
    room.ingest.created(created(None, force=True))
    assert room.record().is_hidden
    room.put(b"sits")
    room.ingest.created(created(None))
    assert not room.record().is_hidden


def test_a_removal_of_its_file_leaves_a_tombstone() -> None:
    room = in_the_trash(b"runs")
    room.delete()
    assert room.ingest.removed(removed("02")) is IngestOutcome.DELETED
    record = room.record()
    assert (record.state, record.trashed_at, record.caption) == (State.DELETED, None, None)
    assert room.derivatives() == []


def test_a_newer_file_that_is_no_photograph_takes_it_out_too() -> None:
    room = in_the_trash(b"runs")
    room.put(b"no image")
    assert room.ingest.created(created("02", "v2")) is IngestOutcome.FAILED
    assert not room.record().is_hidden


def test_a_description_is_learnt_in_the_trash_and_takes_nothing_out() -> None:
    life = Life(MemoryCatalogue(), MemoryStorage())
    life.upload()
    life.deliver_the_rest()
    life.trash()
    life.bucket.write("uploads/ada/descriptions.txt", b"dog.jpg\tRex\n", content_type="text/plain")
    life.deliver_the_rest()
    life.deliver(redrive(life.key, force=True))
    record = life.record
    assert record and record.is_hidden and record.caption and record.caption.text == "Rex"
    assert life.restore() and life.is_living
