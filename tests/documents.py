"""The command blocks of the documentation, and what they call, as a shell understands it."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{one.name}" for one in (ROOT / "docs").glob("*.md")),
)
_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.M | re.S)
_SPAN = re.compile(r"`([^`]+)`")
# What a document calls: each is recorded and not run.
PROGRAMS = (
    "make",
    "aws",
    "docker",
    "python",
    ".venv/bin/python",
    ".venv/bin/image-repo",
    ".venv-sagemaker/bin/python",
    "image-repo",
)
# What is run as it is.
TOOLS = ("mkdir", "jq", "cut", "xargs")
_END = "\n"
_RECORDER = """#!/bin/bash
printf '%s\\0' "{name}" "$@" $'\\n' >> "$RECORDED"
"""


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes
    ----------
    document
        Its path in the checkout.
    language
        After the fence; empty for commands.
    text
        As printed, without the indentation of a list.
    """

    document: str
    language: str
    text: str

    @property
    def begins(self) -> str:
        """Where it stands and its first line, by which it is called."""
        return f"{self.document}: {self.text.splitlines()[0]}"


def blocks(documents: Iterable[str] = DOCUMENTS) -> list[Block]:
    """Return every fenced block of documents."""
    return [
        Block(document, found[1], dedent(found[2]))
        for document in documents
        for found in _BLOCK.finditer((ROOT / document).read_text())
    ]


def spans(beginning: Sequence[str], documents: Iterable[str] = DOCUMENTS) -> list[str]:
    """Return every command that stands in a line of text and begins with one of some words."""
    texts = [_BLOCK.sub("", (ROOT / document).read_text()) for document in documents]
    found = (" ".join(span.split()) for text in texts for span in _SPAN.findall(text))
    return sorted({span for span in found if span.partition(" ")[0] in beginning})


def recorded(script: str, folder: Path) -> list[list[str]]:
    """Run a script in an empty folder; return what it called, each as its words.

    Raises
    ------
    AssertionError
        A command failed, a variable is not set, or a program is none that is known.
    """
    for name in PROGRAMS:
        program = folder / name if "/" in name else folder / "programs" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(_RECORDER.format(name=name))
        program.chmod(0o755)
    for tool in TOOLS:
        found = shutil.which(tool)
        if found:
            (folder / "programs" / tool).symlink_to(found)
    record = folder / "recorded"
    record.touch()
    ran = subprocess.run(
        [shutil.which("bash") or "bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": str(folder / "programs"), "RECORDED": str(record), "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    calls = record.read_text().split(f"{_END}\0")[:-1]
    return [call.removesuffix("\0").split("\0") for call in calls]
