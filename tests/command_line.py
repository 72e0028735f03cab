"""The command line, as tests run it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.deployed import ROOT, DeployedStack


class CommandLine:
    """Runs ``image-repo`` against the stack."""

    def __init__(self, stack: DeployedStack, home: Path) -> None:
        self._environment = {
            **os.environ,
            "IMAGE_REPO_URL": stack.api_url,
            "IMAGE_REPO_TOKEN": stack.token,
            "HOME": str(home),
            "XDG_CACHE_HOME": str(home / "cache"),
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            _command(arguments),
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def begin(self, *arguments: object) -> subprocess.Popen[str]:
        """Start a command that does not end by itself."""
        return subprocess.Popen(
            _command(arguments),
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )

    def json(self, *arguments: object) -> dict[str, object]:
        ran = self.run(*arguments, "--json")
        assert ran.returncode == 0, ran.stderr
        told: dict[str, object] = json.loads(ran.stdout.splitlines()[-1])
        return told


def _command(arguments: tuple[object, ...]) -> list[str]:
    return [sys.executable, "-m", "image_repo", *map(str, arguments)]
