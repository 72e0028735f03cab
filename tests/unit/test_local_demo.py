"""The demo puts photographs in, and says of them what an import says."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest

from image_repo.importing import read_folder
from image_repo.terminal import Colour, remarks, use_colour
from local.demo import put_in, show
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


def test_one_that_failed_is_told_at_the_end_and_not_searched_by(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, words in {"a.jpg": "broken", "b.jpg": "a cat"}.items():
        (tmp_path / name).write_bytes(jpeg(words))
    show(repository.client(), read_folder(tmp_path), {})
    told = capsys.readouterr().out
    assert "what looks like b.jpg" in told
    assert told.endswith("✗ 1 photograph failed, as is told above.\n")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    shown = remarks.file = Terminal()
    yield shown
    use_colour(Colour.AUTO)  # makes it anew


def test_what_failed_is_not_counted_as_captioned(
    repository: Repository, tmp_path: Path, terminal: Terminal
) -> None:
    for name, words in {"a.jpg": "broken", "b.jpg": "a cat"}.items():
        (tmp_path / name).write_bytes(jpeg(words))
    put_in(repository.client(), read_folder(tmp_path))
    (last,) = [line for line in terminal.getvalue().splitlines() if "Captioning" in line][-1:]
    assert "Captioning, 1 failed" in last
    assert "1/2" in last


def test_of_many_failures_it_is_told_what_writes_all(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(21):
        (tmp_path / f"{number}.mov").write_bytes(b"film")
    put_in(repository.client(), read_folder(tmp_path))
    assert "1 more: 'image-repo import --report FILE' writes all" in capsys.readouterr().err


def test_what_is_there_already_is_not_sent_again_though_it_is_called_otherwise(
    repository: Repository, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a.jpg", "renamed.jpg"):
        (tmp_path / name).write_bytes(jpeg("the same"))
        put_in(repository.client(), read_folder(tmp_path))
        (tmp_path / name).unlink()
    assert repository.names() == ["a.jpg"]
    assert "1 photograph: 1 there before, 0 failed" in capsys.readouterr().out
