"""The OpenAPI document tells the truth: requests and answers are as it says."""

from datetime import UTC, datetime
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator, oas31_format_checker
from openapi_spec_validator import validate

from chalicelib.api import openapi
from chalicelib.api.routes import ROUTES
from chalicelib.images import Attribute, Caption, Label, Source, State
from chalicelib.reconciling.report import Report, ReportStore
from chalicelib.reindexing import RunStateStore
from tests.api import Api
from tests.api_requests import REQUESTS


def fits(schema: dict[str, Any], value: Any) -> None:
    whole = schema | {"components": openapi.document()["components"]}
    OAS31Validator(whole, format_checker=oas31_format_checker).validate(value)


def prepared(api: Api) -> str:
    api.enter(
        caption=Caption("a brown dog", Source.MODEL, "slim@1", 0.5, ("a dog",)),
        attributes=(Attribute("dog", ("brown",), ("run",)),),
        labels=(Label("dog", 0.9),),
        derivative_key="derived/id-1/x.webp",
    )
    api.enter("id-2", state=State.FAILED, reason="not an image", visual=None)
    api.enter("trashed", trashed_at=datetime(2026, 1, 1, tzinfo=UTC))
    api.index.finds = ["id-1"]
    RunStateStore(api.storage).run("seven", roll_back=False, work=lambda _: 2)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    ReportStore(api.storage).tell(Report("seven", moment, moment, repaired={"Repaired": 1}))
    api.tokens.add("ann", ["read"], "laptop")
    described = "uploads/ann/trip/descriptions.txt"
    api.storage.write(described, b"a.jpg A dog.\n", content_type="text/plain")
    started = api.call("POST", "/imports", {"prefix": "uploads/ann/trip/"}, as_="admin")
    return str(started.json["id"])


@pytest.mark.parametrize(("method", "path", "target", "body"), REQUESTS)
def test_requests_and_answers_are_as_described(
    api: Api, method: str, path: str, target: str, body: Any
) -> None:
    described = openapi.document()["paths"][path][method.lower()]
    if body and "requestBody" in described:
        fits(described["requestBody"]["content"]["application/json"]["schema"], body)
    answer = api.call(method, target.replace("IMPORT", prepared(api)), body, as_="admin")
    told = described["responses"][str(answer.status)]
    if "content" in told:
        fits(told["content"]["application/json"]["schema"], answer.json)
    else:
        assert answer.text == ""


@pytest.mark.parametrize(("method", "path", "target", "body"), REQUESTS)
def test_problems_are_as_described(
    api: Api, method: str, path: str, target: str, body: Any
) -> None:
    if path in {"/health", "/openapi.json", "/auth"}:
        return
    glue = "&" if "?" in target else "?"
    wrong = ("{", target) if body is not None else (None, f"{target}{glue}nonsense=1")
    if method == "DELETE":
        wrong = (None, f"{target.rpartition('/')[0]}/nobody")
    if path.endswith("/restore"):
        wrong = (None, "/images/nobody/restore")
    answer = api.call(method, wrong[1], wrong[0], as_="admin")
    assert answer.status in {400, 404}
    told = openapi.document()["paths"][path][method.lower()]["responses"]["default"]
    fits(told["content"]["application/problem+json"]["schema"], answer.json)


@pytest.mark.parametrize(
    ("method", "path", "target"), [one[:3] for one in REQUESTS if one[0] == "GET"]
)
def test_head_answers_as_get_does_without_a_body(
    api: Api, method: str, path: str, target: str
) -> None:
    del path
    got, headed = (api.call(verb, target, as_="admin") for verb in (method, "HEAD"))
    assert (headed.status, headed.text) == (got.status, "")
    assert headed.headers["Content-Type"] == got.headers["Content-Type"]
    refused = [api.call(verb, target, as_="nobody's").status for verb in (method, "HEAD")]
    assert refused[0] == refused[1]


@pytest.mark.parametrize("path", ["/health", "/openapi.json"])
def test_whoever_looks_whether_it_answers_needs_no_token(api: Api, path: str) -> None:
    assert api.call("HEAD", path, as_=None).status == api.call("GET", path, as_=None).status == 200


def test_the_document_is_an_openapi_document() -> None:
    validate(openapi.document())


def test_every_operation_is_tried() -> None:
    assert {(method, path) for method, path, _, _ in REQUESTS} == {
        (route.method, route.path) for route in ROUTES if route.is_documented
    }
