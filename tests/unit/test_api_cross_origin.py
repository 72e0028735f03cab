"""Pages of other origins, and what OPTIONS answers."""

from dataclasses import replace

import pytest

import app as entry_point
from chalicelib.api.cross_origin import CrossOrigin
from chalicelib.api.routes import PATHS
from chalicelib.settings import Settings
from tests.api import Api

ALLOWED, OTHER = "https://app.example.org", "https://evil.example.org"
CORS = "Access-Control-Allow-Origin"


@pytest.fixture
def shared(api: Api) -> Api:
    """Return the API, which pages of one other origin may call."""
    allowing = CrossOrigin((ALLOWED, "https://second.example.org"))
    entry_point.provider.repository = replace(api.repository(), cross_origin=allowing)
    return api


@pytest.mark.parametrize("path", PATHS)
def test_options_tells_the_methods_of_every_path_without_a_token(api: Api, path: str) -> None:
    answer = api.call("OPTIONS", path.replace("{", "").replace("}", ""), as_=None)
    assert (answer.status, answer.text) == (204, "")
    assert "OPTIONS" in answer.headers["Allow"]


def test_a_path_tells_all_its_methods(api: Api) -> None:
    allowed = api.call("OPTIONS", "/images/x", as_=None).headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}


def test_a_page_that_may_call_the_api_is_told_so_beforehand(shared: Api) -> None:
    answer = shared.call("OPTIONS", "/images/x", as_=None, Origin=ALLOWED)
    assert answer.headers[CORS] == ALLOWED
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
    sent = answer.headers["Access-Control-Allow-Headers"]
    assert {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"} == set(sent.split(", "))
    assert answer.headers["Access-Control-Max-Age"] == "7200"


@pytest.mark.parametrize("origin", [OTHER, "null", ALLOWED + ".evil.org", "http://app.example.org"])
@pytest.mark.parametrize("method", ["OPTIONS", "GET"])
def test_another_page_is_told_nothing(shared: Api, method: str, origin: str) -> None:
    shared.enter()
    headers = shared.call(method, "/images/id-1", Origin=origin).headers
    assert not [name for name in headers if name.startswith("Access-Control")]
    assert headers["Vary"] == "Origin"


@pytest.mark.parametrize(("path", "status"), [("/images/id-1", 200), ("/images/none", 404)])
def test_answers_and_problems_can_be_read_by_the_page(shared: Api, path: str, status: int) -> None:
    shared.enter()
    answer = shared.call("GET", path, Origin=ALLOWED)
    assert (answer.status, answer.headers[CORS]) == (status, ALLOWED)
    assert answer.headers["Access-Control-Expose-Headers"] == "ETag, Retry-After"


def test_no_page_may_unless_the_deployment_says_so(api: Api) -> None:
    for method in ("OPTIONS", "GET"):
        headers = api.call(method, "/health", as_=None, Origin=ALLOWED).headers
        assert not {name for name in headers if name.startswith(("Access-Control", "Vary"))}


def test_the_environment_names_the_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"bucket": "b", "table": "t", "tokens_table": "k"}
    assert CrossOrigin.of(Settings.from_environment(**names).cors_origins).origins == ()
    monkeypatch.setenv("IMAGE_REPO_CORS_ORIGINS", f"{ALLOWED},{OTHER}")
    told = Settings.from_environment(**names).cors_origins
    assert CrossOrigin.of(told).origins == (ALLOWED, OTHER)
