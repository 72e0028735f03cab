"""What the commands of the local stack say is true in whatever state it is."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.__main__ import main
from local.errors import LocalError
from local.function import HANDLERS
from local.layout import ROOT, Layout, read_json, write_json
from local.processes import Process
from local.stack import LocalStack

Said = Callable[..., str]
PORT = "4600"


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Layout]:
    """Yield where the stack lies, and stop what was started of it."""
    layout = Layout(tmp_path / "home")
    monkeypatch.setenv("IMAGE_REPO_LOCAL", str(layout.home))
    yield layout
    LocalStack(layout).down()


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    def run(*words: str, code: int = 0) -> str:
        assert main(words) == code
        return capsys.readouterr().out

    return run


def stopped(layout: Layout) -> None:
    """Leave what a stack leaves that was deployed and stopped."""
    layout.make()
    layout.journal.touch()
    write_json(layout.deployed_file, {"fingerprint": "one"})
    addresses = {"api_url": "http://the-api", "gallery_url": "http://the-gallery"}
    write_json(layout.stack_file, {"port": PORT, **addresses})


def running(layout: Layout, *names: str) -> None:
    layout.make()
    for name in names:
        sleeping = [sys.executable, "-c", "import time; time.sleep(60)"]
        Process(layout, name).start(sleeping, os.environ, {"port": PORT})


def test_without_a_stack_every_command_says_so_and_leaves_nothing(
    layout: Layout, said: Said
) -> None:
    for command in ("status", "down", "clean"):
        assert said(command).startswith("There is no local stack.")
    assert not layout.home.exists()


def test_after_it_was_forgotten_no_data_is_said_to_be_kept(layout: Layout, said: Said) -> None:
    stopped(layout)
    assert "forgotten" in said("clean")
    assert said("down") == "There is no local stack.\n"


def test_a_stopped_stack_is_not_stopped_again(layout: Layout, said: Said) -> None:
    stopped(layout)
    assert "is stopped" in said("status")
    assert "was not running, and its data is kept" in said("down")


def test_a_running_stack_says_where_whatever_engine_is_named(layout: Layout, said: Said) -> None:
    stopped(layout)
    running(layout, "ministack", *HANDLERS)
    assert "is running" in said("--search", "opensearch", "status")
    assert "http://the-api" in said("status")
    assert "is stopped, and its data is kept" in said("down")
    assert "is stopped" in said("status")


def test_half_a_stack_is_named_by_what_it_lacks(layout: Layout, said: Said) -> None:
    stopped(layout)
    running(layout, "ministack", "image-repo-encoder")
    assert "in part, without image-repo-captioner:" in said("status")


def test_a_start_that_was_cut_off_is_not_told_as_running(layout: Layout, said: Said) -> None:
    running(layout, "ministack", *HANDLERS)
    assert "not deployed to its end" in said("status")
    stopped(layout)
    write_json(layout.stack_file, {**read_json(layout.stack_file), "port": "4601"})
    assert "not deployed to its end" in said("status")  # it was being moved to another port


def test_what_came_to_nothing_has_no_data_to_keep(layout: Layout, said: Said) -> None:
    running(layout, "image-repo-captioner")
    assert "no data yet" in said("down")
    assert said("clean") == "There is no local stack.\n"
    assert not layout.home.exists()


def test_another_port_is_refused_while_it_runs_and_nothing_changes(
    layout: Layout, said: Said
) -> None:
    stopped(layout)
    running(layout, "ministack", *HANDLERS)
    told = said("--port", "4700", "-c", "auth=oidc", "up", code=1)
    assert f"is running on port {PORT}, not on 4700" in told
    assert "make stop" in told
    assert f"logs: {layout.logs}" in told
    assert not layout.context_file.exists()
    assert "is running" in said("status")


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_what_is_no_port_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([f"--port={port}", "up"])
    assert f"'{port}' is no port, 1 to 65535" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["stop", "status"])
def test_a_stack_whose_environment_is_missing_is_not_denied(target: str, tmp_path: Path) -> None:
    def made(home: Path) -> tuple[int, str]:
        ended = subprocess.run(
            ["make", target, f"VENV={tmp_path}/none"],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "IMAGE_REPO_LOCAL": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout

    assert made(tmp_path / "home") == (0, "There is no local stack.\n")
    (tmp_path / "home").mkdir()
    code, told = made(tmp_path / "home")
    assert code != 0
    assert "none is missing: run 'make setup'" in told


def test_data_that_cannot_be_removed_is_not_told_as_forgotten(
    layout: Layout, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    layout.home.symlink_to(tmp_path / "elsewhere")  # which rmtree refuses to remove
    with pytest.raises(LocalError, match="could not be removed") as problem:
        LocalStack(layout, remove_seconds=0).clean()
    assert str(layout.home) in problem.value.remedy
