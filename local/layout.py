"""Where the local stack keeps what."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "000000000000"
REGION = "us-east-1"
BUCKET = "image-repo-local"


class Layout:
    """Folders and files under ``.local``.

    Attributes
    ----------
    home
        The folder itself.
    state
        What the emulator saves when it is stopped, and after a deployment: everything but objects.
    journal
        What tables and queues hold, on disk as soon as it is written.
    objects
        The bucket's objects, on disk as soon as they are stored.
    aside
        The bucket's objects while a stack is deployed that does not know them.
    logs
        One log file a process.
    scratch
        Where the emulator unpacks functions, 100 MB for each that runs; emptied when it starts.
    discarded
        What it unpacked before, while it is being removed.
    processes
        One ``.pid`` file a running process.
    assembly
        The synthesised template and its assets.
    stack_file
        ``stack.json``: how to reach the stack; for scripts and the command line.
    deployed_file
        Fingerprint of what is deployed.
    context_file
        What else the CDK is told, until something else is said.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.state = home / "state"
        self.journal = home / "journal.sqlite"
        self.objects = home / "s3"
        self.aside = home / "aside"
        self.logs = home / "logs"
        self.scratch = home / "tmp"
        self.discarded = home / "discarded"
        self.processes = home / "run"
        self.assembly = home / "cdk.out"
        self.stack_file = home / "stack.json"
        self.deployed_file = home / "deployed.json"
        self.context_file = home / "context.json"

    def make(self) -> None:
        """Create the folders."""
        for folder in (self.state, self.objects, self.logs, self.processes):
            folder.mkdir(parents=True, exist_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object from a file; empty where there is none or half of one."""
    try:
        value = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object so that a reader sees the old one or the new one, whole."""
    half = path.with_suffix(f".{os.getpid()}.half")
    half.write_text(json.dumps(value, indent=2) + "\n")
    half.chmod(0o600)  # stack.json holds a token
    half.replace(path)
