"""The documentation's commands, as printed, in a folder like a checkout's with a stack deployed."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.drawings import draw
from tests.command_line import CommandLine
from tests.deployed import ROOT, DeployedStack, eventually
from tests.documents import blocks
from tests.integration.test_documented_commands import is_of_commands, speaks_to_an_api

pytestmark = [
    pytest.mark.stack,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("jq") and shutil.which("curl")),
        reason="no jq or no curl: install them with 'sudo apt install jq curl'",
    ),
]
# What is watched until it is stopped, is stopped when something has gone in.
IMAGE_REPO = """#!/bin/bash
ours() { exec env PYTHONPATH=%(root)s %(python)s -m image_repo "$@"; }
[ "$1" = watch ] || ours "$@"
coproc ours "$@"
watching=$COPROC_PID
read -r line <&"${COPROC[0]}"
kill "$watching"
echo "$line"
"""
# What the API refuses, fails.
CURL = """#!/bin/bash
exec %(curl)s --fail-with-body "$@"
"""


class Checkout:
    """A folder with what the documentation speaks of."""

    def __init__(self, stack: DeployedStack, folder: Path) -> None:
        self.folder = folder
        self._tools = folder / "tools"
        (folder / ".local").mkdir()
        shutil.copy(stack.home / "stack.json", folder / ".local")
        words = {"root": ROOT, "python": sys.executable, "curl": shutil.which("curl")}
        for program in (self._tools / "image-repo", folder / ".venv" / "bin" / "image-repo"):
            self._write(program, IMAGE_REPO % words)
        self._write(self._tools / "curl", CURL % words)

    def _write(self, program: Path, text: str) -> None:
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)

    def photograph(self, name: str) -> None:
        """Draw one that is like no other."""
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        draw(target.parent).replace(target)

    def run(self, document: str) -> str:
        """Run the blocks of a document that speak to an API; return what they printed."""
        printed = [
            one.text for one in blocks([document]) if is_of_commands(one) and speaks_to_an_api(one)
        ]
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", "\n".join(printed)],
            cwd=self.folder,
            env={"PATH": f"{self._tools}:/usr/bin:/bin", "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout


@pytest.fixture
def checkout(stack: DeployedStack, tmp_path: Path) -> Iterator[Checkout]:
    """Yield the folder; what its commands put into the stack is deleted afterwards."""
    command_line = CommandLine(stack, tmp_path)
    before = listed(command_line)
    yield Checkout(stack, tmp_path)
    added = listed(command_line) - before
    assert not added or command_line.run("delete", *added, "--yes").returncode == 0


def listed(command_line: CommandLine) -> set[str]:
    lines = command_line.run("list", "--all").stdout.splitlines()
    return {line.partition("\t")[0] for line in lines}


def test_the_readmes_blocks_run_as_printed(checkout: Checkout) -> None:
    for name in ("dog.jpg", "holidays/lake.jpg", "holidays/day 2/boat.jpg", "Pictures/new.jpg"):
        checkout.photograph(name)
    told = checkout.run("README.md")
    assert "A brown dog runs on the beach" in told
    assert "new.jpg\tuploaded" in told
    exported = {file.name for file in (checkout.folder / "backup").iterdir()}
    assert {"dog.jpg", "lake.jpg", "boat.jpg", "new.jpg", "images.jsonl"} <= exported


def test_the_apis_blocks_run_as_printed(checkout: Checkout) -> None:
    checkout.photograph("dog.jpg")
    told = checkout.run("docs/api.md")
    assert '"state": "' in told
    assert "near_duplicates" not in told  # nothing is an error that quotes the request


def test_the_command_lines_blocks_run_as_printed(
    checkout: Checkout, stack: DeployedStack, tmp_path: Path
) -> None:
    checkout.photograph("dog.jpg")
    command_line = CommandLine(stack, tmp_path)
    uploaded = command_line.json("upload", tmp_path / "dog.jpg", "--caption", "A brown dog runs")
    eventually(lambda: "dog.jpg" in command_line.run("search", "brown dog").stdout)
    told = checkout.run("docs/cli.md")
    assert "dog.jpg" in told
    assert f"{uploaded['id']}\tdogs/" in told
    assert "imr_" in told
