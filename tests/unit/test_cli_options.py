"""Options before and after a command's name, its help, and completion by shells."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from image_repo import upkeep
from image_repo.__main__ import COMMANDS, app
from image_repo.config import Session

ADDRESS = "http://api/#token=imr_x"


def ran(*arguments: str, **environment: str) -> tuple[int, str, str]:
    session = Session(None, None)
    result = CliRunner().invoke(
        app, [*arguments], obj=session, env=environment, prog_name="image-repo"
    )
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--url", "http://api", "--token", "imr_x", "open"),
        ("open", "--url", "http://api", "--token", "imr_x"),
        ("--url", "http://api", "open", "--token=imr_x"),
        ("--url", "http://b", "--token", "b", "open", "--url", "http://api", "--token", "imr_x"),
    ],
)
def test_address_and_token_are_taken_before_and_after_the_command(
    arguments: tuple[str, ...],
) -> None:
    assert ran(*arguments, "--no-browser") == (0, f"{ADDRESS}\n", "")


@pytest.mark.parametrize("name", [*COMMANDS, "token", "token add", "token list", "token revoke"])
def test_every_command_explains_itself(name: str) -> None:
    code, told, _ = ran(*name.split(), "-h")
    assert (code, told) == (0, ran(*name.split(), "--help")[1])
    for option in ("--url", "--token", "--color"):
        assert option in told
    assert max(map(len, told.splitlines())) <= 80


def test_the_release_is_told() -> None:
    code, told, _ = ran("--version")
    assert (code, told.split()[0]) == (0, "image-repo")


@pytest.mark.parametrize(
    ("shell", "asked"),
    [
        ("bash", {"COMP_WORDS": "image-repo li", "COMP_CWORD": "1"}),
        ("zsh", {"_TYPER_COMPLETE_ARGS": "image-repo li"}),
        (
            "fish",
            {"_TYPER_COMPLETE_ARGS": "image-repo li", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
        ),
    ],
)
def test_shells_complete_commands(shell: str, asked: dict[str, str]) -> None:
    code, told, _ = ran(**asked, _IMAGE_REPO_COMPLETE=f"complete_{shell}")
    assert "list" in told
    assert "stats" not in told
    code, script, _ = ran(_IMAGE_REPO_COMPLETE=f"source_{shell}")
    assert (code, "complete" in script) == (0, True)


def test_the_gallery_opens_in_the_browser_and_its_address_is_printed(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f"#!/bin/sh\nprintf %s \"$1\" > '{opened}'\n")
    browser.chmod(0o755)
    command = [sys.executable, "-m", "image_repo", "open", "--url", "http://api"]
    told = subprocess.run(
        [*command, "--token", "imr_x"],
        env={"BROWSER": f"{browser} %s", "PATH": ""},
        cwd=Path(upkeep.__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    assert (told.stdout, opened.read_text()) == (f"{ADDRESS}\n", ADDRESS)
