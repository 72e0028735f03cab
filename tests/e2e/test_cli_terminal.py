"""The command line at a terminal of 80 columns, and the same in a pipe."""

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.deployed import ROOT
from tests.unit.test_cli_output import ANSWER, ID, IMAGE, LONG_NAME

PAGE = {"items": [IMAGE, IMAGE | {"caption": None, "state": "pending"}], "cursor": None}


class Stub(BaseHTTPRequestHandler):
    """Answers searches with matches, and everything else with a listing."""

    def do_GET(self) -> None:
        self._answer(PAGE)

    def do_POST(self) -> None:
        self._answer(ANSWER)

    def _answer(self, document: object) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep the output for pytest's."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def command(url: str, *arguments: str) -> list[str]:
    where = ("--url", url, "--token", "imr_stub")
    return [sys.executable, "-m", "image_repo", *arguments, *where]


def environment(home: Path) -> dict[str, str]:
    return {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "xterm-256color"}


def at_a_terminal(command: list[str], environment: dict[str, str]) -> str:
    """Return what a terminal of 80 columns shows."""
    own, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(own, 65_536):
                shown += chunk
        except OSError:  # EIO: the other end is closed
            pass
    os.close(own)
    return shown.decode()


@pytest.mark.parametrize(
    "arguments", [("list",), ("search", "dog", "--explain", "--sort", "taken")]
)
def test_a_terminal_of_80_columns_holds_every_line(
    url: str, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    told = at_a_terminal(command(url, *arguments, "--color", "never"), environment(tmp_path))
    lines = [line for line in told.splitlines() if not line.startswith("There are more")]
    assert max(map(len, lines)) <= 80
    assert told.count(ID) == 2
    assert "\x1b" not in told


def test_a_terminal_is_coloured_unless_no_color_is_set(url: str, tmp_path: Path) -> None:
    plain = {**environment(tmp_path), "NO_COLOR": "1"}
    shown, colourless = (
        at_a_terminal(command(url, "search", "dog"), one) for one in (environment(tmp_path), plain)
    )
    assert "\x1b[2m" in shown
    assert "\x1b[33m" not in colourless


def test_a_pipe_gets_a_line_a_record_and_nothing_else(url: str, tmp_path: Path) -> None:
    told = subprocess.run(
        command(url, "list"),
        cwd=ROOT,
        env={**environment(tmp_path), "COLUMNS": "40"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = told.stdout.splitlines()
    assert [line.split("\t")[:3] for line in lines] == [
        [ID, LONG_NAME, "needs_review"],
        [ID, LONG_NAME, "pending"],
    ]
    assert ("\x1b" in told.stdout, told.stderr) == (False, "")


def test_a_reader_that_has_enough_ends_it_in_silence(url: str, tmp_path: Path) -> None:
    words = " ".join(command(url, "list"))
    ran = subprocess.run(
        ["/bin/sh", "-c", f"{words} | true"],
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.stdout, ran.stderr) == ("", "")
