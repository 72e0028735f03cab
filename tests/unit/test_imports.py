"""Captions that come with a folder, before or after its photographs."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.errors import InvalidField, NotFound, StorageUnavailable
from chalicelib.events import ContinueImport, EventKind, ObjectEvent
from chalicelib.folder_captions import is_caption_file
from chalicelib.images import Attribute, Caption, Source, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.transitions import pending
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
FOLDER = "uploads/ada/walk/"
FILE = f"{FOLDER}descriptions.txt"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def never() -> bool:
    return False


def always() -> bool:
    return True


class Room:
    def __init__(self, storage: MemoryStorage | None = None, chunk: int = 500) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = storage or MemoryStorage(BUCKET)
        self.queue = MemoryQueue()
        self.imports = Imports(self.catalogue, self.storage, self.queue, lambda: NOW, chunk=chunk)

    def describe(self, content: str) -> None:
        self.storage.write(FILE, content.encode(), content_type="text/plain")

    def photograph(self, name: str, **fields: Any) -> str:
        key = FOLDER + name
        image_id = image_id_of(BUCKET, key)
        record = replace(pending(BUCKET, key, NOW), **fields)
        self.catalogue.save(record, expected_rev=0)
        return image_id

    def caption(self, image_id: str) -> Caption | None:
        record = self.catalogue.get(image_id)
        assert record is not None
        return record.caption

    def landed(self, sequencer: str = "01") -> str:
        return self.imports.descriptions_changed(
            ObjectEvent(BUCKET, FILE, EventKind.CREATED, None, sequencer), never
        )

    def work_off(self) -> list[str]:
        done = []
        while self.queue.messages:
            request = self.queue.messages.pop(0)["import"]
            done.append(
                self.imports.continue_import(ContinueImport(request["id"], request["line"]), never)
            )
        return done


def test_descriptions_that_land_caption_the_folders_photographs() -> None:
    room = Room()
    by_model = Caption("an animal", Source.MODEL, "net@1", 0.4, ("a cat",))
    dog = room.photograph("dog.jpg", caption=by_model, state=State.NEEDS_REVIEW, reason="unsure")
    room.describe("dog.jpg a brown dog runs\n")
    assert room.landed() == "imported"
    record = room.catalogue.get(dog)
    assert record is not None and record.state is State.CAPTIONED and record.reason is None
    assert record.caption == Caption(
        "a brown dog runs", Source.IMPORT, alternatives=("an animal", "a cat")
    )
    assert record.attributes == (Attribute("dog", ("brown",), ("run",)),)


def test_a_photograph_that_lands_later_finds_its_caption() -> None:
    room = Room()
    room.describe("dog.jpg a brown dog\n")
    room.landed()
    dog = room.photograph("dog.jpg", state=State.CAPTIONED)
    room.imports.caption(f"{FOLDER}dog.jpg")
    assert room.caption(dog) == Caption("a brown dog", Source.IMPORT)
    revision = room.catalogue.get(dog)
    room.imports.caption(f"{FOLDER}dog.jpg")
    assert room.catalogue.get(dog) == revision


def test_a_photograph_before_any_descriptions_is_not_told_so_for_good() -> None:
    room = Room()
    room.imports.caption(f"{FOLDER}dog.jpg")
    room.describe("dog.jpg a brown dog\n")
    room.landed()
    dog = room.photograph("dog.jpg")
    room.imports.caption(f"{FOLDER}dog.jpg")
    assert room.caption(dog) == Caption("a brown dog", Source.IMPORT)


def test_a_users_caption_is_kept() -> None:
    room = Room()
    mine = Caption("my Rex", Source.USER)
    dog = room.photograph("dog.jpg", caption=mine)
    room.describe("dog.jpg a brown dog\n")
    room.landed()
    room.imports.caption(f"{FOLDER}dog.jpg")
    assert room.caption(dog) == mine


def test_a_users_attributes_are_kept() -> None:
    room = Room()
    dog = room.photograph("dog.jpg", attributes=(Attribute("poodle"),), attributes_source="user")
    room.describe("dog.jpg a brown dog\n")
    room.landed()
    record = room.catalogue.get(dog)
    assert record is not None and record.attributes == (Attribute("poodle"),)


def test_an_import_keeps_as_many_alternatives_as_an_edit() -> None:
    room = Room()
    others = tuple(f"caption {number}" for number in range(50))
    dog = room.photograph("dog.jpg", caption=Caption("an animal", Source.MODEL, "net@1", 1, others))
    room.describe("dog.jpg a brown dog\n")
    room.landed()
    caption = room.caption(dog)
    assert caption and caption.alternatives == ("an animal", *others[:4])


def test_a_started_import_is_worked_off_by_the_queue_and_reported() -> None:
    room = Room()
    room.photograph("dog.jpg")
    room.photograph("cat.jpg", caption=Caption("mine", Source.USER))
    room.describe("dog.jpg a dog\ncat.jpg a cat\ngone.jpg a ghost\nbroken\ndog.jpg again\n")
    import_id = room.imports.start("ada", FOLDER).id
    assert room.imports.report("ada", import_id).state == "running"
    assert room.work_off() == ["imported"]
    report = room.imports.report("ada", import_id)
    assert report.state == "finished" and report.id == import_id
    assert report.counts == {"captioned": 1, "kept": 1, "missing": 1, "problems": 2}
    assert [problem["line"] for problem in report.problems] == [3, 4, 5]


def test_an_import_in_parts_ends_as_one_in_one_go() -> None:
    room = Room(chunk=2)
    ids = [room.photograph(f"{number}.jpg") for number in range(5)]
    room.describe("".join(f"{number}.jpg dog {number}\n" for number in range(5)))
    import_id = room.imports.start("ada", FOLDER).id
    parts = []
    while room.queue.messages:
        request = room.queue.messages.pop(0)["import"]
        parts.append(ContinueImport(request["id"], request["line"]))
        room.imports.continue_import(parts[-1], always)
        late = [room.imports.continue_import(part, always) for part in parts[:-1]]
        assert set(late) <= {"duplicate"}
    assert [part.line for part in parts] == [1, 2, 3, 4, 5, 6]
    assert room.imports.report("ada", import_id).counts["captioned"] == 5
    assert all(room.caption(image_id) for image_id in ids)


class _LosesOneReport(MemoryStorage):
    losses = 0

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        if key.startswith("imports/") and self.losses:
            self.losses -= 1
            raise StorageUnavailable("the process ended here")
        super().write(key, body, content_type=content_type)


def test_an_import_that_was_killed_resumes_to_the_same_totals() -> None:
    storage = _LosesOneReport(BUCKET)
    room = Room(storage)
    room.photograph("dog.jpg")
    room.describe("dog.jpg a dog\nbroken\n")
    import_id = room.imports.start("ada", FOLDER).id
    storage.losses = 1
    request = ContinueImport(import_id, 1)
    with pytest.raises(StorageUnavailable):
        room.imports.continue_import(request, never)
    assert room.imports.continue_import(request, never) == "imported"
    counts = room.imports.report("ada", import_id).counts
    assert counts == {"captioned": 1, "kept": 0, "missing": 0, "problems": 1}


def test_a_redrive_that_was_killed_ends_the_report_that_it_began() -> None:
    storage = MemoryStorage(BUCKET)
    room = Room(storage, chunk=1)
    room.describe("dog.jpg a dog\ncat.jpg a cat\n")
    redriven = ObjectEvent(BUCKET, FILE, EventKind.CREATED)
    assert room.imports.descriptions_changed(redriven, always) == "import_continued"
    room.queue.messages.clear()  # it was killed before it asked for the rest
    room.describe("dog.jpg another dog\ncat.jpg another cat\n")
    assert room.imports.descriptions_changed(redriven, never) == "imported"
    assert _states(storage) == ["finished"]
    assert room.imports.descriptions_changed(redriven, never) == "imported"
    assert _states(storage) == ["finished"]


def _states(storage: MemoryStorage) -> list[str]:
    reports = [one.key for one in storage.objects("imports/") if "folders" not in one.key]
    return [json.loads(storage.read(key, limit=10_000) or b"{}")["state"] for key in reports]


def test_the_same_landing_twice_is_one_import() -> None:
    room = Room()
    room.photograph("dog.jpg")
    room.describe("dog.jpg a dog\n")
    assert [room.landed(), room.landed(), room.landed("02")] == [
        "imported",
        "duplicate",
        "imported",
    ]


def test_descriptions_that_vanish_leave_a_report_that_says_so() -> None:
    room = Room()
    room.describe("dog.jpg a dog\n")
    import_id = room.imports.start("ada", FOLDER).id
    room.storage.delete(FILE)
    assert room.work_off() == ["import_failed"]
    report = room.imports.report("ada", import_id)
    assert report.state == "failed" and report.reason == "descriptions.txt is gone"


@pytest.mark.parametrize("prefix", ["uploads/bob/", "uploads/", "index/", "", "uploads/ada/empty/"])
def test_a_prefix_that_is_no_described_folder_of_the_owner_is_refused(prefix: str) -> None:
    room = Room()
    room.describe("dog.jpg a dog\n")
    with pytest.raises(InvalidField) as raised:
        room.imports.start("ada", prefix)
    assert raised.value.field == "prefix" and not room.queue.messages


@pytest.mark.parametrize("owner", ["bob", "default"])
def test_another_owners_report_is_not_found(owner: str) -> None:
    room = Room()
    room.describe("dog.jpg a dog\n")
    import_id = room.imports.start("ada", FOLDER).id
    with pytest.raises(NotFound):
        room.imports.report(owner, import_id)
    assert room.imports.report(None, import_id).owner == "ada"


@pytest.mark.parametrize("import_id", ["", "../uploads/ada/x", "0" * 32])
def test_an_unknown_report_is_not_found(import_id: str) -> None:
    with pytest.raises(NotFound):
        Room().imports.report(None, import_id)


def test_files_of_captions_are_told_from_photographs() -> None:
    for name in ("descriptions.txt", "captions.csv", "captions_val2017.json", "dog.jpg.xmp"):
        assert is_caption_file(f"uploads/ada/{name}")
    assert not is_caption_file("uploads/ada/my-descriptions.txt")
    assert not is_caption_file("imports/descriptions.txt")


def test_descriptions_that_are_corrected_caption_the_next_photograph() -> None:
    room = Room()
    dog, cat = room.photograph("dog.jpg"), room.photograph("cat.jpg")
    room.describe("dog.jpg a dog\ncat.jpg a bat\n")
    room.landed()
    room.imports.caption(f"{FOLDER}dog.jpg")
    room.describe("dog.jpg a dog\ncat.jpg a cat\n")
    room.landed("02")
    room.imports.caption(f"{FOLDER}cat.jpg")
    assert room.caption(dog) == Caption("a dog", Source.IMPORT)
    assert room.caption(cat) == Caption("a cat", Source.IMPORT)
