"""The bucket gone through again, without doing finished work twice."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import InvalidField, NotFound
from chalicelib.folder_captions import FolderCaptions
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
        self.rebuild = Rebuild(self.catalogue, self.storage, self.queue)

    def upload(self, key: str, body: bytes = b"1234") -> str:
        self.storage.write(key, body, content_type="image/jpeg")
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
    assert room.rebuild.page(None, 9) == RebuildPage(3, 2, 1, None)
    assert room.queued() == ["uploads/ada/descriptions.txt", "uploads/ada/lost.jpg"]


def test_captions_that_were_imported_as_they_are_need_not_be_again() -> None:
    room = Room()
    for name in ("descriptions.txt", "dog.jpg.xmp"):
        room.upload(f"uploads/ada/{name}")
        FolderCaptions(room.storage).register(f"uploads/ada/{name}")
    assert room.rebuild.page(None, 9) == RebuildPage(2, 0, 2, None)
    room.upload("uploads/ada/descriptions.txt", b"5678")
    assert room.rebuild.page(None, 9).queued == 1


@pytest.mark.parametrize(
    ("fields", "is_queued"),
    [
        ({"state": State.NEEDS_REVIEW}, False),
        ({"state": State.DELETED}, False),
        ({"processed_by": None, "trashed_at": NOW}, False),
        ({"state": State.FAILED}, False),
        ({"state": State.FAILED, "processed_by": None}, True),
        ({"state": State.PENDING, "processed_by": None}, True),
        ({"processed_by": "net@0"}, False),
        ({"size": 5}, True),
    ],
)
def test_what_a_record_says_decides(fields: dict[str, object], is_queued: bool) -> None:
    room = Room()
    room.record("uploads/ada/a.jpg", **fields)
    assert room.rebuild.page(None, 9).queued == is_queued


def test_force_queues_finished_ones_too() -> None:
    room = Room()
    room.record("uploads/ada/done.jpg")
    assert room.rebuild.page(None, 9, force=True).queued == 1
    assert room.queue.messages[0]["redrive"]["force"] is True


def test_pages_go_through_everything_once() -> None:
    room = Room()
    keys = [f"uploads/ada/{number}.jpg" for number in range(7)]
    for key in keys:
        room.upload(key)
    after, pages = None, 0
    while True:
        page = room.rebuild.page(after, 3)
        pages += 1
        if page.cursor is None:
            break
        after = page.cursor
    assert room.queued() == keys and pages == 3


def test_a_page_that_cannot_be_names_the_field() -> None:
    with pytest.raises(InvalidField) as raised:
        Room().rebuild.page("derived/a.webp", 10)
    assert raised.value.field == "after"


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
