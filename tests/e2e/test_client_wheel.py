"""The client as others install it: a wheel, in an environment that holds nothing else."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.deployed import ROOT

pytestmark = pytest.mark.slow
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "image_repo", "image_repo_formats")
UV = (sys.executable, "-m", "uv")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
STATS = {"images": {"captioned": 3}, "total": 3, "searchable": 3, "complete": True}


class Stub(BaseHTTPRequestHandler):
    """Answers every request with the counts, to whoever has the token."""

    def do_GET(self) -> None:
        known = self.headers["Authorization"] == "Bearer imr_stub" and self.path == "/stats"
        body = json.dumps(STATS if known else {"message": "Forbidden"}).encode()
        self.send_response(200 if known else 401)
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


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "IMAGE_REPO", "AWS"))
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**kept, "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")  # setuptools writes beside what it builds
    for name in SOURCES:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, source / name)
    built = run(*UV, "build", "--wheel", "--no-build-isolation", "-o", source / "dist", cwd=source)
    assert built.returncode == 0, built.stderr
    (found,) = (source / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def programs(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of programs of an environment with the wheel and what it asks for."""
    home = tmp_path_factory.mktemp("home")
    environment = home / "venv"
    install = (*UV, "pip", "install", "--python", environment / "bin" / "python")
    assert run(*UV, "venv", "-p", sys.executable, environment, cwd=home).returncode == 0
    had = run(*install, *PROJECT["dependencies"], cwd=home, HOME=os.environ["HOME"])
    if had.returncode:
        pytest.skip(f"the client's dependencies cannot be had: {had.stderr[-300:]}")
    installed = run(*install, "--no-index", wheel, cwd=home)
    assert installed.returncode == 0, installed.stderr
    return environment / "bin"


def test_the_wheel_holds_the_client_and_nothing_of_the_functions(programs: Path) -> None:
    packages = {path.name for path in programs.parent.glob("lib/*/site-packages/*")}
    assert {"image_repo", "image_repo_formats"} <= packages
    assert not packages & {"app.py", "chalicelib", "captioner", "boto3", "chalice", "numpy"}


def test_help_can_be_read_in_a_pipe_of_80_columns(programs: Path, tmp_path: Path) -> None:
    told = run(programs / "image-repo", "--help", cwd=tmp_path, COLUMNS="80")
    assert told.returncode == 0, told.stderr
    lines = told.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "  search     Search by words, by attributes, by an image, or all at once." in lines
    assert told.stdout.isascii()  # no boxes, no colours
    assert "..." not in told.stdout.partition("Commands:")[2]  # no line is cut


def test_the_console_script_is_of_the_wheels_release(programs: Path, tmp_path: Path) -> None:
    told = run(programs / "image-repo", "--version", cwd=tmp_path)
    assert (told.stdout, told.stderr) == (f"image-repo {PROJECT['version']}\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_console_script_completes_itself(programs: Path, tmp_path: Path, shell: str) -> None:
    told = run(programs / "image-repo", cwd=tmp_path, _IMAGE_REPO_COMPLETE=f"source_{shell}")
    assert told.returncode == 0, told.stderr
    assert "_IMAGE_REPO_COMPLETE=complete_" in told.stdout


def test_a_large_image_is_refused_with_the_remedy(programs: Path, url: str, tmp_path: Path) -> None:
    (tmp_path / "large.jpg").write_bytes(bytes(4_000_001))
    command = (programs / "image-repo", "search", "--url", url, "--token", "imr_stub")
    told = run(*command, "--image", "large.jpg", cwd=tmp_path)
    assert told.returncode == 2
    assert "pip install 'image-repo[shrink]'" in told.stderr


def test_a_command_speaks_to_a_repository(programs: Path, url: str, tmp_path: Path) -> None:
    stats = (programs / "image-repo", "--url", url, "--token")
    answered = run(*stats, "imr_stub", "stats", "--json", cwd=tmp_path)
    assert (answered.returncode, answered.stderr) == (0, "")
    assert json.loads(answered.stdout) == STATS
    refused = run(*stats, "imr_other", "stats", cwd=tmp_path)
    assert refused.returncode == 1
    assert "token is not accepted" in refused.stderr


def test_a_login_is_remembered_for_later_commands(programs: Path, url: str, tmp_path: Path) -> None:
    entered = run(programs / "image-repo", "login", url, "--token", "imr_stub", cwd=tmp_path)
    assert (entered.returncode, entered.stdout) == (0, ""), entered.stderr
    counted = run(programs / "image-repo", "stats", cwd=tmp_path)
    assert counted.stdout.splitlines()[0] == "captioned\t3"


def test_python_code_uses_the_same_client(programs: Path, url: str, tmp_path: Path) -> None:
    program = (
        "import sys; from image_repo import Client\n"
        "with Client(sys.argv[1], 'imr_stub') as client: print(client.call('GET', 'stats'))"
    )
    ran = run(programs / "python", "-c", program, url, cwd=tmp_path)
    assert ran.stdout.strip() == str(STATS), ran.stderr
