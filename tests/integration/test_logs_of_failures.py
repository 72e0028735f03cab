"""Whatever goes wrong while a request is answered, the log tells of it and not of the request."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from chalicelib.images import Caption, Source
from tests.api_on_aws import DOG, FAULTS, SERVICES, AwsApi, answered, api_on_aws

CAPTION, QUERY, IMAGE = "A quokka naps", "numbat", base64.b64encode(b"bilby" * 20).decode()
SECRETS = ("quokka", "naps", QUERY, IMAGE[:40], "imr_")
REQUESTS: list[tuple[str, str, Any]] = [
    ("POST", "/images", {"name": "a.jpg", "size": 1, "caption": CAPTION, "keywords": [QUERY]}),
    ("GET", "/images", None),
    ("GET", "/images/id-1", None),
    ("PATCH", "/images/id-1", {"caption": CAPTION, "attributes": [{"subject": QUERY}]}),
    ("PATCH", "/images/id-1", {"caption": [CAPTION], QUERY: QUERY}),
    ("DELETE", "/images/id-2", None),
    ("GET", "/images/id-1/similar?explain=true", None),
    ("GET", f"/search?q={quote(CAPTION)}&limit=none", None),
    ("POST", "/search", {"text": f"{CAPTION} {QUERY}", "explain": True}),
    ("POST", "/search/image", {"image": IMAGE, "text": QUERY}),
    ("GET", f"/suggest?prefix={QUERY}", None),
    ("POST", "/tokens", {"owner": "ann", "label": QUERY}),
    ("GET", "/tokens", None),
]


def repeating(request: AWSPreparedRequest) -> AWSResponse:
    """Refuse, and tell in the refusal what was sent, as DynamoDB's validation does."""
    body = request.body if isinstance(request.body, str) else str(request.body)
    told = {"__type": "com.amazon#ValidationException", "message": f"{request.url} {body}"}
    return answered(400, json.dumps(told).encode())


def nonsense(request: AWSPreparedRequest) -> AWSResponse:
    """Answer with what no service answers, so that reading it fails."""
    item = {"image_id": {"S": "id-1"}, "state": {"S": CAPTION}, "caption": {"S": CAPTION}}
    return answered(200, json.dumps({"Item": item, "Items": [item]}).encode())


@pytest.fixture(scope="module")
def api() -> Iterator[AwsApi]:
    with api_on_aws() as api:
        for image_id in ("id-1", "id-2"):
            told = Caption(CAPTION, Source.USER)
            api.enter(
                replace(DOG, image_id=image_id, key=f"uploads/ann/x/{image_id}", caption=told)
            )
        yield api


@pytest.mark.fault(28, by="moto")
@pytest.mark.parametrize("service", SERVICES)
def test_no_failure_of_a_service_puts_a_secret_or_a_caption_into_the_log(
    api: AwsApi,
    service: str,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    statuses = set()
    for fault in (*FAULTS, repeating, nonsense):
        for method, target, body in REQUESTS:
            assert api.call("GET", "/tokens").status == 200  # the token is known from now on
            api.deadline.faults[service] = fault
            statuses.add(api.call(method, target, body).status)
            api.call(method, target, body, as_="imr_never-made")
            api.deadline.faults.clear()
    told = capsys.readouterr()
    records = json.dumps([record.__dict__ for record in caplog.records], default=str)
    logged = f"{told.out}{told.err}{caplog.text}{records}"
    assert service not in {"dynamodb", "s3"} or max(statuses) >= 500
    assert "Status4xx" in logged
    assert [secret for secret in SECRETS if secret in logged] == []
