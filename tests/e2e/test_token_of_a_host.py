"""A token is for one host: the command line gives it to no other, wherever that one sends it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.deployed import ROOT

TOKEN = "imr_" + "t" * 43
IMAGE: dict[str, object] = {
    "id": "id-1",
    "name": "a.jpg",
    "owner": "ann",
    "state": "captioned",
    "created_at": "2026-01-01T00:00:00Z",
    "sha256": None,
    "caption": None,
    "attributes": [],
    "labels": [],
    "keywords": [],
    "reason": None,
}


@dataclass
class Host:
    """A server of this machine, with all that it was sent.

    Attributes
    ----------
    bucket
        Where it sends for files; None for a host that is the bucket.
    redirects
        Where it sends every request; None answers them.
    """

    bucket: str | None = None
    redirects: str | None = None
    heard: list[str] = field(default_factory=list)
    url: str = ""

    def serve(self) -> ThreadingHTTPServer:
        """Begin to listen."""
        host = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers["Content-Length"] or 0)
                body = self.rfile.read(length).decode(errors="replace")
                host.heard.append(f"{self.requestline}\n{self.headers}\n{body}")
                status, headers, content = host.answer(self.command, self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *arguments: object) -> None:
                """Keep the output for pytest's."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        return server

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and content."""
        if self.redirects:
            return 307, {"Location": f"{self.redirects}{path}"}, b""
        if self.bucket is None:
            return (200, {}, b"photograph") if method == "GET" else (204, {}, b"")
        image = IMAGE | {"links": {"original": f"{self.bucket}/a.jpg?X-Amz-Signature=s"}}
        told: object = image if path.endswith("/id-1") else {"items": [image], "cursor": None}
        if method == "POST":
            form = {"url": self.bucket, "fields": {"key": "uploads/ann/a.jpg"}}
            told = {"image": image, "upload": form, "duplicate": False}
        return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()


@pytest.fixture
def elsewhere() -> Iterator[Host]:
    host = Host()
    with host.serve() as server:
        yield host
        server.shutdown()


def run(home: Path, url: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command with a token that stands beside its host's address."""
    environment = {**os.environ, "IMAGE_REPO_URL": url, "IMAGE_REPO_TOKEN": TOKEN}
    command = [sys.executable, "-m", "image_repo", *map(str, arguments)]
    told = {"HOME": str(home), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(
        command, cwd=ROOT, env=environment | told, capture_output=True, text=True, check=False
    )


@pytest.mark.fault(42)
@pytest.mark.parametrize("arguments", [("stats",), ("export",)])
def test_a_redirect_to_another_host_is_not_followed(
    elsewhere: Host, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    home = Host(redirects=elsewhere.url)
    with home.serve() as server:
        ran = run(tmp_path, home.url, *arguments)
        server.shutdown()
    assert home.heard and TOKEN in home.heard[0]
    assert ran.returncode == 1 and "redirects to" in ran.stderr
    assert elsewhere.heard == []


@pytest.mark.fault(42)
def test_another_address_gets_no_token_that_is_for_the_known_one(
    elsewhere: Host, tmp_path: Path
) -> None:
    ran = run(tmp_path, "http://127.0.0.1:1", "--url", elsewhere.url, "stats")
    assert ran.returncode != 0
    assert not any(TOKEN in heard for heard in elsewhere.heard)


@pytest.mark.fault(42)
def test_the_bucket_gets_files_and_no_token(elsewhere: Host, tmp_path: Path) -> None:
    photograph = tmp_path / "a.jpg"
    photograph.write_bytes(b"\xff\xd8\xff photograph")
    home = Host(bucket=elsewhere.url)
    with home.serve() as server:
        uploaded = run(tmp_path, home.url, "upload", photograph, "--no-wait")
        exported = run(tmp_path, home.url, "export", tmp_path / "backup")
        server.shutdown()
    assert uploaded.returncode == exported.returncode == 0, (uploaded.stderr, exported.stderr)
    assert [heard.split()[0] for heard in elsewhere.heard] == ["POST", "GET"]
    assert all(TOKEN in heard for heard in home.heard)
    assert not any(TOKEN in heard or "Authorization" in heard for heard in elsewhere.heard)
