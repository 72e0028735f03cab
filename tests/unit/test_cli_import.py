"""Importing a folder: the same content is the same photograph, however often it is asked."""

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from image_repo import bulk
from image_repo.client import Client
from image_repo.config import Session
from image_repo.contents import photograph
from image_repo.errors import Unreachable
from image_repo.reporting import is_whole
from tests.api import Api
from tests.importing import Repository, jpeg

NAMES = [f"{number}.jpg" for number in range(6)]


@pytest.fixture
def repository(api: Api) -> Repository:
    return Repository(api)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in NAMES:
        (folder / name).write_bytes(jpeg(f"number {name[0]}"))
    return folder


def describe(folder: Path, *lines: str) -> None:
    (folder / "descriptions.txt").write_text("".join(f"{line}\n" for line in lines))


def test_an_import_that_was_cut_ends_with_the_totals_of_one_that_was_not(
    repository: Repository, folder: Path
) -> None:
    repository.breaks_at_file = 3
    with pytest.raises(Unreachable):
        repository.take_in(folder)
    repository.breaks_at_file = None
    told = repository.take_in(folder)
    assert (told["uploaded"], told["there"], told["failed"]) == (3, 3, [])
    assert repository.names() == NAMES
    assert repository.files == Counter(NAMES)


def test_a_record_whose_id_was_never_heard_is_met_again(
    repository: Repository, folder: Path
) -> None:
    repository.is_cut_at_entry = 3
    repository.take_in(folder)  # entering is repeated, for the same content is the same record
    assert repository.entries == len(NAMES) + 1
    assert repository.names() == NAMES


@pytest.mark.fault(41)
def test_a_second_import_sends_nothing_and_enters_one_photograph_at_most(
    repository: Repository, folder: Path
) -> None:
    repository.take_in(folder)
    before = repository.entries
    told = repository.take_in(folder)
    assert (told["uploaded"], told["there"]) == (0, 6)
    assert is_whole(told)
    assert repository.entries == before + 1  # which tells whose photographs they are
    assert repository.files == Counter(NAMES)


@pytest.mark.fault(41)
def test_touched_files_a_renamed_folder_and_a_renamed_file_are_the_same_photographs(
    repository: Repository, folder: Path
) -> None:
    repository.take_in(folder)
    for name in NAMES:
        os.utime(folder / name, (1, 1))
    (folder / "0.jpg").rename(folder / "zero.jpg")
    told = repository.take_in(folder.rename(folder.parent / "renamed"))
    assert (told["uploaded"], told["there"]) == (0, 6)
    assert told["same"] == [{"file": "zero.jpg", "as": "0.jpg", "passed_over": []}]
    assert repository.names() == NAMES


@pytest.mark.fault(41)
def test_a_corrected_line_corrects_the_caption(repository: Repository, folder: Path) -> None:
    describe(folder, "0.jpg A dog", "1.jpg A cat")
    repository.take_in(folder)
    describe(folder, "0.jpg A brown dog", "1.jpg A cat")
    (folder / "0.jpg").rename(folder / "7.jpg")
    describe(folder, "7.jpg A brown dog", "1.jpg A cat")
    told = repository.take_in(folder)
    assert (told["uploaded"], told["updated"], told["there"]) == (0, 1, 5)
    captions = repository.captions()
    assert captions["0.jpg"] == ("A brown dog", "import")
    assert captions["1.jpg"] == ("A cat", "import")


def test_what_a_user_wrote_meanwhile_stands_and_is_reported(
    repository: Repository, folder: Path
) -> None:
    describe(folder, "0.jpg A dog")
    repository.take_in(folder)
    repository.edit("0.jpg", caption="My dog Rex")
    describe(folder, "0.jpg A brown dog")
    told = repository.take_in(folder)
    assert told["kept"] == [{"file": "0.jpg", "fields": ["caption"]}]
    assert repository.captions()["0.jpg"] == ("My dog Rex", "user")


def test_the_same_picture_twice_in_a_folder_goes_in_once_and_is_named(
    repository: Repository, folder: Path
) -> None:
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    describe(folder, "0.jpg A dog", "copy.jpg Another dog")
    told = repository.take_in(folder)
    assert (told["photographs"], told["uploaded"], told["duplicates"]) == (7, 6, 1)
    assert told["same"] == [{"file": "copy.jpg", "as": "0.jpg", "passed_over": ["caption"]}]
    assert repository.names() == NAMES
    assert repository.captions()["0.jpg"] == ("A dog", "import")


def test_a_picture_whose_first_name_is_refused_goes_in_by_its_second(
    repository: Repository, folder: Path
) -> None:
    (folder / "${filename}").write_bytes((folder / "0.jpg").read_bytes())
    told = repository.take_in(folder)
    assert (told["uploaded"], told["duplicates"], len(told["failed"])) == (6, 0, 1)
    assert repository.names() == NAMES


def test_the_same_picture_is_stored_again_once_where_that_is_asked_for(
    repository: Repository, folder: Path
) -> None:
    (folder / "copy.jpg").write_bytes((folder / "0.jpg").read_bytes())
    repository.take_in(folder)
    for uploaded in (1, 0):
        told = repository.take_in(folder, duplicates="store")
        assert told["uploaded"] == uploaded
    assert repository.names() == [*NAMES, "copy.jpg"]


def test_copies_of_one_name_are_as_many_records_after_a_cut(
    repository: Repository, tmp_path: Path
) -> None:
    for number in range(4):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "a.jpg").write_bytes(jpeg("the same"))
    repository.breaks_at_file = 2
    how: dict[str, Any] = {"is_recursive": True, "duplicates": "store"}
    with pytest.raises(Unreachable):
        repository.take_in(tmp_path, **how)
    repository.breaks_at_file = None
    (tmp_path / "0").rename(tmp_path / "9")
    for _ in "again":
        repository.take_in(tmp_path, **how)
    assert repository.names() == ["a.jpg"] * 4


def test_copies_that_were_deleted_come_back_though_others_have_their_keys(
    repository: Repository, tmp_path: Path
) -> None:
    for number in range(4):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "a.jpg").write_bytes(jpeg("the same"))
    repository.take_in(tmp_path, is_recursive=True, duplicates="store")
    for image in sorted(repository.images(), key=lambda image: image["created_at"])[:2]:
        repository.client().call("DELETE", f"images/{image['id']}")
    told = repository.take_in(tmp_path, is_recursive=True, duplicates="store")
    assert (told["uploaded"], told["there"]) == (2, 2)
    assert repository.names() == ["a.jpg"] * 4


def test_files_of_one_name_in_two_folders_are_two_photographs(
    repository: Repository, tmp_path: Path
) -> None:
    for where in ("north", "south"):
        (tmp_path / where).mkdir()
        (tmp_path / where / "a.jpg").write_bytes(jpeg(where))
        describe(tmp_path / where, f"a.jpg The {where}")
    told = repository.take_in(tmp_path, is_recursive=True)
    assert (told["uploaded"], told["captions"], told["left_out"]) == (2, 2, [])
    captions = {image["caption"]["text"] for image in repository.images()}
    assert captions == {"The north", "The south"}


def test_another_owners_photograph_is_not_taken_for_ones_own(
    repository: Repository, folder: Path
) -> None:
    repository.take_in(folder, as_="bob")
    told = repository.take_in(folder, as_="admin")  # who is shown bob's
    assert (told["uploaded"], told["there"]) == (6, 0)
    assert Counter(image["owner"] for image in repository.images("admin")) == {"bob": 6, "root": 6}


def test_photographs_that_were_deleted_since_are_imported_again(
    repository: Repository, folder: Path
) -> None:
    repository.take_in(folder)
    repository.client().call("DELETE", f"images/{repository.record('0.jpg').image_id}")
    assert repository.take_in(folder)["uploaded"] == 1
    assert repository.names() == NAMES


def test_a_changed_file_is_another_photograph(repository: Repository, folder: Path) -> None:
    repository.take_in(folder)
    (folder / "0.jpg").write_bytes(jpeg("changed"))
    assert repository.take_in(folder)["uploaded"] == 1
    assert repository.files["0.jpg"] == 2
    assert repository.files["1.jpg"] == 1


def test_a_broken_file_counts_as_failed_not_as_uploaded(
    repository: Repository, folder: Path
) -> None:
    (folder / "0.jpg").write_bytes(jpeg("broken"))
    told = repository.take_in(folder)
    assert (told["photographs"], told["uploaded"]) == (6, 5)
    assert told["failed"] == [{"file": "0.jpg", "problem": "the file is damaged"}]
    assert not is_whole(told)


def test_a_file_that_is_no_photograph_fails_alone(
    repository: Repository, folder: Path, tmp_path: Path
) -> None:
    notes = tmp_path / "notes.jpg"
    notes.write_text("told by its contents")
    imported = repository.put_in([photograph(notes), photograph(folder / "0.jpg")])
    (problem,) = filter(None, map(imported.problem, imported.outcomes))
    assert "is no photograph" in problem
    assert repository.names() == ["0.jpg"]


@pytest.mark.fault(41)
def test_a_file_that_vanished_fails_alone(repository: Repository, folder: Path) -> None:
    imported = repository.put_in([photograph(folder / "0.jpg"), photograph(folder / "gone.jpg")])
    (problem,) = filter(None, map(imported.problem, imported.outcomes))
    assert problem == "cannot be read: No such file or directory"
    assert repository.names() == ["0.jpg"]


@pytest.mark.fault(41)
def test_a_file_that_changes_after_it_was_read_is_reported_and_not_sent(
    repository: Repository, folder: Path
) -> None:
    def grow(client: object, contents: object) -> dict[str, list[object]]:
        for name in ("0.jpg", "1.jpg"):
            status = (folder / name).stat()
            (folder / name).write_bytes(jpeg(f"number {name[0]} and more"))
            if name == "1.jpg":  # as a tool does that leaves size and time alone
                (folder / name).write_bytes(jpeg("NUMBER 1"))
                os.utime(folder / name, ns=(status.st_atime_ns, status.st_mtime_ns))
        (folder / "2.jpg").unlink()
        return {}

    told = repository.take_in(folder, held=grow)
    assert {one["file"] for one in told["failed"]} == {"0.jpg", "1.jpg", "2.jpg"}
    assert not repository.files["0.jpg"] + repository.files["1.jpg"]
    assert not {"0.jpg", "2.jpg"} & set(repository.names())
    told = repository.take_in(folder)
    assert (told["uploaded"], told["failed"]) == (2, [])


@pytest.mark.parametrize("name", ["${filename}", "a\nb.jpg"])
def test_a_name_that_the_repository_refuses_is_one_line(
    repository: Repository, folder: Path, name: str
) -> None:
    (folder / "0.jpg").rename(folder / name)
    told = repository.take_in(folder)
    (one,) = told["failed"]
    assert (told["uploaded"], one["file"]) == (5, name.replace("\n", r"\n"))
    assert one["problem"].startswith("name: ")


@pytest.mark.fault(41)
def test_a_name_that_is_not_utf_8_is_one_line_with_escapes(
    repository: Repository, folder: Path
) -> None:
    (folder / "0.jpg").rename(folder / os.fsdecode(b"caf\xe9.jpg"))
    told = repository.take_in(folder)
    assert (told["uploaded"], told["failed"]) == (5, [])
    assert not is_whole(told)
    (one,) = told["left_out"]
    assert (one["file"], one["kind"]) == (r"caf\xe9.jpg", "unreadable name")


@dataclass(frozen=True)
class SessionWith(Session):
    """Speaks to the repository of a test."""

    repository: Repository | None = None

    def client(self) -> Client:
        assert self.repository
        return self.repository.client()


def test_what_happened_is_told_before_a_report_that_cannot_be_written(
    repository: Repository, folder: Path
) -> None:
    app = typer.Typer()
    app.command()(bulk.import_folder)
    session = SessionWith(None, None, repository)
    in_a_file = str(folder / NAMES[0] / "report.json")
    result = CliRunner().invoke(app, [str(folder), "--report", in_a_file], obj=session)
    assert "6 photographs: 6 uploaded" in result.output
    assert isinstance(result.exception, OSError)
