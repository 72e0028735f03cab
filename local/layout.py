"""Where the local stack keeps what."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT = "000000000000"
REGION = "us-east-1"
BUCKET = "image-repo-local"


@dataclass(frozen=True, slots=True)
class Layout:
    """Folders and files under ``.local``.

    Attributes
    ----------
    home
        The folder itself.
    """

    home: Path

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """Take ``IMAGE_REPO_LOCAL``, else ``.local`` in the checkout."""
        return cls(Path(environment.get("IMAGE_REPO_LOCAL") or ROOT / ".local").resolve())

    @property
    def state(self) -> Path:
        """What the emulator saves when it is stopped: everything but the bucket."""
        return self.home / "state"

    @property
    def objects(self) -> Path:
        """The bucket's objects, on disk as soon as they are stored."""
        return self.home / "s3"

    @property
    def logs(self) -> Path:
        """One log file a process."""
        return self.home / "logs"

    @property
    def processes(self) -> Path:
        """One ``.pid`` file a running process."""
        return self.home / "run"

    @property
    def assembly(self) -> Path:
        """The synthesised template and its assets."""
        return self.home / "cdk.out"

    @property
    def stack_file(self) -> Path:
        """``stack.json``: how to reach the stack; for scripts and the command line."""
        return self.home / "stack.json"

    @property
    def deployed_file(self) -> Path:
        """Fingerprint of what is deployed."""
        return self.home / "deployed.json"

    def make(self) -> None:
        """Create the folders."""
        for folder in (self.home, self.state, self.objects, self.logs, self.processes):
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
