"""Importing a folder: what is read from it, and going on after a cut."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest

from image_repo.client import Client
from image_repo.errors import CommandError, Unreachable
from image_repo.importing import read_folder
from image_repo.uploading import Photograph, ResumeLog, UploadOutcome, upload


class Repository:
    """Takes photographs in, and breaks down when told to."""

    def __init__(self) -> None:
        self.records: dict[str, str] = {}
        self.files: Counter[str] = Counter()
        self.breaks_at_file: int | None = None
        self.unlisted: set[str] = set()
        self.is_cut_at_entry: int | None = None
        self.created = datetime.now(UTC)
        self._numbers = count()

    def client(self) -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client("http://api", "imr_x", transport=transport, sleep=lambda _: None)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket":
            return self._take_file(request)
        if request.method == "DELETE":
            known = self.records.pop(request.url.path.rsplit("/", 1)[-1], None)
            return httpx.Response(204 if known else 404, json=None if known else {"type": "x"})
        if request.method == "GET":
            return self._show(request.url.path)
        name = json.loads(request.read())["name"]
        image_id = f"id-{next(self._numbers)}-{name}"
        self.records[image_id] = name
        if len(self.records) == self.is_cut_at_entry:
            raise httpx.ReadError("cut when it was done and before it was heard")
        upload = {"url": "http://bucket/", "fields": {"key": image_id}}
        return httpx.Response(201, json={"image": {"id": image_id}, "upload": upload})

    def _record(self, image_id: str) -> dict[str, object]:
        name, created = self.records[image_id], self.created.isoformat()
        return {"id": image_id, "name": name, "size": 1, "created_at": created}

    def _show(self, path: str) -> httpx.Response:
        if path == "/images":
            shown = self.records.keys() - self.unlisted
            items = [self._record(image_id) for image_id in sorted(shown)]
            return httpx.Response(200, json={"items": items, "cursor": None})
        known = path.rsplit("/", 1)[-1] in self.records
        return httpx.Response(200 if known else 404, json={"type": "x"})

    def _take_file(self, request: httpx.Request) -> httpx.Response:
        if self.breaks_at_file is not None and sum(self.files.values()) >= self.breaks_at_file:
            raise httpx.ConnectError("the network is down")
        (image_id,) = [known for known in self.records if known.encode() in request.read()]
        self.files[self.records[image_id]] += 1
        return httpx.Response(204)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.jpg").write_bytes(b"x")
    return folder


def run(repository: Repository, folder: Path, log: Path) -> list[UploadOutcome]:
    photographs, client = read_folder(folder).photographs, repository.client()
    return upload(client, photographs, ResumeLog(log, client), at_once=1)


def test_an_import_that_was_cut_ends_with_the_totals_of_one_that_was_not(
    folder: Path, tmp_path: Path
) -> None:
    repository, log = Repository(), tmp_path / "log"
    repository.breaks_at_file = 3
    with pytest.raises(Unreachable):
        run(repository, folder, log)
    repository.breaks_at_file = None
    outcomes = run(repository, folder, log)
    assert all(outcome.image_id for outcome in outcomes)
    names = [f"{number}.jpg" for number in range(6)]
    assert sorted(repository.records.values()) == names
    assert repository.files == Counter(names)


def test_a_log_cut_in_the_middle_of_a_line_is_read_to_there(folder: Path, tmp_path: Path) -> None:
    repository, log = Repository(), tmp_path / "log"
    run(repository, folder, log)
    log.write_text(log.read_text()[:-20])
    run(repository, folder, log)
    assert len(repository.records) == 6


@pytest.mark.parametrize(("age", "total"), [(timedelta(0), 6), (timedelta(days=1), 7)])
def test_a_record_whose_id_was_never_heard_is_withdrawn_but_nobody_elses(
    folder: Path, tmp_path: Path, age: timedelta, total: int
) -> None:
    repository, log = Repository(), tmp_path / "log"
    repository.created -= age
    repository.is_cut_at_entry = 3
    with pytest.raises(Unreachable):
        run(repository, folder, log)
    repository.is_cut_at_entry = None
    run(repository, folder, log)
    assert len(repository.records) == total


def test_an_import_that_is_cut_again_and_elsewhere_ends_with_the_same_totals(
    folder: Path, tmp_path: Path
) -> None:
    repository, log = Repository(), tmp_path / "log"
    repository.breaks_at_file = 2  # the third is entered, its id is heard, its file is not sent
    with pytest.raises(Unreachable):
        run(repository, folder, log)
    repository.breaks_at_file = None
    repository.is_cut_at_entry = len(repository.records)  # now its new id is not heard
    with pytest.raises(Unreachable):
        run(repository, folder, log)
    repository.is_cut_at_entry = None
    run(repository, folder, log)
    assert sorted(repository.records.values()) == [f"{number}.jpg" for number in range(6)]


def test_a_torn_line_of_the_log_does_not_swallow_the_next(folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"file": "torn')
    ResumeLog(log).note(Photograph(folder / "0.jpg"), "id-0", sent=True)
    assert list(ResumeLog(log).sent.values()) == ["id-0"]


def test_photographs_that_were_deleted_since_are_imported_again(
    folder: Path, tmp_path: Path
) -> None:
    repository, log = Repository(), tmp_path / "log"
    run(repository, folder, log)
    del repository.records[next(iter(repository.records))]
    run(repository, folder, log)
    assert sorted(repository.records.values()) == [f"{number}.jpg" for number in range(6)]


def test_a_photograph_that_the_list_does_not_show_yet_is_not_sent_twice(
    folder: Path, tmp_path: Path
) -> None:
    repository, log = Repository(), tmp_path / "log"
    run(repository, folder, log)
    repository.unlisted = set(repository.records)
    run(repository, folder, log)
    assert len(repository.records) == 6


def test_an_import_into_another_repository_at_the_same_address_sends_everything(
    folder: Path, tmp_path: Path
) -> None:
    log, renewed = tmp_path / "log", Repository()
    run(Repository(), folder, log)
    run(renewed, folder, log)
    assert len(renewed.records) == 6


def test_a_file_that_is_no_photograph_fails_alone(folder: Path, tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("x")
    photographs = [Photograph(notes), Photograph(folder / "0.jpg")]
    outcomes = upload(Repository().client(), photographs, ResumeLog(None))
    assert [bool(outcome.problem) for outcome in outcomes] == [True, False]


def test_a_changed_file_is_uploaded_again(folder: Path, tmp_path: Path) -> None:
    repository, log = Repository(), tmp_path / "log"
    run(repository, folder, log)
    (folder / "0.jpg").write_bytes(b"changed")
    run(repository, folder, log)
    assert repository.files["0.jpg"] == 2
    assert repository.files["1.jpg"] == 1


def test_a_file_that_vanished_fails_alone(folder: Path) -> None:
    photographs = [Photograph(folder / "0.jpg"), Photograph(folder / "gone.jpg")]
    outcomes = upload(Repository().client(), photographs, ResumeLog(None))
    assert [bool(outcome.problem) for outcome in outcomes] == [False, True]


def test_captions_meet_their_files_and_the_other_lines_are_reported(folder: Path) -> None:
    lines = b"\xef\xbb\xbf0.jpg A dog.\r\n1.jpg#0\tA cat.\nmissing.jpg A cow.\n\nnonsense\n"
    (folder / "descriptions.txt").write_bytes(lines)
    found = read_folder(folder)
    captions = {one.path.name: one.caption for one in found.photographs}
    assert (captions["0.jpg"], captions["1.jpg"], captions["2.jpg"]) == ("A dog.", "A cat.", None)
    assert found.described == 2
    assert {line for line, _ in found.problems} == {3, 5}


def test_a_folder_without_photographs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no photographs"):
        read_folder(tmp_path)
