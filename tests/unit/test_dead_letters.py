"""What the captioner's queue gave up before any code ran leaves no record pending."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from chalicelib import events
from chalicelib.dead_letters import DeadLetters
from chalicelib.events import ContinueImport
from chalicelib.images import Caption, Image, Source, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import NEVER_BEGUN, EventRecorder
from chalicelib.transitions import deleted, of_another_version, pending
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryDeadLetters, MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
KEY = "uploads/ada/a.png"


class Room:
    """A catalogue, a bucket and the queues."""

    def __init__(self) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = MemoryStorage(BUCKET)
        self.queue = MemoryQueue()

    def settle(self, *bodies: str) -> list[str]:
        """Settle messages of these bodies; return those that stay."""
        queue = MemoryDeadLetters(*bodies)
        recorder = EventRecorder(self.catalogue, self.storage, clock=lambda: NOW)
        imports = Imports(self.catalogue, self.storage, self.queue, lambda: NOW)
        settled = DeadLetters(queue, recorder, imports, BUCKET).settle(lambda: False)
        assert settled + len(queue.messages) == len(bodies)
        return list(queue.messages.values())

    def announced(self) -> Image:
        return self.catalogue.save(pending(BUCKET, KEY, NOW), expected_rev=0)

    def upload(self, body: bytes = b"png", key: str = KEY) -> None:
        self.storage.write(key, body, content_type="image/png")

    @property
    def record(self) -> Image | None:
        return self.catalogue.get(image_id_of(BUCKET, KEY))


def event(name: str = "ObjectCreated:Post", sequencer: str = "05", key: str = KEY) -> str:
    found = {"key": key, "sequencer": sequencer, "versionId": f"v{sequencer}", "size": 3}
    record = {"eventName": name, "s3": {"bucket": {"name": BUCKET}, "object": found}}
    return json.dumps({"Records": [record]})


def test_a_photograph_that_waits_is_failed_with_all_that_its_message_said() -> None:
    room = Room()
    room.announced()
    room.upload()
    assert room.settle(event()) == []
    record = room.record
    assert record and (record.state, record.reason) == (State.FAILED, NEVER_BEGUN)
    assert (record.sequencer, record.version_id, record.size) == ("05", "v05", 3)
    assert record.processed_by is None  # so that the event would be tried again


def test_a_photograph_put_by_hand_that_never_had_a_record_is_failed() -> None:
    room = Room()
    room.upload()
    assert room.settle(event()) == []
    assert room.record and room.record.state is State.FAILED


def test_a_redrive_that_was_given_up_leaves_no_record_pending() -> None:
    room = Room()
    room.announced()
    room.upload()
    assert room.settle(json.dumps(events.redrive(KEY, size=3))) == []
    assert room.record and room.record.state is State.FAILED


def test_what_the_captioner_said_of_its_failure_stands() -> None:
    room = Room()
    failure = replace(
        pending(BUCKET, KEY, NOW), state=State.FAILED, reason="ZeroDivisionError", sequencer="05"
    )
    room.catalogue.save(failure, expected_rev=0)
    room.upload()
    assert room.settle(event(), json.dumps(events.redrive(KEY))) == []
    assert room.record and room.record.reason == "ZeroDivisionError"
    assert room.settle(event(sequencer="06")) == []
    assert room.record and room.record.reason == NEVER_BEGUN


def described(version: str = "v05") -> Image:
    return replace(
        pending(BUCKET, KEY, NOW),
        state=State.CAPTIONED,
        caption=Caption("a dog", Source.MODEL, "net@1", 0.9),
        sequencer="05",
        version_id=version,
        processed_by="net@1",
    )


def test_a_photograph_that_is_described_stays_described() -> None:
    room = Room()
    room.catalogue.save(described(), expected_rev=0)
    assert room.settle(event(), event(sequencer="04")) == []
    assert room.record and room.record.state is State.CAPTIONED


def test_a_photograph_whose_former_version_came_back_in_vain_is_failed() -> None:
    room = Room()
    room.upload()
    held = room.storage.head(KEY)
    room.catalogue.save(described(), expected_rev=0)
    assert held and room.settle(event("ObjectRemoved:Delete", "06")) == []
    record = room.record
    assert record and (record.state, record.reason) == (State.FAILED, NEVER_BEGUN)
    assert (record.sequencer, record.version_id, record.size) == ("06", held.version_id, held.size)
    assert record.caption is None


def test_a_photograph_stays_described_when_another_version_of_it_is_removed() -> None:
    room = Room()
    room.upload()
    held = room.storage.head(KEY)
    assert held and held.version_id
    room.catalogue.save(described(held.version_id), expected_rev=0)
    assert room.settle(event("ObjectRemoved:Delete", "06")) == []
    assert room.record and room.record.state is State.CAPTIONED


def test_a_photograph_that_holds_another_version_than_described_is_failed() -> None:
    room = Room()
    room.upload()
    room.catalogue.save(of_another_version(described(), NOW), expected_rev=0)
    assert room.settle(json.dumps(events.redrive(KEY, size=3))) == []
    assert room.record and room.record.state is State.FAILED
    assert room.record.caption is None


def test_a_photograph_that_was_deleted_meanwhile_stays_deleted() -> None:
    room = Room()
    room.catalogue.save(deleted(pending(BUCKET, KEY, NOW), NOW), expected_rev=0)
    assert room.settle(event()) == []
    assert room.record and room.record.state is State.DELETED


def test_a_removal_is_done_in_either_order() -> None:
    created, removed = event(), event("ObjectRemoved:DeleteMarkerCreated", "06")
    for bodies in ((created, removed), (removed, created)):
        room = Room()
        room.announced()
        assert room.settle(*bodies) == []
        assert room.record and room.record.state is State.DELETED


def test_an_import_is_done_and_one_in_parts_goes_on() -> None:
    room = Room()
    room.announced()
    folder = "uploads/ada/descriptions.txt"
    room.upload(b"a.png a red kite", folder)
    assert room.settle(event(key=folder)) == []
    assert room.record and room.record.caption and room.record.caption.text == "a red kite"
    imports = Imports(room.catalogue, room.storage, room.queue, lambda: NOW)
    begun = imports.start("ada", "uploads/ada/")
    assert room.settle(json.dumps(events.continue_import(ContinueImport(begun.id, 1)))) == []
    assert imports.report("ada", begun.id).state == "finished"


def test_what_is_not_the_repositorys_goes_and_what_cannot_be_settled_stays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    room = Room()
    broken = json.dumps(events.continue_import(ContinueImport("0" * 32, 1)))
    room.storage.write(f"imports/{'0' * 32}.json", b"no report", content_type="text/plain")
    assert room.settle("nonsense", broken, event()) == [broken]
    assert room.record and room.record.state is State.FAILED
    assert "dead letter 1 stays" in caplog.text


def test_short_of_time_the_rest_is_left_for_the_next_run() -> None:
    room = Room()
    queue = MemoryDeadLetters(event(), event(key="uploads/ada/b.png"))
    recorder = EventRecorder(room.catalogue, room.storage, clock=lambda: NOW)
    imports = Imports(room.catalogue, room.storage, room.queue, lambda: NOW)
    times = iter([False, True])
    assert DeadLetters(queue, recorder, imports, BUCKET).settle(lambda: next(times)) == 1
    assert len(queue.messages) == 1
