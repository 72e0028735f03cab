"""The demo puts photographs in, and says of them what an import says."""

from pathlib import Path

import pytest

from image_repo.importing import read_folder
from local.demo import put_in
from tests.api import Api
from tests.importing import Repository, jpeg


@pytest.fixture
def repository(api: Api) -> Repository:
    api.index.finds = ["a", "b"]  # all that can be found is there
    return Repository(api)


def test_what_is_left_out_and_what_fails_is_named_and_the_others_go_in(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {"a.jpg": jpeg("a"), "b.jpg": jpeg("broken"), "c.mov": b"film", "._a.jpg": jpeg("a")}
    for name, body in files.items():
        (tmp_path / name).write_bytes(body)
    put_in(repository.client(), read_folder(tmp_path))
    assert repository.names() == ["a.jpg", "b.jpg"]
    told = capsys.readouterr()
    assert "2 photographs: 1 uploaded, 1 failed" in told.out
    assert "Left out: 1 hidden file, 1 film" in told.out
    assert "b.jpg: the file is damaged" in told.err


def test_what_is_there_already_is_not_sent_again_though_it_is_called_otherwise(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.jpg", "renamed.jpg"):
        (tmp_path / name).write_bytes(jpeg("the same"))
        put_in(repository.client(), read_folder(tmp_path))
        (tmp_path / name).unlink()
    assert repository.names() == ["a.jpg"]
    assert "1 photograph: 1 there before, 0 failed" in capsys.readouterr().out
