"""What the description of the API allows and forbids, asked of every route."""

import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import positive_data_acceptance, unsupported_method

import app as entry_point
from chalicelib.api import openapi
from chalicelib.api.routes import ROUTES
from chalicelib.import_reports import ImportReport
from chalicelib.reconciling.report import Report, ReportStore
from chalicelib.reindexing import RunStateStore, Stage
from tests.api_on_aws import DOG, AwsApi, FaultyDeadline, api_on_aws
from tests.gateway import Gateway

# Of each route, beside those that cover the description; more on demand.
CASES = int(os.environ.get("API_CASES", "25"))
# API Gateway knows no 405 (docs/api.md), and a schema cannot say what a cursor or a picture is.
UNTOLD = [unsupported_method, positive_data_acceptance]
# What is there; the token is made below.
IMPORT = "a" * 32
THERE: dict[str, list[str]] = {
    "image_id": [f"id-{number}" for number in range(40)],
    "import_id": [IMPORT],
    "token_id": [],
}
STATUSES: dict[str, Counter[int]] = defaultdict(Counter)


@pytest.fixture(scope="module")
def api() -> Iterator[AwsApi]:
    # Time stands still: no request runs out of it, however busy the machine is.
    with api_on_aws(FaultyDeadline(lambda: 0.0)) as api:
        for image_id in THERE["image_id"]:
            api.enter(replace(DOG, image_id=image_id, key=f"uploads/ann/x/{image_id}.jpg"))
        described = "uploads/ann/trip/descriptions.txt"
        api.storage.write(described, b"a.jpg A dog.\n", content_type="text/plain")
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        ImportReport(IMPORT, "ann", described, moment).save(api.storage)
        ReportStore(api.storage).tell(Report("seven", moment, moment, stage=Stage.FINISHED))
        RunStateStore(api.storage).run("seven", roll_back=False, work=lambda _: 2)
        spare = api.repository.tokens.add("ann", ["read"])[1]
        THERE["token_id"].append(spare.token_sha256)
        yield api


def nested(document: dict[str, Any], depth: int = 1) -> dict[str, Any]:
    """Return the description with conditions nested so deep at most.

    Of a schema that refers to itself Schemathesis makes a generator that may never end.
    """
    own = '{"$ref": "#/components/schemas/GroupInput"}, '
    schemas = document["components"]["schemas"]
    once = json.dumps(schemas["GroupInput"])
    inner = [own.replace("Input", f"Input{number}") for number in range(1, depth)] + [""]
    groups = {
        f"GroupInput{number}": json.loads(once.replace(own, refers))
        for number, refers in enumerate(inner)
    }
    others = json.dumps({name: it for name, it in schemas.items() if name != "GroupInput"})
    told = json.loads(others.replace("/GroupInput", "/GroupInput0"))
    return {**document, "components": {**document["components"], "schemas": told | groups}}


# Its own server is relative to wherever the document lies.
described = {**nested(openapi.document()), "servers": [{"url": "/"}]}
schema = schemathesis.openapi.from_dict(described)
schema.app = Gateway(entry_point.app)


@schema.hook
def flatmap_path_parameters(context: Any, path_parameters: Any) -> Any:
    """Name what is there in most requests."""
    del context
    if not path_parameters:
        return st.just(path_parameters)
    (name,) = path_parameters
    return st.sampled_from(THERE[name]).flatmap(
        lambda known: st.sampled_from([{name: known}] * 3 + [path_parameters])
    )


@schema.hook
def flatmap_headers(context: Any, headers: Any) -> Any:
    """Name a revision in half of the requests that may."""
    del context
    others = {name: value for name, value in (headers or {}).items() if name != "If-Match"}
    return st.sampled_from([headers, others]) if headers else st.just(headers)


NAMES = {
    route.name: {
        *route.parameters,
        *(route.query.model_fields if route.query else ()),
        *(
            field.alias or name
            for name, field in (route.body.model_fields if route.body else {}).items()
        ),
        *(["If-Match"] if route.if_match else []),
        *(["Idempotency-Key"] if route.idempotency_key else []),
    }
    for route in ROUTES
}


def sent(case: Any) -> set[str]:
    """Return the names of what a request holds, be they known or not."""
    body = case.body if isinstance(case.body, dict) else {}
    return {*(case.query or {}), *body}


@pytest.mark.fault(22)
@schema.parametrize()
@settings(max_examples=CASES, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True)
def test_every_route_keeps_to_its_description(api: AwsApi, case: Any) -> None:
    headers = {"Authorization": f"Bearer {api.tokens['admin']}"}
    answer = case.call(headers=headers)
    STATUSES[case.operation.label][answer.status_code] += 1
    if field := answer.json().get("field") if answer.status_code == 400 else None:
        known = {"body", *NAMES[case.operation.label], *sent(case)}
        assert field in known or re.split(r"[.\[]", field)[0] in known
    case.validate_response(answer, headers=headers, excluded_checks=UNTOLD)


def test_every_route_that_was_asked_did_what_it_is_for() -> None:
    good = {route.name: {route.status, route.other_status} for route in ROUTES}
    asked = sum(sum(told.values()) for told in STATUSES.values())
    print(asked, "requests")
    idle = {name for name, told in STATUSES.items() if not good[name] & told.keys()}
    # A folder that lies in the bucket is not found by chance.
    assert idle <= {"POST /imports"}
