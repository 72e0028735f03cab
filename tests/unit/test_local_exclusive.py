"""Two commands at once on one stack's folder."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.errors import LocalError
from local.layout import Layout
from local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[2]
AT_WORK = (
    "from local.exclusive import only_command; import pathlib, sys\n"
    "with only_command(pathlib.Path(sys.argv[1])): print('at work', flush=True); sys.stdin.read()"
)


@pytest.fixture
def other(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Yield another program that is at work on the folder."""
    command = [sys.executable, "-c", AT_WORK, str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


@pytest.mark.fault(27)
@pytest.mark.parametrize("command", ["up", "down", "clean"])
def test_a_second_command_is_refused_changes_nothing_and_names_the_first(
    command: str, tmp_path: Path, other: "subprocess.Popen[bytes]"
) -> None:
    with pytest.raises(LocalError, match=rf"process {other.pid}\) is starting or stopping"):
        getattr(LocalStack(Layout(tmp_path)), command)()
    assert [file.name for file in tmp_path.iterdir()] == ["lock"]


@pytest.mark.fault(27)
def test_the_folder_is_free_when_the_first_was_killed(
    tmp_path: Path, other: "subprocess.Popen[bytes]"
) -> None:
    other.kill()
    other.wait()
    LocalStack(Layout(tmp_path)).down()
