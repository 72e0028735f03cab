"""The command line as a person and a script use it, on the deployed stack."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.drawings import draw
from tests.command_line import CommandLine
from tests.deployed import DeployedStack, eventually

pytestmark = [pytest.mark.stack, pytest.mark.slow]


@pytest.fixture
def command_line(stack: DeployedStack, tmp_path: Path) -> CommandLine:
    return CommandLine(stack, tmp_path)


def test_a_photograph_goes_in_is_shown_edited_trashed_restored_and_deleted(
    command_line: CommandLine, photographs: Path
) -> None:
    image = command_line.json("upload", photographs / "coffee.jpg", "--caption", "A red cup")
    assert image["state"] == "captioned"
    shown = command_line.run("show", image["id"])
    assert "A red cup" in shown.stdout
    edited = command_line.json("edit", image["id"], "--caption", "A blue cup")
    assert edited["caption"]["text"] == "A blue cup"  # type: ignore[index]
    stale = command_line.run("edit", image["id"], "--caption", "x", "--rev", 1)
    assert stale.returncode == 1
    assert "revision" in stale.stderr
    deleted = command_line.run("delete", image["id"])
    assert f"image-repo restore {image['id']}" in deleted.stderr
    assert command_line.run("show", image["id"]).returncode == 1
    assert str(image["id"]) in command_line.run("trash").stdout
    assert command_line.run("restore", image["id"]).returncode == 0
    assert "A blue cup" in command_line.run("show", image["id"]).stdout
    assert command_line.run("delete", image["id"], "--permanent", "--yes").returncode == 0
    assert command_line.run("restore", image["id"]).returncode == 1


def test_a_folder_is_imported_once_however_often_it_is_asked(
    command_line: CommandLine, photographs: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    first = command_line.json("import", photographs, "--report", report)
    assert (first["uploaded"], first["captions"], first["failed"]) == (3, 2, [])
    assert [line["line"] for line in first["lines"]] == [3]  # type: ignore[attr-defined]
    again = command_line.json("import", photographs)
    assert (again["uploaded"], again["there"]) == (0, 3)
    assert json.loads(report.read_text()) == first


def test_what_is_imported_is_exported_and_found(
    command_line: CommandLine, stack: DeployedStack, photographs: Path
) -> None:
    command_line.json("import", photographs)
    ran = command_line.run("export")
    assert ran.returncode == 0, ran.stderr
    images = [json.loads(line) for line in ran.stdout.splitlines()]
    captions = [(image["caption"] or {}).get("text") for image in images]
    assert "A ginger cat is looking" in captions
    eventually(stack.is_indexed, because=stack.log)
    looks = command_line.json("search", "--image", photographs / "astronaut.jpg", "--limit", 1)
    assert looks["hits"][0]["image"]["name"] == "astronaut.jpg"  # type: ignore[index]
    alike = command_line.json("similar", looks["hits"][0]["image"]["id"])  # type: ignore[index]
    assert alike["hits"]
    assert command_line.json("stats")["total"] == len(images)


def test_a_listing_is_narrowed_and_its_files_are_downloaded(
    command_line: CommandLine, photographs: Path, tmp_path: Path
) -> None:
    command_line.json("upload", photographs / "coffee.jpg", "--caption", "A red cup")
    narrow = ("--source", "user", "--added-from", "2020-01-01")
    eventually(lambda: "A red cup" in command_line.run("list", *narrow).stdout)
    (listed,) = [
        line.split("\t")
        for line in command_line.run("list").stdout.splitlines()
        if "A red cup" in line
    ]
    saved = command_line.run("download", listed[0], "--into", tmp_path / "out")
    assert saved.stdout == f"{listed[0]}\t{tmp_path / 'out' / 'coffee.jpg'}\n"
    original = (photographs / "coffee.jpg").read_bytes()
    assert (tmp_path / "out" / "coffee.jpg").read_bytes() == original


def test_what_arrives_in_a_watched_folder_goes_in_also_after_a_new_start(
    command_line: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "watched"
    folder.mkdir()
    fates: dict[str, str] = {}

    def watch(until: str) -> None:
        with command_line.begin("watch", folder) as watching:
            assert watching.stdout
            for line in watching.stdout:
                _, name, fate = line.rstrip().split("\t")
                fates[name] = fate
                if name == until:
                    watching.terminate()

    def arrive(name: str) -> None:
        """Put a photograph there that was taken long ago, so that no writer is waited for."""
        photograph = draw(folder)
        os.utime(photograph, (0, 0))
        photograph.rename(folder / name)

    arrive("first.jpg")
    (folder / "descriptions.txt").write_text("first.jpg A watched cup\n")
    watch(until="first.jpg")
    arrive("second.jpg")
    watch(until="second.jpg")
    assert set(fates) == {"first.jpg", "second.jpg"}
    listed = command_line.run("list", "--all").stdout
    assert "A watched cup" in listed


def test_bad_input_is_one_line_that_names_it(command_line: CommandLine, tmp_path: Path) -> None:
    for arguments, told in (
        (("search",), "text"),
        (("search", "x" * 2000), "text"),
        (("search", "--image", __file__), "image"),
        (("search", "dog", "--crop", "1,2"), "--crop"),
        (("show", "nobody"), "no such photograph"),
        (("edit", "nobody"), "--caption"),
        (("similar", "x", "--cursor", "forged"), "no such photograph"),
        (("import", tmp_path), "no photographs"),
        (("upload", __file__), "is no photograph"),
    ):
        ran = command_line.run(*arguments)
        assert ran.returncode in {1, 2}, arguments
        assert told in ran.stderr, (arguments, ran.stderr)
        assert "Traceback" not in ran.stderr


def test_a_token_is_made_used_and_revoked(
    command_line: CommandLine, photographs: Path, stack: DeployedStack
) -> None:
    made = command_line.json("token", "add", "guest", "--scope", "read", "--label", "visitor")
    guest = ("--token", made["token"])
    assert command_line.run(*guest, "stats").returncode == 0
    refused = command_line.run(*guest, "upload", photographs / "coffee.jpg")
    assert refused.returncode == 1
    assert "'write'" in refused.stderr
    assert command_line.run(*guest, "token", "list").returncode == 1
    listed = command_line.run("token", "list").stdout
    assert "visitor" in listed
    assert str(made["token"]) not in listed
    assert "revoked" in command_line.run("token", "revoke", "visitor").stdout
    eventually(
        lambda: "not accepted" in command_line.run(*guest, "stats").stderr, because=stack.log
    )
