"""Background processes of the local stack, and what is said when one cannot start."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.errors import LocalError
from local.layout import Layout, read_json, write_json
from local.processes import HOST, Process, any_free, checked


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path)
    layout.make()
    return layout


def started(layout: Layout, code: str) -> Process:
    process = Process(layout, "worker")
    process.start([sys.executable, "-c", code], os.environ, {"url": "there"})
    return process


def test_a_started_process_is_found_again_by_its_name_and_can_be_stopped(layout: Layout) -> None:
    started(layout, "import time; time.sleep(60)")
    found = Process(layout, "worker")
    assert found.running
    assert found.facts == {"url": "there"}
    found.stop(patience=5)
    assert not found.running
    assert found.facts == {}


def test_a_process_that_does_not_listen_is_ended_all_the_same(layout: Layout) -> None:
    code = (
        "import signal, time; signal.signal(15, signal.SIG_IGN); "
        "print('up', flush=True); time.sleep(60)"
    )
    process = started(layout, code)
    while "up" not in process.last_words():
        time.sleep(0.02)
    process.stop(patience=0.2)
    assert not process.running


def test_a_process_that_ended_leaves_its_last_words(layout: Layout) -> None:
    process = started(layout, "print('no model here')")
    while process.running:
        time.sleep(0.02)
    assert process.last_words() == "no model here"


def test_another_process_with_the_same_number_is_not_mistaken_for_it(layout: Layout) -> None:
    write_json(layout.processes / "worker.pid", {"pid": os.getpid(), "birth": "1", "facts": {}})
    process = Process(layout, "worker")
    assert not process.running
    process.stop(patience=0.1)  # must not end this very test


def test_a_process_that_ended_before_it_could_be_noted_is_not_running(layout: Layout) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    write_json(layout.processes / "worker.pid", {"pid": ended.pid, "birth": None, "facts": {}})
    assert not Process(layout, "worker").running


def test_a_port_in_use_is_told_with_what_to_do() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"port {port}") as problem:
            checked(port)
    assert "PORT=" in problem.value.remedy


def test_a_free_port_passes() -> None:
    port = any_free()
    assert checked(port) == port


def test_half_a_file_reads_as_none(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"api_url": "htt')
    assert read_json(tmp_path / "stack.json") == {}


def test_the_file_with_the_token_is_its_owners_alone(tmp_path: Path) -> None:
    write_json(tmp_path / "stack.json", {"token": "imr_secret"})
    assert (tmp_path / "stack.json").stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "stack.json"]
