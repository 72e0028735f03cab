"""Downloading some photographs under their own names."""

from pathlib import Path
from typing import Any

import pytest

from image_repo import exporting
from tests.api import Api
from tests.importing import Repository, jpeg


@pytest.fixture
def repository(api: Api, tmp_path: Path) -> Repository:
    repository = Repository(api)
    for folder, words in (("a", "one dog"), ("b", "two dogs")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "dog.jpg").write_bytes(jpeg(words))
        repository.take_in(tmp_path / folder)
    return repository


def download(repository: Repository, folder: Path) -> list[exporting.SavedFile]:
    def by_words(image: dict[str, Any]) -> str:
        return str(image["caption"]["text"])

    images = sorted(repository.images(), key=by_words)
    return exporting.download(repository.client(), images, folder, lambda: None)


def test_files_of_one_name_lie_beside_each_other(repository: Repository, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert [one.name for one in download(repository, out)] == ["dog.jpg", "dog (2).jpg"]
    assert (out / "dog.jpg").read_bytes() == jpeg("one dog")
    assert (out / "dog (2).jpg").read_bytes() == jpeg("two dogs")


def test_what_lies_there_stays_and_what_was_saved_is_not_fetched_again(
    repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "dog.jpg").write_bytes(b"somebody else's")
    for is_new in (True, False):
        files = download(repository, tmp_path)
        assert [one.name for one in files] == ["dog (2).jpg", "dog (3).jpg"]
        assert {one.is_new for one in files} == {is_new}
    assert (tmp_path / "dog.jpg").read_bytes() == b"somebody else's"
