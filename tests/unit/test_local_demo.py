"""The demo puts photographs in: what is refused is named, and the others go in."""

import json
from pathlib import Path

import httpx
import pytest

from image_repo import Client
from image_repo.uploading import Photograph
from local.demo import put_in


class Repository:
    """Refuses files of more than five bytes, and captions the others at once."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def client(self) -> Client:
        return Client("http://api", "imr_x", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket":
            return httpx.Response(204)
        if request.url.path == "/stats":
            count = len(self.names)
            return httpx.Response(200, json={"images": {"captioned": count}, "searchable": count})
        if request.method == "GET":
            is_all = "state" not in request.url.params
            items = [{"name": name, "size": 5} for name in self.names] if is_all else []
            return httpx.Response(200, json={"items": items, "cursor": None})
        return self._enter(json.loads(request.read()))

    def _enter(self, asked: dict[str, str | int]) -> httpx.Response:
        if int(asked["size"]) > 5:
            return httpx.Response(413, json={"type": "x", "detail": "larger than 5 bytes"})
        self.names.append(str(asked["name"]))
        upload = {"url": "http://bucket", "fields": {}}
        return httpx.Response(201, json={"image": {"id": asked["name"]}, "upload": upload})


def photograph(folder: Path, name: str, size: int) -> Photograph:
    (folder / name).write_bytes(bytes(size))
    return Photograph(folder / name)


def test_a_refused_photograph_is_named_and_the_others_go_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Repository()
    wanted = [photograph(tmp_path, "big.jpg", 6), photograph(tmp_path, "small.jpg", 5)]
    put_in(repository.client(), wanted)
    assert repository.names == ["small.jpg"]
    assert "big.jpg: larger than 5 bytes" in capsys.readouterr().out


def test_what_is_there_already_is_not_sent_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Repository()
    wanted = [photograph(tmp_path, "small.jpg", 5)]
    for _ in "twice":
        put_in(repository.client(), wanted)
    assert repository.names == ["small.jpg"]
    assert "Nothing to upload" in capsys.readouterr().out
