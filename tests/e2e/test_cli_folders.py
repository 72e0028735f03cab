"""Folders on the deployed stack: killed imports, and exports that come back as they were."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from benchmarks.drawings import draw
from benchmarks.killed import killed
from image_repo.client import PAGE, Client, Json
from tests.command_line import CommandLine
from tests.deployed import DeployedStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]
DOG = [{"subject": "dog", "colours": ["brown"], "actions": ["run"]}]
COMPARED = ("name", "state", "sha256", "reason", "caption", "attributes", "attributes_source")


class Owner:
    """Somebody with a repository of their own on the stack."""

    def __init__(self, stack: DeployedStack, name: str, home: Path) -> None:
        with stack.client() as client:
            made = client.post("/tokens", json={"owner": name}).json()
        self.token = made["token"]
        self.url = stack.api_url
        self._run = CommandLine(stack, home).run

    def run(self, *arguments: object, code: int = 0) -> str:
        ran = self._run("--token", self.token, *arguments)
        assert ran.returncode == code, f"{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def report(self, *arguments: object, code: int = 0) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run(*arguments, "--json", code=code))
        return told

    @property
    def client(self) -> Client:
        return Client(self.url, self.token)

    def images(self) -> list[Json]:
        with self.client as client:
            return list(client.pages("images", "items", {"limit": PAGE}))

    def told(self) -> list[str]:
        """Return what an export has to bring back, of every record."""
        fields = (*COMPARED, "keywords", "keywords_source")
        return sorted(json.dumps([image[name] for name in fields]) for image in self.images())


@pytest.fixture(scope="module")
def own_stack(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """Yield a stack that has just begun, and that answers nobody else."""
    deployed = DeployedStack(tmp_path_factory.mktemp("own-stack"))
    deployed.take_assembly(assembly)
    try:
        deployed.up()
        yield deployed
    finally:
        deployed.down()


@pytest.mark.fault(41)
@pytest.mark.parametrize("whose", ["cold", "warm"])
def test_an_import_that_is_killed_and_given_again_holds_every_photograph_once(
    own_stack: DeployedStack, tmp_path: Path, whose: str
) -> None:
    owner = Owner(own_stack, whose, tmp_path / "home")
    environment = {"IMAGE_REPO_URL": owner.url, "IMAGE_REPO_TOKEN": owner.token}
    folder = tmp_path / "drawings"
    folder.mkdir()
    with owner.client as client:
        told = killed(client, environment, folder, 30, kills=4)
    assert told["killed"]
    left = {name: told[name] for name in ("missing", "doubled", "foreign", "unfinished")}
    assert not any(left.values()), left
    assert len(owner.images()) == 30


def test_an_export_is_imported_into_an_empty_repository_as_what_it_was(
    own_stack: DeployedStack, tmp_path: Path
) -> None:
    before = Owner(own_stack, "before", tmp_path / "home")
    folder = tmp_path / "photos"
    for number in range(4):
        (folder / str(number)).mkdir(parents=True)
        draw(folder / str(number)).rename(folder / str(number) / "drawing.jpg")
    Image.new("RGB", (64, 64), "teal").save(folder / "grey: what?.png")
    (folder / "broken.jpg").write_bytes((folder / "0" / "drawing.jpg").read_bytes()[:200])
    (folder / "0" / "descriptions.txt").write_text("drawing.jpg Imported\n")
    report = before.report("import", folder, "--recursive", code=1)
    assert (report["uploaded"], report["captions"]) == (5, 1)
    assert [one["file"] for one in report["failed"]] == ["broken.jpg"]
    mine = next(image for image in before.images() if image["name"].startswith("grey"))
    words = ("--caption", "By me", "--attributes", json.dumps(DOG), "--keywords", "Oslo,sea")
    before.run("edit", mine["id"], *words)

    out = tmp_path / "out"
    assert "6 photographs: 6 saved" in before.run("export", out)
    assert "6 photographs: 0 saved, 6 there before" in before.run("export", out)
    after = Owner(own_stack, "after", tmp_path / "home")
    report = after.report("import", out, code=1)
    assert [one["file"] for one in report["failed"]] == ["broken.jpg"]
    assert report["left_out"] == report["lines"] == report["kept"] == []
    eventually(lambda: after.told() == before.told(), within=10)
    assert after.report("import", out, code=1)["there"] == 5
    assert len(after.images()) == 6


@pytest.mark.fault(41)
def test_what_is_left_out_is_told_in_words_and_by_the_exit_code(
    own_stack: DeployedStack, tmp_path: Path
) -> None:
    owner = Owner(own_stack, "careful", tmp_path / "home")
    (tmp_path / "in" / "sub").mkdir(parents=True)
    draw(tmp_path / "in").rename(tmp_path / "in" / "IMG_0001")
    draw(tmp_path / "in" / "sub")
    (tmp_path / "in" / "IMG_0001.MOV").write_bytes(b"\0\0\0\x14ftypqt  ")
    draw(tmp_path / "in").rename(tmp_path / "in" / os.fsdecode(b"caf\xe9.jpg"))
    told = owner.run("import", tmp_path / "in", "--no-wait", code=1)
    assert "1 photograph: 1 uploaded, 0 failed" in told
    assert "Left out: 1 film, 1 unreadable name, 1 folder" in told
