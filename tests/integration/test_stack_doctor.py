"""``image-repo doctor`` on the deployed stack: everything passes, and nothing stays."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.deployed import ROOT, DeployedStack

pytestmark = pytest.mark.stack


def started(stack: DeployedStack, home: Path, *options: str) -> subprocess.Popen[str]:
    address = {"IMAGE_REPO_URL": stack.api_url, "IMAGE_REPO_TOKEN": stack.token}
    return subprocess.Popen(
        # What runs in the background of a shell ignores the signal, and so would its children.
        ["env", "--default-signal=INT", sys.executable, "-m", "image_repo", "doctor", *options],
        cwd=ROOT,
        env={**os.environ, **address, "HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def names(stack: DeployedStack) -> list[str]:
    with stack.client() as client:
        items = client.get("/images", params={"limit": 100}).json()["items"]
    return [item["name"] for item in items if item["name"].startswith("doctor-")]


def test_a_sound_stack_passes_every_check_and_keeps_nothing(
    stack: DeployedStack, tmp_path: Path
) -> None:
    doctor = started(stack, tmp_path, "--json")
    told, complaints = doctor.communicate(timeout=300)
    document: dict[str, Any] = json.loads(told)
    assert doctor.returncode == 0, (document, complaints, stack.log())
    assert document["passed"] is True
    assert [check["check"] for check in document["checks"]] == [
        "reach",
        "version",
        "token",
        "enter",
        "upload",
        "caption",
        "edit",
        "browser",
        "text search",
        "attribute search",
        "image search",
        "delete",
        "gone",
    ]
    assert names(stack) == []


def test_interrupted_it_leaves_nothing(stack: DeployedStack, tmp_path: Path) -> None:
    doctor = started(stack, tmp_path)
    assert doctor.stdout
    while "upload" not in doctor.stdout.readline():
        pass
    doctor.send_signal(signal.SIGINT)
    doctor.communicate(timeout=60)
    assert doctor.returncode == 130
    time.sleep(1)  # for the index of the list
    assert names(stack) == []
