"""``image-repo doctor``: what it says of each kind of failure, and that it leaves nothing."""

import io
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from PIL import Image
from typer.testing import CliRunner

from image_repo import doctor
from image_repo.client import Client
from image_repo.config import Session
from image_repo.examination import CAPTION, Examination, Finding
from image_repo.remedies import REMEDIES
from image_repo.specimen import specimen

Answer = httpx.Response | Exception
Fault = Callable[[httpx.Request], Answer | None]
RELEASE = version("image-repo")
EVERYTHING = [*REMEDIES]


def refused(status: int, detail: str = "refused") -> httpx.Response:
    return httpx.Response(status, json={"type": "about:blank", "detail": detail})


def by_bucket(status: int, code: str = "") -> httpx.Response:
    return httpx.Response(status, text=f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>')


class Repository:
    """Keeps one photograph; ``fault`` may answer in its stead, and the clock is a counter."""

    def __init__(self, fault: Fault = lambda _: None) -> None:
        self.fault = fault
        self.image: dict[str, Any] = {}
        self.state = "captioned"
        self.release = RELEASE
        self.seconds = 0.0

    def client(self) -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client("http://api/stage", "imr_x", transport=transport, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def examined(self, folder: Path) -> dict[str, Finding]:
        photograph = folder / "doctor-1.png"
        photograph.write_bytes(specimen(8))
        findings: list[Finding] = []
        Examination(
            self.client(),
            photograph,
            release=RELEASE,
            origin="https://gallery",
            patience=30,
            begun=str,
            ended=findings.append,
            sleep=self.sleep,
            clock=lambda: self.seconds,
        ).run()
        return {finding.check: finding for finding in findings}

    def _answer(self, request: httpx.Request) -> httpx.Response:
        told = self.fault(request)
        if isinstance(told, Exception):
            raise told
        return told or self._sound(request)

    def _sound(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "bucket":
            return httpx.Response(204, headers={"Access-Control-Allow-Origin": "*"})
        match request.method, request.url.path.removeprefix("/stage"):
            case "GET", "/health":
                return httpx.Response(200, json={"status": "ok", "version": self.release})
            case "GET", "/images":
                kept = [self.image] if self.image else []
                return httpx.Response(200, json={"items": kept, "cursor": None})
            case "POST", "/images":
                return self._entered(json.loads(request.read()))
            case "POST", _:
                hits = [{"image": self.image}] if self.image else []
                return httpx.Response(200, json={"hits": hits, "cursor": None})
        return self._of_the_image(request)

    def _entered(self, body: dict[str, Any]) -> httpx.Response:
        self.image = {
            "id": "7",
            "name": body["name"],
            "owner": "ann",
            "state": self.state,
            "created_at": "2026-11-29T10:00:00Z",
            "caption": {"text": "waves"},
            "reason": "blurred",
        }
        upload = {"url": "http://bucket/", "fields": {}}
        return httpx.Response(201, json={"image": self.image, "upload": upload})

    def _of_the_image(self, request: httpx.Request) -> httpx.Response:
        if not self.image:
            return refused(404, "no such image")
        if request.method == "PATCH":
            self.image |= {"caption": json.loads(request.read()) | {"text": CAPTION}}
        if request.method == "DELETE":
            self.image = {}
            return httpx.Response(204)
        return httpx.Response(200, json=self.image)


def where(method: str, path: str, answer: Answer) -> Fault:
    """Return a fault of the requests of one method whose path ends so."""

    def fault(request: httpx.Request) -> Answer | None:
        is_meant = request.method == method and request.url.path.endswith(path)
        return answer if is_meant else None

    return fault


def test_a_sound_repository_passes_every_check_and_keeps_nothing(tmp_path: Path) -> None:
    repository = Repository()
    findings = repository.examined(tmp_path)
    assert [*findings] == EVERYTHING
    assert all(finding.passed and finding.remedy is None for finding in findings.values())
    assert repository.image == {}


@pytest.mark.parametrize(
    ("check", "fault", "told", "advice"),
    [
        ("reach", where("GET", "/health", httpx.ConnectError("no host")), "no host", "ApiUrl"),
        ("reach", where("GET", "/health", refused(404)), "refused", "not the API's"),
        ("reach", where("GET", "/health", refused(500, "broke")), "broke", "does not start"),
        ("token", where("GET", "/images", refused(401)), "not accepted", "--another"),
        ("token", where("GET", "/images", refused(403)), "refused", "scopes read and write"),
        ("token", where("GET", "/images", refused(500)), "refused", "TokensTable"),
        ("enter", where("POST", "/images", refused(403, "lacks 'write'")), "lacks", "scopes"),
        ("enter", where("POST", "/images", refused(503, "busy")), "busy", "Table"),
        ("upload", where("POST", "/", by_bucket(403, "AccessDenied")), "Denied", "may|must be let"),
        ("upload", where("POST", "/", by_bucket(404, "NoSuchBucket")), "404", "is gone"),
        ("upload", where("POST", "/", by_bucket(307)), "307", "another region"),
        ("upload", where("POST", "/", by_bucket(301, "PermanentRedirect")), "301", "region"),
        ("upload", where("POST", "/", by_bucket(403, "RequestTimeTooSkewed")), "403", "clock"),
        ("upload", where("POST", "/", by_bucket(400, "EntityTooLarge")), "400", "MAX_UPLOAD_BYTES"),
        ("upload", where("POST", "/", httpx.ConnectError("refused")), "nothing", "proxy"),
        ("edit", where("PATCH", "/images/7", refused(500, "broke")), "broke", "API function's log"),
        ("browser", where("OPTIONS", "/", by_bucket(403)), "of https://gallery", "CORS rules"),
        ("text search", where("POST", "/search", refused(503, "no index")), "no index", "reindex"),
        ("image search", where("POST", "/image", refused(504, "slow")), "slow", "encoder"),
        ("delete", where("DELETE", "/images/7", refused(500, "broke")), "broke", "by hand"),
    ],
)
def test_each_kind_of_failure_is_named_and_has_its_remedy(
    tmp_path: Path, check: str, fault: Fault, told: str, advice: str
) -> None:
    findings = Repository(fault).examined(tmp_path)
    finding = findings[check]
    assert not finding.passed
    assert told in finding.told
    assert finding.remedy
    assert any(word in finding.remedy for word in advice.split("|"))


@pytest.mark.parametrize(
    ("allowed", "passes"), [("*", True), ("https://gallery", True), ("https://other", False)]
)
def test_a_browser_uploads_from_the_gallery_where_the_bucket_says_so(
    tmp_path: Path, allowed: str, passes: bool
) -> None:
    answer = httpx.Response(200, headers={"Access-Control-Allow-Origin": allowed})
    repository = Repository(where("OPTIONS", "/", answer))
    assert repository.examined(tmp_path)["browser"].passed is passes
    assert repository.client().origin == "http://api"


def test_a_repository_of_another_release_is_told(tmp_path: Path) -> None:
    repository = Repository()
    repository.release = "7.0.0"
    findings = repository.examined(tmp_path)
    assert [*findings] == ["reach", "version"]
    assert "release 7.0.0" in findings["version"].told
    assert "pip install" in (findings["version"].remedy or "")


@pytest.mark.parametrize(
    ("state", "told", "advice"),
    [("pending", "pending after 30 s", "captioners"), ("failed", "blurred", "captioner's log")],
)
def test_a_photograph_that_is_not_captioned_is_told_and_deleted(
    tmp_path: Path, state: str, told: str, advice: str
) -> None:
    repository = Repository()
    repository.state = state
    findings = repository.examined(tmp_path)
    assert [*findings][-2:] == ["caption", "delete"]
    assert told in findings["caption"].told
    assert advice in (findings["caption"].remedy or "")
    assert repository.image == {}


@pytest.mark.parametrize("check", ["text search", "attribute search", "image search"])
def test_what_one_search_does_not_find_leaves_the_others_to_be_made(
    tmp_path: Path, check: str
) -> None:
    def fault(request: httpx.Request) -> Answer | None:
        asked = json.loads(request.read()) if "/search" in request.url.path else {}
        kind = {"text": "text", "attributes": "attribute", "image": "image"}
        is_meant = any(f"{word} search" == check for key, word in kind.items() if key in asked)
        return httpx.Response(200, json={"hits": [], "cursor": None}) if is_meant else None

    findings = Repository(fault).examined(tmp_path)
    assert [*findings] == EVERYTHING
    assert [name for name, finding in findings.items() if not finding.passed] == [check]
    assert "not among the matches after 30 s" in findings[check].told
    assert "indexer's log" in (findings[check].remedy or "")


def test_what_stays_to_be_found_after_it_was_deleted_is_told(tmp_path: Path) -> None:
    hits = httpx.Response(200, json={"hits": [{"image": {"id": "7"}}], "cursor": None})
    findings = Repository(where("POST", "/search", hits)).examined(tmp_path)
    assert "still found after 30 s" in findings["gone"].told


def test_an_index_that_is_being_made_is_waited_for(tmp_path: Path) -> None:
    repository = Repository()
    repository.fault = lambda request: (
        refused(503) if "search" in request.url.path and repository.seconds < 9 else None
    )
    assert all(finding.passed for finding in repository.examined(tmp_path).values())


@pytest.mark.parametrize("path", ["/images", "/", "/images/7", "/search"])
def test_interrupted_anywhere_it_leaves_nothing(tmp_path: Path, path: str) -> None:
    repository = Repository()

    def fault(request: httpx.Request) -> Answer | None:
        if request.url.path.endswith(path) and request.method in ("POST", "PATCH"):
            repository.fault = lambda _: None
            repository._sound(request)
            raise KeyboardInterrupt
        return None

    repository.fault = fault
    with pytest.raises(KeyboardInterrupt):
        repository.examined(tmp_path)
    assert repository.image == {}


def test_the_photograph_is_a_png_that_differs_each_time() -> None:
    first, second = specimen(), specimen()
    assert first != second
    picture = Image.open(io.BytesIO(first))
    assert (picture.format, picture.mode, picture.size) == ("PNG", "RGB", (160, 160))
    assert all(least < 30 and most > 225 for least, most in picture.getextrema())  # type: ignore[misc]


class OneSession(Session):
    """Speaks to one repository."""

    repository = Repository()

    def client(self) -> Client:
        return self.repository.client()


def ran(repository: Repository, *arguments: str) -> Any:
    app = typer.Typer()
    app.command()(doctor.doctor)
    session = OneSession(None, None)
    OneSession.repository = repository
    return CliRunner().invoke(app, [*arguments], obj=session)


def test_the_command_prints_each_check_and_fails_with_what_to_do() -> None:
    sound = ran(Repository())
    assert sound.exit_code == 0
    assert [line.split(":")[0] for line in sound.stdout.splitlines()] == [
        f"✓ {check}" for check in EVERYTHING
    ]
    broken = ran(Repository(where("GET", "/images", refused(401))))
    assert broken.exit_code == 1
    assert "✗ token: the token is not accepted" in broken.stdout
    assert "image-repo token add" in broken.stdout


def test_json_is_one_document() -> None:
    result = ran(Repository(where("GET", "/images", refused(401))), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["passed"] is False
    assert [one["check"] for one in document["checks"]] == ["reach", "version", "token"]
    assert document["checks"][-1]["remedy"]


def test_every_check_of_the_remedies_has_one_for_what_nobody_thought_of() -> None:
    assert all("else" in known for known in REMEDIES.values())
