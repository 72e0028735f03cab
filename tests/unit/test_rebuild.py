"""The bucket gone through again, without doing finished work twice."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import InvalidField, NotFound
from chalicelib.images import State, image_id_of
from chalicelib.rebuild import Rebuild, RebuildPage
from chalicelib.transitions import pending
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
MODEL = "net@1"


class Room:
    def __init__(self) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = MemoryStorage(BUCKET)
        self.queue = MemoryQueue()
        self.rebuild = Rebuild(self.catalogue, self.storage, self.queue, MODEL)

    def upload(self, key: str) -> str:
        self.storage.write(key, b"1234", content_type="image/jpeg")
        return image_id_of(BUCKET, key)

    def record(self, key: str, **fields: Any) -> str:
        image_id = self.upload(key)
        finished: dict[str, Any] = {"state": State.CAPTIONED, "processed_by": MODEL, "size": 4}
        record = replace(pending(BUCKET, key, NOW), **(finished | fields))
        self.catalogue.save(record, expected_rev=0)
        return image_id

    def queued(self) -> list[str]:
        return [message["redrive"]["key"] for message in self.queue.messages]


def test_uploads_without_a_record_are_queued_and_finished_ones_skipped() -> None:
    room = Room()
    room.record("uploads/ada/done.jpg")
    room.upload("uploads/ada/lost.jpg")
    room.upload("uploads/ada/descriptions.txt")
    room.upload("derived/x/a.webp")
    assert room.rebuild.page(None) == RebuildPage(3, 1, 2, None)
    assert room.queued() == ["uploads/ada/lost.jpg"]


@pytest.mark.parametrize(
    ("fields", "is_queued"),
    [
        ({"state": State.NEEDS_REVIEW}, False),
        ({"state": State.DELETED}, False),
        ({"state": State.FAILED}, False),
        ({"state": State.FAILED, "processed_by": None}, True),
        ({"state": State.PENDING, "processed_by": None}, True),
        ({"processed_by": "net@0"}, True),
        ({"size": 5}, True),
    ],
)
def test_what_a_record_says_decides(fields: dict[str, object], is_queued: bool) -> None:
    room = Room()
    room.record("uploads/ada/a.jpg", **fields)
    assert room.rebuild.page(None).queued == is_queued


def test_force_queues_finished_ones_too() -> None:
    room = Room()
    room.record("uploads/ada/done.jpg")
    assert room.rebuild.page(None, force=True).queued == 1
    assert room.queue.messages[0]["redrive"]["force"] is True


def test_pages_go_through_everything_once() -> None:
    room = Room()
    keys = [f"uploads/ada/{number}.jpg" for number in range(7)]
    for key in keys:
        room.upload(key)
    after, pages = None, 0
    while True:
        page = room.rebuild.page("ada", after, 3)
        pages += 1
        if page.cursor is None:
            break
        after = page.cursor
    assert room.queued() == keys and pages == 3


def test_an_owner_rebuilds_what_is_theirs() -> None:
    room = Room()
    for key in ("uploads/ada/a.jpg", "uploads/adam/b.jpg", "uploads/c.jpg"):
        room.upload(key)
    room.rebuild.page("ada")
    assert room.queued() == ["uploads/ada/a.jpg"]
    room.rebuild.page("default")
    assert room.queued()[1:] == ["uploads/c.jpg"]


@pytest.mark.parametrize(
    ("after", "limit", "field"),
    [("uploads/bob/a.jpg", 10, "after"), (None, 0, "limit"), (None, 1_001, "limit")],
)
def test_a_page_that_cannot_be_names_the_field(after: str | None, limit: int, field: str) -> None:
    with pytest.raises(InvalidField) as raised:
        Room().rebuild.page("ada", after, limit)
    assert raised.value.field == field


def test_chosen_photographs_are_captioned_again() -> None:
    room = Room()
    image_id = room.record("uploads/ada/a.jpg")
    assert room.rebuild.recaption("ada", [image_id, image_id]) == 1
    assert room.queue.messages == [
        {"redrive": {"key": "uploads/ada/a.jpg", "force": True, "size": 4}}
    ]


def test_another_owners_photograph_is_not_found_and_nothing_queued() -> None:
    room = Room()
    mine, theirs = room.record("uploads/ada/a.jpg"), room.record("uploads/bob/b.jpg")
    with pytest.raises(NotFound):
        room.rebuild.recaption("ada", [mine, theirs])
    assert room.queue.messages == []


def test_a_state_is_captioned_again_page_by_page() -> None:
    room = Room()
    for number in range(3):
        room.record(f"uploads/ada/{number}.jpg", state=State.NEEDS_REVIEW)
    room.record("uploads/ada/fine.jpg")
    first = room.rebuild.recaption_page("ada", State.NEEDS_REVIEW, None, 2)
    assert first.queued == 2 and first.cursor
    assert room.rebuild.recaption_page("ada", State.NEEDS_REVIEW, first.cursor, 2).queued == 1
    assert "uploads/ada/fine.jpg" not in room.queued()
