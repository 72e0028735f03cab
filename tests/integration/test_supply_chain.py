"""Vulnerabilities and bills of materials, by the tools themselves."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.audit import TOOL, audited, vulnerabilities

ROOT = Path(__file__).parents[2]
API = ROOT / "requirements" / "api.lock"
pytestmark = pytest.mark.skipif(not TOOL.exists(), reason="run: make setup-audit")


class Advisories(BaseHTTPRequestHandler):
    """Of all packages urllib3 has a vulnerability, in the words of OSV's API."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99.1"}]}]
        advisory = {
            "id": "PYSEC-2099-1",
            "summary": "A made-up one.",
            "published": "2026-01-01T00:00:00Z",
            "modified": "2026-01-01T00:00:00Z",
            "affected": [
                {"package": {"name": "urllib3", "ecosystem": "PyPI"}, "ranges": ranges},
            ],
        }
        answer = json.dumps({"vulns": [advisory]} if name == "urllib3" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def advisories() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Advisories)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/query"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_vulnerable_package_of_a_lock_is_named_with_the_version_that_mends_it(
    advisories: str,
) -> None:
    found = audited(API, ["--vulnerability-service=osv", f"--osv-url={advisories}"])
    named = re.findall(r"(?m)^([a-z0-9._-]+)==", API.read_text())
    assert {package["name"] for package in found} == set(named)
    version = next(package["version"] for package in found if package["name"] == "urllib3")
    assert list(vulnerabilities(found)) == [f"urllib3 {version}: PYSEC-2099-1, mended in 99.1"]


def test_a_source_that_does_not_answer_is_no_clean_bill() -> None:
    with pytest.raises(SystemExit, match=r"api\.lock"):
        audited(API, ["--vulnerability-service=osv", "--osv-url=http://127.0.0.1:1/v1/query"])


def test_a_bill_of_materials_names_every_package_of_its_lock_with_its_hashes(
    tmp_path: Path,
) -> None:
    bill = tmp_path / "api.cdx.json"
    tool = TOOL.with_name("cyclonedx-py")
    subprocess.run([tool, "requirements", API, "--output-file", bill], check=True)
    told = json.loads(bill.read_text())
    assert told["bomFormat"] == "CycloneDX"
    locked = dict(re.findall(r"(?m)^([a-z0-9._-]+)==([^\s;]+)", API.read_text()))
    assert {one["name"]: one["version"] for one in told["components"]} == locked
    assert all(one["externalReferences"][0]["hashes"] for one in told["components"])


def test_the_audit_reads_every_lock() -> None:
    asked = subprocess.run(
        [sys.executable, "-m", "infra.audit", "--dry-run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    locks = {path.name for path in (ROOT / "requirements").glob("*.lock")}
    assert {line.partition(":")[0] for line in asked.stdout.splitlines()} == locks
