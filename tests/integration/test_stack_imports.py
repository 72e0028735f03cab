"""Captions that come with a folder, on the deployed stack."""

import io
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest
from PIL import Image

from image_repo_formats import xmp
from tests.deployed import DeployedStack, eventually

pytestmark = pytest.mark.stack

CAPTIONS = {
    "early.jpg": "a purple kite flies over the harbour",
    "late.jpg": "two orange tractors cross a bridge",
}


def photograph(shade: int) -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").rotate(90 * shade).convert("RGB").save(
        file, "JPEG", quality=60 + shade
    )
    return file.getvalue()


@pytest.fixture(scope="module")
def client(stack: DeployedStack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


def put(stack: DeployedStack, key: str, body: bytes) -> None:
    stack.aws("s3").put_object(Bucket=stack.facts["bucket"], Key=key, Body=body)


def imported(client: httpx.Client, name: str) -> dict[str, Any] | None:
    items = client.get("/images", params={"limit": 100}).json()["items"]
    return next(
        (
            image
            for image in items
            if image["name"] == name
            and image["state"] == "captioned"
            and image["caption"]["source"] == "import"
        ),
        None,
    )


def test_captions_of_a_folder_meet_photographs_before_and_after_them(
    stack: DeployedStack, client: httpx.Client
) -> None:
    folder = "uploads/default/walk/"
    lines = "".join(f"{name} {text}\r\n" for name, text in CAPTIONS.items())
    put(stack, f"{folder}early.jpg", photograph(1))
    put(stack, f"{folder}descriptions.txt", f"\ufeff{lines}nobody.jpg a ghost\r\n".encode())
    put(stack, f"{folder}late.jpg", photograph(2))
    for name, text in CAPTIONS.items():
        image = eventually(partial(imported, client, name), because=stack.log)
        assert image["caption"]["text"] == text

    def first_hit() -> str | None:
        hits = client.get("/search", params={"q": "purple kite"}).json()["hits"]
        return hits[0]["image"]["name"] if hits else None

    eventually(lambda: first_hit() == "early.jpg", because=stack.log)


def test_tables_and_sidecars_of_windows_are_captions_and_no_photographs(
    stack: DeployedStack, client: httpx.Client
) -> None:
    folder = "uploads/default/managed/"
    table = 'image,caption\r\nbarn.jpg,"a barn, red as rust"\r\n'
    put(stack, f"{folder}mill.xmp", xmp.write("a windmill on a hill", ["holland"]))
    put(stack, f"{folder}captions.csv", table.encode("utf-16"))
    put(stack, f"{folder}mill.jpg", photograph(3))
    put(stack, f"{folder}barn.jpg", photograph(4))
    barn = eventually(partial(imported, client, "barn.jpg"), because=stack.log)
    mill = eventually(partial(imported, client, "mill.jpg"), because=stack.log)
    assert barn["caption"]["text"] == "a barn, red as rust"
    assert (mill["caption"]["text"], mill["keywords"]) == ("a windmill on a hill", ["holland"])
    names = {
        image["name"] for image in client.get("/images", params={"limit": 100}).json()["items"]
    }
    assert not {"mill.xmp", "captions.csv"} & names


def test_an_encoding_that_cannot_be_told_is_asked_for_by_the_report(
    stack: DeployedStack, client: httpx.Client
) -> None:
    folder = "uploads/default/asked-for/"
    put(stack, f"{folder}captions.txt", "nobody.jpg собака бежит по траве\n".encode("cp1251"))

    def ended(body: dict[str, str]) -> dict[str, Any]:
        run = client.post("/imports", json={"prefix": folder, **body}).json()

        def report() -> dict[str, Any] | None:
            told = client.get(f"/imports/{run['id']}").json()
            return told if told["state"] != "running" else None

        found: dict[str, Any] = eventually(report, because=stack.log)
        return found

    refused = ended({"file": "captions.txt"})
    assert refused["state"] == "failed" and "cp1251" in refused["reason"]
    report = ended({"file": "captions.txt", "encoding": "cp1251"})
    assert (report["state"], report["form"], report["encoding"]) == ("finished", "lines", "cp1251")
    assert report["counts"]["missing"] == 1


def test_an_import_that_is_asked_for_ends_with_a_report(
    stack: DeployedStack, client: httpx.Client
) -> None:
    folder = "uploads/default/asked/"
    put(stack, f"{folder}descriptions.txt", b"nobody.jpg a ghost\nbroken\n")
    answer = client.post("/imports", json={"prefix": folder})
    assert answer.status_code in (201, 202), answer.text

    def finished() -> dict[str, Any] | None:
        report = client.get(f"/imports/{answer.json()['id']}").json()
        return report if report["state"] == "finished" else None

    report = eventually(finished, because=stack.log)
    assert report["counts"] == {"captioned": 0, "kept": 0, "missing": 1, "problems": 1}
    assert [problem["line"] for problem in report["problems"]] == [1, 2]


def test_an_import_of_a_folder_without_descriptions_names_the_field(client: httpx.Client) -> None:
    answer = client.post("/imports", json={"prefix": "uploads/default/nothing/"})
    assert answer.status_code == 400 and answer.json()["field"] == "prefix"
    assert client.get(f"/imports/{'0' * 32}").status_code == 404
