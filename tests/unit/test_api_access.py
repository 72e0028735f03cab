"""Who gets in, what is served to whom, and what the logs hold."""

import json
from typing import Any

import pytest
from openapi_spec_validator import validate

import app as entry_point
from chalicelib.api import openapi
from chalicelib.images import Caption, Source
from tests.api import Api

OPEN = {("GET", "/health"), ("GET", "/"), ("GET", "/gallery/{name}")}
ROUTES = {(method, path) for path, methods in entry_point.app.routes.items() for method in methods}


@pytest.mark.parametrize(("method", "path"), sorted(ROUTES - OPEN))
def test_no_route_but_health_and_the_gallery_answers_without_a_token(
    api: Api, method: str, path: str
) -> None:
    concrete = path.replace("{", "").replace("}", "")
    body: dict[str, Any] | None = {} if method in {"POST", "PATCH"} else None
    assert api.call(method, concrete, body, as_=None).status == 401
    assert api.call(method, concrete, body, as_="stolen").status == 403


@pytest.mark.parametrize(("method", "path"), [("POST", "/images"), ("DELETE", "/images/id-1")])
def test_a_reader_cannot_write(api: Api, method: str, path: str) -> None:
    body = {"name": "a.jpg", "content_type": "image/jpeg", "size": 1} if method == "POST" else None
    answer = api.call(method, path, body, as_="reader")
    assert answer.status == 403
    assert "'write'" in answer.json["detail"]


def test_health_needs_no_token(api: Api) -> None:
    assert api.call("GET", "/health", as_=None).json["status"] == "ok"


def test_the_document_describes_every_route_and_no_other(api: Api) -> None:
    document = api.call("GET", "/openapi.json").json
    validate(document)
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    assert described == ROUTES - {("GET", "/"), ("GET", "/gallery/{name}")}
    assert {operation.path for operation in openapi.OPERATIONS if operation.scope is None} == {
        "/health"
    }


def test_neither_captions_nor_queries_nor_tokens_are_logged(
    api: Api, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    api.index.problem = RuntimeError("engine broke")
    new = {"name": "a.jpg", "content_type": "image/jpeg", "size": 1, "caption": "secretcaption"}
    api.call("POST", "/images", new)
    assert api.call("GET", "/search", query={"q": "secretquery"}).status == 500
    told = capsys.readouterr()
    logged = (
        told.out
        + told.err
        + caplog.text
        + json.dumps([r.__dict__ for r in caplog.records], default=str)
    )
    assert "engine broke" in logged
    for secret in ("secretcaption", "secretquery", "Bearer ann"):
        assert secret not in logged


def test_a_record_that_cannot_be_shown_is_our_fault_and_its_caption_is_not_logged(
    api: Api, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken: Any = ["secretcaption"]
    api.enter(caption=Caption(broken, Source.MODEL))
    assert api.call("GET", "/images/id-1").status == 500
    told = capsys.readouterr()
    assert "ValidationError" in told.out + caplog.text
    assert "secretcaption" not in told.out + told.err + caplog.text


def test_an_unexpected_error_tells_the_client_nothing(api: Api) -> None:
    api.index.problem = RuntimeError("the password is swordfish")
    answer = api.call("GET", "/search", query={"q": "dog"})
    assert answer.status == 500
    assert "swordfish" not in answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
