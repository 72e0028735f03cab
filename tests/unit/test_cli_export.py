"""Exporting a repository: a folder that other programs read, and that comes back as it was."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from image_repo import exporting
from image_repo.errors import CommandError
from image_repo.exporting import SavedFile
from image_repo.importing import read_folder
from image_repo_formats import xmp
from tests.api import Api
from tests.importing import PNG, Repository, jpeg

DOG = [{"subject": "dog", "colours": ["brown"], "actions": ["run"], "places": [], "garments": []}]


@pytest.fixture
def repository(api: Api, tmp_path: Path) -> Repository:
    """Return a repository with records of every kind."""
    repository = Repository(api)
    folder = tmp_path / "photos"
    files = {
        "model.jpg": jpeg("a model"),
        "imported.png": PNG + b"imported",
        "user.jpg": jpeg("a user"),
        "mixed.jpg": jpeg("mixed"),
        "unclear.jpg": jpeg("unclear things"),
        "broken.jpg": jpeg("broken"),
        "one/dog.jpg": jpeg("the first dog"),
        "two/dog.jpg": jpeg("the second dog"),
        "two/Dog.JPG": jpeg("the third dog"),
        "two/con.jpg": jpeg("a console"),
        "two/what?.jpg": jpeg("a question"),
        "one/twin.jpg": jpeg("twins"),
        "two/twin.jpg": jpeg("twins"),
    }
    for name, body in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    (folder / "descriptions.txt").write_text("imported.png From a file\nmixed.jpg From a file\n")
    (folder / "two" / "descriptions.txt").write_text("dog.jpg The second\ntwin.jpg A twin\n")
    repository.take_in(folder, is_recursive=True, duplicates="store")
    repository.edit("user.jpg", caption="By a user", attributes=DOG, keywords=["beach", "Oslo"])
    repository.edit("mixed.jpg", keywords=["mixed"])
    return repository


def exported(repository: Repository, folder: Path) -> list[SavedFile]:
    images = exporting.list_images(repository.client(), None)
    return exporting.save(repository.client(), images, folder, lambda: None)


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "images.jsonl").read_text().splitlines()]


def told(repository: Repository) -> list[tuple[Any, ...]]:
    """Return what an export has to bring back, of every record."""
    return sorted(
        (
            image["name"],
            image["state"],
            image["sha256"],
            image["reason"] or "",
            json.dumps(image["caption"]),
            json.dumps(image["attributes"]),
            str(image["attributes_source"]),
            image["keywords"],
            str(image["keywords_source"]),
        )
        for image in repository.images()
    )


def test_an_export_is_imported_into_an_empty_repository_as_what_it_was(
    repository: Repository, tmp_path: Path
) -> None:
    exported(repository, tmp_path / "out")
    renewed = Repository(Api())
    report = renewed.take_in(tmp_path / "out")
    assert report["uploaded"] == 12
    assert [one["file"] for one in report["failed"]] == ["broken.jpg"]
    assert report["left_out"] == report["lines"] == report["kept"] == []
    assert told(renewed) == told(repository)
    again = renewed.take_in(tmp_path / "out")
    assert again["failed"] == report["failed"]
    assert (again["uploaded"], again["updated"], again["there"]) == (0, 0, 12)
    assert told(renewed) == told(repository)


def test_photographs_lie_under_their_own_names_which_any_file_system_takes(
    repository: Repository, tmp_path: Path
) -> None:
    exported(repository, tmp_path)
    told = {line["file"]: line["name"] for line in lines(tmp_path)}
    assert told["model.jpg"] == "model.jpg"
    assert (told["_con.jpg"], told["what_.jpg"]) == ("con.jpg", "what?.jpg")
    dogs = {name.casefold() for name in told if "dog" in name.casefold()}
    assert dogs == {"dog.jpg", "dog (2).jpg", "dog (3).jpg"}
    for line in lines(tmp_path):
        content = (tmp_path / line["file"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == line["sha256"]


def test_descriptions_hold_peoples_captions_only(repository: Repository, tmp_path: Path) -> None:
    exported(repository, tmp_path)
    captions = (tmp_path / "descriptions.txt").read_text()
    assert "user.jpg\tBy a user\n" in captions
    assert "imported.png\tFrom a file\n" in captions
    assert "model.jpg" not in captions


def test_a_caption_whose_line_would_be_misread_stands_in_the_record_alone(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "my photo").write_bytes(jpeg("a blank"))
    repository.take_in(tmp_path / "in")
    repository.edit("my photo", caption="Mine")
    exported(repository, tmp_path / "out")
    assert "my photo" not in (tmp_path / "out" / "descriptions.txt").read_text()
    renewed = Repository(Api())
    assert renewed.take_in(tmp_path / "out")["lines"] == []
    assert renewed.captions()["my photo"] == ("Mine", "user")


def test_sidecars_hold_every_caption_and_mark_the_models(
    repository: Repository, tmp_path: Path
) -> None:
    exported(repository, tmp_path)
    by_user = xmp.read((tmp_path / "user.xmp").read_bytes())
    by_model = xmp.read((tmp_path / "model.xmp").read_bytes())
    assert by_user == xmp.Described("By a user", ("beach", "Oslo"))
    assert by_model == xmp.Described("a photograph of a model", generated=True)


def test_photographs_that_would_share_a_sidecar_have_one_each(
    repository: Repository, tmp_path: Path
) -> None:
    folder = tmp_path / "alike"
    folder.mkdir()
    (folder / "same.jpg").write_bytes(jpeg("a photograph"))
    (folder / "same.png").write_bytes(PNG + b"a drawing")
    repository.take_in(folder)
    exported(repository, tmp_path / "out")
    sidecars = {path.name for path in (tmp_path / "out").glob("same*.xmp")}
    assert sidecars == {"same.jpg.xmp", "same.png.xmp"}


@pytest.mark.parametrize(
    "names",
    [
        ("cow.jpg", "cow.jpg.jpg"),
        ("cow", "cow.jpg"),
        ("cow.jpg.png",),
        ("cow.Jpg",),
        ("cow.camera",),
    ],
)
def test_every_sidecar_is_read_as_its_own_photographs(
    repository: Repository, tmp_path: Path, names: tuple[str, ...]
) -> None:
    (tmp_path / "in").mkdir()
    for name in names:
        (tmp_path / "in" / name).write_bytes(jpeg(f"{name}!"))
    repository.take_in(tmp_path / "in")
    for name in names:
        repository.edit(name, caption=f"Of {name}", keywords=[f"key of {name}"])
    exported(repository, tmp_path / "out")
    (tmp_path / "out" / "images.jsonl").unlink()
    (tmp_path / "out" / "descriptions.txt").unlink()
    found = read_folder(tmp_path / "out")
    said = {one.label: one.said for one in found.photographs if one.label in names}
    assert {name: words["caption"].value for name, words in said.items()} == {
        name: f"Of {name}" for name in said
    }
    assert said.keys() == set(names)
    assert found.left_out == ()


def test_what_is_said_no_more_stands_in_no_sidecar(repository: Repository, tmp_path: Path) -> None:
    repository.edit("broken.jpg", keywords=["beach"])
    exported(repository, tmp_path)
    assert (tmp_path / "broken.xmp").exists()
    repository.edit("broken.jpg", keywords=[])
    exported(repository, tmp_path)
    assert not (tmp_path / "broken.xmp").exists()


def test_a_second_export_fetches_what_is_missing_or_spoilt_only(
    repository: Repository, tmp_path: Path
) -> None:
    exported(repository, tmp_path)
    (tmp_path / "model.jpg").unlink()
    (tmp_path / "user.jpg").write_bytes(jpeg("spoilt"))
    (tmp_path / "images.jsonl").rename(tmp_path / "images.jsonl.part")  # as a killed run leaves it
    exporting.check(tmp_path)
    files = exported(repository, tmp_path)
    assert {one.name for one in files if one.is_new} == {"model.jpg", "user.jpg"}
    assert (tmp_path / "user.jpg").read_bytes() == jpeg("a user")
    assert not (tmp_path / "images.jsonl.part").exists()


def test_files_of_photographs_that_were_deleted_since_are_named(
    repository: Repository, tmp_path: Path
) -> None:
    assert exporting.left_over(tmp_path / "out", exported(repository, tmp_path / "out")) == []
    repository.client().call("DELETE", f"images/{repository.record('model.jpg').image_id}")
    files = exported(repository, tmp_path / "out")
    assert exporting.left_over(tmp_path / "out", files) == ["model.jpg"]


def test_a_file_that_is_gone_or_is_another_is_named_and_the_others_are_saved(
    repository: Repository, tmp_path: Path
) -> None:
    record = repository.record("model.jpg")
    repository.api.storage.delete(record.key)
    other = repository.record("user.jpg")
    repository.api.storage.write(other.key, jpeg("replaced"), content_type="image/jpeg")
    files = exported(repository, tmp_path)
    problems = {one.image["name"]: one.problem for one in files if one.problem}
    assert problems == {
        "model.jpg": "the bucket answers 404",
        "user.jpg": "what came is not the file that the record tells of",
    }
    assert not (tmp_path / "user.jpg").exists()
    assert {line["name"]: line["file"] for line in lines(tmp_path)}["model.jpg"] is None
    assert not list(tmp_path.glob(".*"))


def test_a_record_whose_file_has_not_come_is_a_line_without_a_file(
    repository: Repository, tmp_path: Path
) -> None:
    body = {"name": "late.jpg", "size": 5, "content_type": "image/jpeg"}
    repository.client().enter(body)
    exported(repository, tmp_path / "out")
    assert {line["name"]: line["file"] for line in lines(tmp_path / "out")}["late.jpg"] is None
    report = Repository(Api()).take_in(tmp_path / "out")
    (one,) = report["lines"]
    assert one["problem"] == "'late.jpg' had no file when it was exported"


def test_a_folder_that_holds_other_files_is_refused(tmp_path: Path) -> None:
    exporting.check(tmp_path)
    exporting.check(tmp_path / "new")
    (tmp_path / "mine.jpg").write_bytes(b"mine")
    with pytest.raises(CommandError, match="holds other files"):
        exporting.check(tmp_path)


def test_a_corrected_line_and_an_edited_sidecar_count_against_the_exported_record(
    repository: Repository, tmp_path: Path
) -> None:
    exported(repository, tmp_path / "out")
    captions = tmp_path / "out" / "descriptions.txt"
    captions.write_text(captions.read_text().replace("From a file", "Corrected"))
    sidecar = tmp_path / "out" / "model.xmp"
    sidecar.write_text(sidecar.read_text().replace("of a model", "corrected elsewhere", 1))
    renewed = Repository(Api())
    renewed.take_in(tmp_path / "out")
    assert renewed.captions()["imported.png"] == ("Corrected", "import")
    assert renewed.captions()["model.jpg"] == ("a photograph corrected elsewhere", "import")
    assert renewed.captions()["user.jpg"] == ("By a user", "user")


def test_lines_that_are_no_records_are_reported(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg("a"))
    (tmp_path / "images.jsonl").write_text(
        '{"file": "../a.jpg"}\nnonsense\n[]\n{"file": "b.jpg"}\n'
    )
    report = repository.take_in(tmp_path)
    assert [one["line"] for one in report["lines"]] == [1, 2, 3, 4]
    assert report["uploaded"] == 1


def test_a_users_later_edit_stands_against_an_older_export(
    repository: Repository, tmp_path: Path
) -> None:
    exported(repository, tmp_path / "out")
    repository.edit("user.jpg", caption="Edited since")
    report = repository.take_in(tmp_path / "out")
    assert report["kept"] == [{"file": "user.jpg", "fields": ["caption"]}]
    assert repository.captions()["user.jpg"] == ("Edited since", "user")
