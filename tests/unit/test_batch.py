"""Batches of messages: each one's failure is its own."""

import json
import threading
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from captioner.batch import LARGE_BYTES, LAST_ATTEMPT, RESERVE_MS, BatchProcessor
from chalicelib.errors import Unavailable
from chalicelib.images import Image, Prepared, Source, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import ALONE
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def plenty() -> int:
    return 60_000


class Counts:
    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []

    def count(self, what: str) -> None:
        self.counts[what] += 1

    def failed(self, message_id: str) -> None:
        self.failures.append(message_id)


class Room:
    def __init__(self) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = MemoryStorage(BUCKET)
        self.metrics = Counts()
        self.is_fixed = False
        ingest = Ingest(
            self.catalogue,
            self.storage,
            self._prepare,
            model="net@1",
            clock=lambda: NOW,
            max_bytes=100,
        )
        self.queue = MemoryQueue()
        imports = Imports(self.catalogue, self.storage, self.queue, lambda: NOW)
        self.batch = BatchProcessor(ingest, imports, self.metrics, self.queue, bucket=BUCKET)

    def _prepare(self, data: bytes) -> Prepared:
        if data == b"poison" and not self.is_fixed:
            raise ZeroDivisionError("a fault in a library")
        if data == b"deadly":
            raise SystemExit("the process is killed")
        vector = b"\0" * 512
        return Prepared(("a dog",), 0.9, False, vector, vector, 1, 1, "image/png", b"webp")

    def upload(self, name: str, body: bytes = b"fine", attempt: int = 1) -> dict[str, object]:
        self.storage.write(f"uploads/{name}", body, content_type="image/png")
        return message(name, attempt)

    def record(self, name: str) -> Image | None:
        return self.catalogue.get(image_id_of(BUCKET, f"uploads/{name}"))


def message(
    name: str,
    attempt: int = 1,
    event: str = "ObjectCreated:Put",
    sequencer: str = "01",
    size: int = 4,
) -> dict[str, object]:
    found = {"key": f"uploads/{name}", "sequencer": sequencer, "versionId": "v1", "size": size}
    record = {"eventName": event, "s3": {"bucket": {"name": BUCKET}, "object": found}}
    return envelope(json.dumps({"Records": [record]}), name, attempt)


def envelope(body: str, message_id: str, attempt: int = 1) -> dict[str, object]:
    attributes = {"ApproximateReceiveCount": str(attempt)}
    return {
        "messageId": message_id,
        "receiptHandle": f"receipt of {message_id}",
        "body": body,
        "attributes": attributes,
        "messageAttributes": {},
    }


def test_of_ten_messages_only_the_poison_fails_and_the_others_are_done_once() -> None:
    room = Room()
    good = [room.upload(f"{number}.png") for number in range(9)]
    poison = room.upload("bad.png", b"poison")
    assert room.batch.process([*good[:4], poison, *good[4:]], plenty) == ["bad.png"]
    records = [room.record(f"{number}.png") for number in range(9)]
    assert all(record and record.state is State.CAPTIONED for record in records)
    assert all(record and record.rev == 1 for record in records)
    assert room.metrics.counts == {"captioned": 9, "error": 1}
    assert room.batch.process(good, plenty) == []
    assert room.metrics.counts["duplicate"] == 9


@pytest.mark.fault(7)
def test_short_of_time_the_rest_is_handed_back_untouched() -> None:
    room = Room()
    records = [room.upload(f"{number}.png") for number in range(4)]
    left = iter([50_000, RESERVE_MS, RESERVE_MS - 1, 0])
    assert room.batch.process(records, lambda: next(left)) == ["2.png", "3.png"]
    assert room.record("2.png") is None
    assert room.batch.process(records, plenty) == []
    assert room.metrics.counts == {"captioned": 4, "duplicate": 2, "postponed": 2}


def test_a_poison_is_told_from_the_third_attempt_on_and_goes_to_the_dead_letters() -> None:
    room = Room()
    for attempt in (1, 2):
        assert room.batch.process([room.upload("bad.png", b"poison", attempt)], plenty)
        assert room.record("bad.png") is None
        room.storage.delete("uploads/bad.png")
    for attempt in (3, 4, 5):
        room.storage.delete("uploads/bad.png")
        assert room.batch.process([room.upload("bad.png", b"poison", attempt)], plenty) == [
            "bad.png"
        ]
        record = room.record("bad.png")
        assert record and record.state is State.FAILED and record.reason
        assert f"{attempt} times" in record.reason and "ZeroDivisionError" in record.reason


def test_a_redriven_dead_letter_succeeds_after_the_fix() -> None:
    room = Room()
    room.batch.process([room.upload("bad.png", b"poison", 5)], plenty)
    room.is_fixed = True
    assert room.batch.process([message("bad.png", 6)], plenty) == []
    record = room.record("bad.png")
    assert record and record.state is State.CAPTIONED and record.reason is None


def test_messages_that_are_not_ours_are_acknowledged() -> None:
    room = Room()
    bodies = [json.dumps({"Event": "s3:TestEvent"}), "{}", "nonsense"]
    records = [envelope(body, str(number)) for number, body in enumerate(bodies)]
    assert room.batch.process(records, plenty) == []
    assert room.metrics.counts == {"ignored": 3}


def test_a_removed_photograph_is_buried() -> None:
    room = Room()
    removal = message("a.png", event="ObjectRemoved:DeleteMarkerCreated")
    upload = room.upload("a.png")
    room.storage.delete("uploads/a.png")
    assert room.batch.process([removal, upload], plenty) == []
    record = room.record("a.png")
    assert record and record.state is State.DELETED


def test_a_photograph_that_comes_back_gets_the_caption_of_the_descriptions_again() -> None:
    room = Room()
    text = room.upload("ada/descriptions.txt", b"a.png a red kite")
    assert room.batch.process([room.upload("ada/a.png"), text], plenty) == []
    room.storage.delete("uploads/ada/a.png")
    removal = message("ada/a.png", event="ObjectRemoved:DeleteMarkerCreated", sequencer="02")
    assert room.batch.process([removal], plenty) == []
    room.storage.purge("uploads/ada/a.png")
    undone = message("ada/a.png", event="ObjectRemoved:Delete", sequencer="03")
    assert room.batch.process([undone], plenty) == []
    record = room.record("ada/a.png")
    assert record and record.caption and record.caption.text == "a red kite"


def test_descriptions_and_photographs_end_the_same_in_either_order() -> None:
    captions = []
    for first_comes_the_text in (True, False):
        room = Room()
        text = room.upload("ada/descriptions.txt", b"a.png a red kite")
        photograph = room.upload("ada/a.png")
        order = [text, photograph] if first_comes_the_text else [photograph, text]
        assert room.batch.process(order, plenty) == []
        record = room.record("ada/a.png")
        assert record and record.caption
        captions.append(record.caption)
        assert room.record("ada/descriptions.txt") is None
    assert captions[0] == captions[1]
    assert (captions[0].text, captions[0].source) == ("a red kite", Source.IMPORT)


def test_before_the_last_attempt_the_failure_is_told_lest_the_process_dies() -> None:
    room = Room()
    poison = room.upload("bad.png", b"deadly", LAST_ATTEMPT)
    with pytest.raises(SystemExit):
        room.batch.process([poison], plenty)
    record = room.record("bad.png")
    assert record and record.state is State.FAILED
    assert record.reason == "captioning was cut short 4 times"


def test_a_last_attempt_that_succeeds_is_captioned_all_the_same() -> None:
    room = Room()
    assert room.batch.process([room.upload("a.png", attempt=LAST_ATTEMPT)], plenty) == []
    record = room.record("a.png")
    assert record and record.state is State.CAPTIONED and record.reason is None


def test_what_came_back_waits_until_the_others_are_done() -> None:
    room = Room()
    deadly = room.upload("bad.png", b"deadly", 2)
    with pytest.raises(SystemExit):
        room.batch.process([deadly, room.upload("a.png")], plenty)
    record = room.record("a.png")
    assert record and record.state is State.CAPTIONED


@pytest.mark.fault(6)
def test_from_the_third_attempt_on_a_message_is_begun_when_the_others_are_done() -> None:
    room = Room()
    deadly = room.upload("bad.png", b"deadly", 3)
    good = [room.upload(f"{attempt}.png", attempt=attempt) for attempt in (1, 2)]
    with pytest.raises(SystemExit):
        room.batch.process([deadly, *good], plenty)
    assert room.metrics.counts == {"captioned": 2}
    assert room.queue.deleted == ["1.png", "2.png"]


@pytest.mark.fault(6)
def test_what_failed_is_not_deleted_before_one_is_alone() -> None:
    room = Room()
    records = [
        room.upload("a.png"),
        room.upload("bad.png", b"poison"),
        room.upload("c.png", b"", 3),
    ]
    assert room.batch.process(records, plenty) == ["bad.png"]
    assert room.queue.deleted == ["a.png"]


@pytest.mark.fault(6)
def test_of_those_to_be_alone_one_is_processed_and_the_others_are_put_aside() -> None:
    room = Room()
    records = [room.upload(f"{attempt}.png", attempt=attempt) for attempt in (3, 5, 4)]
    assert room.batch.process(records, plenty) == ["3.png"]
    assert room.metrics.counts == {"captioned": 1} and room.record("5.png")
    assert room.queue.released == ["3.png"] and room.queue.again == ["4.png"]


@pytest.mark.fault(6)
def test_the_last_attempt_but_one_is_not_spent_after_others() -> None:
    room = Room()
    records = [room.upload(f"{attempt}.png", attempt=attempt) for attempt in (1, 3, 4, 5)]
    assert room.batch.process(records, plenty) == []
    assert room.metrics.counts == {"captioned": 2} and room.record("3.png")
    assert room.queue.again == ["4.png", "5.png"] and room.queue.released == []


@pytest.mark.fault(6)
def test_one_that_was_sent_again_to_be_alone_is_alone_and_not_marked_as_failed() -> None:
    room = Room()
    marked = room.upload("bad.png", b"deadly") | {"messageAttributes": {ALONE: {}}}
    with pytest.raises(SystemExit):
        room.batch.process([marked, room.upload("a.png")], plenty)
    assert room.record("bad.png") is None and room.record("a.png")
    assert room.queue.deleted == ["a.png"]


@pytest.mark.fault(6)
@pytest.mark.parametrize("refused", ["release", "send_again", "delete"])
def test_a_queue_that_refuses_loses_no_message(
    refused: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Room()

    def refuse(_: object) -> None:
        raise Unavailable("the queue did not answer")

    monkeypatch.setattr(room.queue, refused, refuse)
    records = [room.upload(f"{attempt}.png", attempt=attempt) for attempt in (4, 3, 1)]
    records += [room.upload("marked.png") | {"messageAttributes": {ALONE: {}}}]
    stays = room.batch.process(records, plenty)
    gone = {*room.queue.again, *stays}
    done = {name for name in ("4.png", "3.png", "1.png", "marked.png") if room.record(name)}
    assert gone | done == {"4.png", "3.png", "1.png", "marked.png"}
    assert not done & set(stays) and "1.png" in done
    assert room.metrics.failures


@pytest.mark.fault(6)
@pytest.mark.fault(7)
@pytest.mark.parametrize("deadly", [1, 2, 3])
def test_of_ten_messages_those_that_kill_the_process_fail_and_no_other(deadly: int) -> None:
    room = Room()
    waiting = [room.upload(f"{number}.png", b"deadly") for number in range(deadly)]
    waiting += [room.upload(f"{number}.png") for number in range(deadly, 10)]
    dead: list[str] = []
    while waiting:
        batch, waiting = waiting[:10], waiting[10:]
        room.queue = MemoryQueue()
        room.batch = replace(room.batch, queue=room.queue)
        try:
            failed = room.batch.process(batch, plenty)
        except SystemExit:
            failed = [str(record["messageId"]) for record in batch]
        for record in batch:
            name = str(record["messageId"])
            if name in room.queue.again:
                waiting.append(message(name) | {"messageAttributes": {ALONE: {}}})
            elif name in failed and name not in room.queue.deleted:
                marks = {"messageAttributes": record["messageAttributes"]}
                if attempts_of(record) < LAST_ATTEMPT:
                    waiting.append(message(name, attempts_of(record) + 1) | marks)
                else:
                    dead.append(name)
    assert sorted(dead) == [f"{number}.png" for number in range(deadly)]
    for number in range(10):
        found = room.record(f"{number}.png")
        assert found and found.state is (State.FAILED if number < deadly else State.CAPTIONED)
        assert number < deadly or found.rev == 1


def attempts_of(record: dict[str, object]) -> int:
    attributes = record["attributes"]
    assert isinstance(attributes, dict)
    return int(attributes["ApproximateReceiveCount"])


class Pairs(Room):
    """A room of two workers, whose photographs are only done when two are being prepared."""

    def __init__(self, patience: float = 30) -> None:
        self._both = threading.Barrier(2, timeout=patience)
        super().__init__()
        self.batch = replace(self.batch, workers=2)

    def _prepare(self, data: bytes) -> Prepared:
        if data == b"fine":
            self._both.wait()
        return super()._prepare(data)


def test_two_photographs_are_prepared_at_once() -> None:
    room = Pairs()
    names = [f"{number}.png" for number in range(4)]
    assert room.batch.process([room.upload(name) for name in names], plenty) == []
    records = [room.record(name) for name in names]
    assert all(record and record.state is State.CAPTIONED for record in records)


@pytest.mark.parametrize(("attempt", "size"), [(2, 1), (1, LARGE_BYTES + 1)])
def test_of_those_that_came_back_or_are_large_no_two_are_prepared_at_once(
    attempt: int, size: int
) -> None:
    room = Pairs(patience=0.1)
    names = [f"{number}.png" for number in range(2)]
    for name in names:
        room.upload(name)
    records = [message(name, attempt, size=size) for name in names]
    assert room.batch.process(records, plenty) == ["0.png", "1.png"]
    assert room.metrics.counts == {"error": 2}


def test_a_failure_beside_another_photograph_is_its_own() -> None:
    room = Room()
    batch = replace(room.batch, workers=2)
    records = [room.upload(f"{number}.png") for number in range(6)]
    poison = room.upload("bad.png", b"poison")
    assert batch.process([*records[:3], poison, *records[3:]], plenty) == ["bad.png"]
    assert room.metrics.counts == {"captioned": 6, "error": 1}
