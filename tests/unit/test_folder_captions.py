"""Files of captions in a folder of the bucket: whichever comes first, the same captions stand."""

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import InvalidField, PayloadTooLarge
from chalicelib.events import ContinueImport, EventKind, ObjectEvent
from chalicelib.folder_captions import FolderCaptions
from chalicelib.images import Image, Source, image_id_of
from chalicelib.import_reports import ImportReport
from chalicelib.imports import Imports
from chalicelib.transitions import pending
from image_repo_formats import xmp
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
FOLDER = "uploads/ada/walk/"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
PHOTOGRAPHS = ("dog.jpg", "cat.png", "fox.HEIC")
FILES = {
    "descriptions.txt": b"dog.jpg a dog\n",
    "captions.csv": b"image,caption,keywords\ndog.jpg,a hound,\ncat,a cat,pet; grey\n",
    "captions_val.json": b'{"images": [{"id": 1, "file_name": "v/fox.HEIC"}],'
    b' "annotations": [{"image_id": 1, "caption": "a fox"}]}',
    "dog.jpg.xmp": xmp.write("a spaniel", ["beach", "summer"]),
    "fox.xmp": xmp.write("a red fox"),
}
STANDING = {
    "dog.jpg": ("a dog", ("beach", "summer")),
    "cat.png": ("a cat", ("pet", "grey")),
    "fox.HEIC": ("a fox", ()),
}


def never() -> bool:
    return False


class Bucket(MemoryStorage):
    """Counts what is read, and has a file that is longer than anybody wants."""

    requests = 0
    too_long = ""

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        self.requests += 1
        if key == self.too_long:
            raise PayloadTooLarge(f"{limit + 1} bytes, at most {limit} are allowed")
        return super().read(key, version_id=version_id, limit=limit)


class Room:
    def __init__(self) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = Bucket(BUCKET)
        self.queue = MemoryQueue()
        self.imports = Imports(self.catalogue, self.storage, self.queue, lambda: NOW)
        self.events = 0

    def land(self, name: str, body: bytes = b"") -> None:
        """Let a file land in the folder, and what it leads to be done."""
        body = body or FILES.get(name, b"")
        if body:
            self.storage.write(FOLDER + name, body, content_type="text/plain")
            self.tell(name)
            return
        record = pending(BUCKET, FOLDER + name, NOW)
        self.catalogue.save(record, expected_rev=0)
        self.imports.caption(FOLDER + name)

    def tell(self, name: str, kind: EventKind = EventKind.CREATED) -> None:
        self.events += 1
        event = ObjectEvent(BUCKET, FOLDER + name, kind, None, f"{self.events:04X}")
        self.imports.descriptions_changed(event, never)

    def record(self, name: str) -> Image:
        record = self.catalogue.get(image_id_of(BUCKET, FOLDER + name))
        assert record is not None
        return record

    def standing(self, name: str) -> tuple[str | None, tuple[str, ...]]:
        record = self.record(name)
        return record.caption.text if record.caption else None, record.keywords

    def imported(self, file: str | None = None, encoding: str | None = None) -> ImportReport:
        """Ask for an import, and do it."""
        begun = self.imports.start("ada", FOLDER, file, encoding)
        self.imports.continue_import(ContinueImport(begun.id, 1), never)
        return self.imports.report("ada", begun.id)


@given(st.permutations([*PHOTOGRAPHS, *FILES]))
def test_the_order_in_which_files_land_makes_no_difference(order: list[str]) -> None:
    room = Room()
    for name in order:
        room.land(name)
    assert {name: room.standing(name) for name in PHOTOGRAPHS} == STANDING
    assert room.record("dog.jpg").keywords_source is Source.IMPORT


def test_a_folder_without_captions_costs_its_photographs_one_small_read() -> None:
    room = Room()
    room.land("dog.jpg")
    assert room.storage.requests == 1


@pytest.mark.parametrize("file", ["descriptions.txt", "{}.xmp", "{}.XMP", "{}.Xmp"])
@pytest.mark.parametrize(
    ("photograph", "named", "is_meant"),
    [
        ("dog.Jpg", "dog", True),
        ("dog", "dog", True),
        ("dog.dat", "dog", False),
        ("dog.jpg.jpg", "dog.jpg", False),
        ("cafe\u0301.jpg", "caf\u00e9.jpg", True),
        ("caf\u00e9.HEIC", "cafe\u0301", True),
    ],
)
def test_a_name_means_the_same_photographs_whichever_comes_first(
    photograph: str, named: str, file: str, *, is_meant: bool
) -> None:
    first, last = Room(), Room()
    body = xmp.write("a dog") if "{}" in file else f"{named} a dog\n".encode()
    first.land(file.format(named), body)
    for room in (first, last):
        room.land(photograph)
    last.land(file.format(named), body)
    expected = ("a dog" if is_meant else None, ())
    assert (first.standing(photograph), last.standing(photograph)) == (expected, expected)


def test_many_files_of_a_folder_are_read_once_for_all_of_its_photographs() -> None:
    room = Room()
    for number in range(9):
        room.land(f"{number}.jpg")
        room.land(f"captions{number}.json", FILES["captions_val.json"])
    room.imports.caption(f"{FOLDER}0.jpg")
    before = room.storage.requests
    for number in range(9):
        room.imports.caption(f"{FOLDER}{number}.jpg")
    assert room.storage.requests - before == 9 * 2  # of the register, before and after


def test_captions_that_take_too_much_memory_are_read_again() -> None:
    room = Room()
    for name in ("captions.csv", "captions_val.json", "descriptions.txt"):
        room.land(name)
    small = FolderCaptions(room.storage, max_kept_chars=1_000)
    for _ in range(2):
        files = small.of(FOLDER.rstrip("/"))
        told = [small.described(f"{FOLDER}{name}", files).caption for name in PHOTOGRAPHS]
        assert told == ["a dog", "a cat", "a fox"]
    before = room.storage.requests
    small.described(f"{FOLDER}dog.jpg", files)
    assert room.storage.requests > before


def test_of_two_sidecars_the_report_says_which_counts() -> None:
    room = Room()
    for name in ("dog.jpg", "dog.jpg.xmp"):
        room.land(name)
    room.land("dog.xmp", xmp.write("a hound"))
    counts = {"captioned": 1, "kept": 0, "missing": 0, "problems": 0}
    assert room.imported("dog.jpg.xmp").counts == counts
    (problem,) = room.imported("dog.xmp").problems
    assert problem["reason"].startswith("dog.jpg.xmp describes the photograph, too")


def test_of_several_files_the_report_says_which_counts() -> None:
    room = Room()
    for name in ("dog.jpg", "cat.png", "descriptions.txt"):
        room.land(name)
    room.storage.write(f"{FOLDER}captions.csv", FILES["captions.csv"], content_type="text/csv")
    report = room.imported("captions.csv")
    assert report.counts == {"captioned": 1, "kept": 1, "missing": 0, "problems": 0}
    (problem,) = report.problems
    assert problem["line"] == 2 and "descriptions.txt" in problem["reason"]
    assert (report.form, report.encoding) == ("table", "utf-8")


def test_an_import_that_names_no_file_takes_the_one_that_counts_first() -> None:
    room = Room()
    room.land("captions.csv")
    assert room.imported().key == f"{FOLDER}captions.csv"
    room.land("descriptions.txt")
    assert room.imported().key == f"{FOLDER}descriptions.txt"


def test_an_encoding_that_cannot_be_told_is_asked_for_and_kept_for_later_photographs() -> None:
    room = Room()
    room.land("dog.jpg")
    body = "dog.jpg 一只棕色的狗在跑\ncat.png 一只灰色的猫在睡觉\n".encode("gbk")
    room.land("descriptions.txt", body)
    failed = room.imported()
    assert failed.state == "failed" and failed.reason and "gb18030" in failed.reason
    assert room.standing("dog.jpg") == (None, ())
    report = room.imported("descriptions.txt", "gbk")
    assert (report.state, report.encoding) == ("finished", "gbk")
    room.tell("descriptions.txt")  # an event that comes late
    room.land("cat.png")
    assert room.standing("dog.jpg")[0] == "一只棕色的狗在跑"
    assert room.standing("cat.png")[0] == "一只灰色的猫在睡觉"
    room.land("descriptions.txt", "dog.jpg a dog – brown".encode())
    assert room.standing("dog.jpg")[0] == "a dog – brown"


def test_a_file_that_is_too_long_fails_alone() -> None:
    room = Room()
    room.storage.too_long = f"{FOLDER}descriptions.txt"
    room.land("descriptions.txt")
    room.land("fox.xmp")
    for name in PHOTOGRAPHS:
        room.land(name)
    assert room.standing("fox.HEIC") == ("a red fox", ())
    assert room.standing("dog.jpg") == (None, ())
    report = room.imported()
    assert report.state == "failed" and report.reason and "at most 100000000" in report.reason


@pytest.mark.parametrize("body", [b"\xff\x81\x8d\n", b"<x>", b"{", b"\0"])
@pytest.mark.parametrize("name", ["captions.csv", "captions.json", "dog.jpg.xmp", "dog.xmp"])
def test_a_file_that_nothing_can_read_leaves_its_folders_photographs_alone(
    name: str, body: bytes
) -> None:
    room = Room()
    room.land(name, body)
    room.land("dog.jpg")
    assert room.standing("dog.jpg") == (None, ())


def test_a_deleted_file_describes_no_photograph_that_comes_later() -> None:
    room = Room()
    room.land("descriptions.txt")
    room.land("dog.jpg")
    room.storage.delete(f"{FOLDER}descriptions.txt")
    room.tell("descriptions.txt", EventKind.REMOVED)
    room.catalogue = MemoryCatalogue()
    fresh = Room()
    fresh.storage = room.storage
    fresh.imports = Imports(fresh.catalogue, room.storage, fresh.queue, lambda: NOW)
    fresh.land("dog.jpg")
    assert fresh.standing("dog.jpg") == (None, ())
    room.land("descriptions.txt")  # the same content again
    fresh.imports.caption(f"{FOLDER}dog.jpg")
    assert fresh.standing("dog.jpg") == ("a dog", ())


def test_a_caption_that_the_model_wrote_comes_back_from_no_sidecar_as_a_persons() -> None:
    room = Room()
    room.land("dog.jpg")
    room.land("dog.jpg.xmp", xmp.write("a dog on grass", ["mine"], generated=True))
    assert room.standing("dog.jpg") == (None, ("mine",))
    changed = xmp.write("a dog on grass", generated=True).replace(
        b'default">a dog on grass', b'default">Rex on grass'
    )
    room.land("dog.jpg.xmp", changed)
    assert room.standing("dog.jpg")[0] == "Rex on grass"


def test_a_sidecar_without_its_photographs_ending_describes_all_of_the_name() -> None:
    room = Room()
    for name in ("fox.HEIC", "fox.jpg", "foxy.jpg"):
        room.land(name)
    room.land("fox.xmp")
    told = [room.standing(name)[0] for name in ("fox.HEIC", "fox.jpg", "foxy.jpg")]
    assert told == ["a red fox", "a red fox", None]


@pytest.mark.parametrize(
    ("file", "encoding", "field"),
    [
        ("dog.jpg", None, "file"),
        ("captions.txt", None, "file"),
        ("../other/descriptions.txt", None, "file"),
        (None, "klingon", "encoding"),
        (None, "hex", "encoding"),
    ],
)
def test_what_an_import_names_must_be_there(
    file: str | None, encoding: str | None, field: str
) -> None:
    room = Room()
    room.land("dog.jpg")
    room.land("descriptions.txt")
    with pytest.raises(InvalidField) as raised:
        room.imports.start("ada", FOLDER, file, encoding)
    assert raised.value.field == field


def test_a_large_file_is_read_line_by_line() -> None:
    room = Room()
    lines = io.BytesIO()
    for number in range(2_000):
        lines.write(f"{number}.jpg dog {number}\r\n".encode("utf-16-le"))
    room.land("1999.jpg")
    room.land("descriptions.txt", lines.getvalue())
    assert room.standing("1999.jpg")[0] == "dog 1999"
