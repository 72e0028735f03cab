"""While the search index is down all else goes on, and what needs it is told to come again."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.config import Config

import app as entry_point
from chalicelib.api.problems import PROBLEM_JSON
from chalicelib.search.opensearch import BackOff, OpenSearchIndex, RetryingClient, connect
from chalicelib.search.replicated import PublishedIndex, S3IndexStore
from tests.api_on_aws import BUCKET, DOG, REGION, AwsApi, api_on_aws
from tests.api_requests import NEW, PICTURE

NOBODY = "http://127.0.0.1:1"


def published() -> PublishedIndex:
    once = Config(retries={"total_max_attempts": 1})
    return PublishedIndex(
        S3IndexStore(boto3.client("s3", REGION, endpoint_url=NOBODY, config=once), BUCKET)
    )


def on_opensearch() -> OpenSearchIndex:
    return OpenSearchIndex(RetryingClient(connect(NOBODY, 1), BackOff(tries=1)))


@pytest.fixture(params=[published, on_opensearch], ids=lambda made: made.__name__)
def api(request: pytest.FixtureRequest) -> Iterator[AwsApi]:
    """Yield the API whose index answers nobody."""
    made: Callable[[], Any] = request.param
    with api_on_aws() as api:
        api.enter(DOG)
        whole, index = api.repository, made()
        entry_point.provider.repository = replace(
            whole,
            searching=replace(whole.searching, index=index),
            collection=replace(whole.collection, index=index),
        )
        yield api


@pytest.mark.fault(8, by="moto")
def test_uploads_edits_and_deletions_are_taken_and_the_records_tell_of_them(api: AwsApi) -> None:
    entered = api.call("POST", "/images", NEW, as_="ann")
    assert entered.status == 201 and entered.json["upload"]["fields"]
    image_id = entered.json["image"]["id"]
    assert api.call("GET", f"/images/{image_id}", as_="ann").json["state"] == "pending"
    assert api.call("PATCH", "/images/id-1", {"caption": "Rex"}, as_="ann").status == 200
    listed = api.call("GET", "/images", as_="ann").json["items"]
    assert {one["id"]: one["caption"]["text"] for one in listed} == {
        image_id: NEW["caption"],
        "id-1": "Rex",
    }
    assert api.call("DELETE", "/images/id-1", as_="ann").status == 204
    told = api.call("GET", "/stats", as_="ann").json
    assert (told["total"], told["images"]["pending"], told["searchable"]) == (1, 1, None)


@pytest.mark.fault(8, by="moto")
@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/search?q=dog", None),
        ("POST", "/search", {"text": "dog"}),
        ("POST", "/search/image", {"image": PICTURE}),
        ("GET", "/images/id-1/similar", None),
        ("GET", "/suggest?prefix=do", None),
    ],
)
def test_a_search_is_a_503_with_retry_after(
    api: AwsApi, method: str, target: str, body: Mapping[str, Any] | None
) -> None:
    answer = api.call(method, target, body, as_="ann")
    assert (answer.status, answer.headers["Content-Type"]) == (503, PROBLEM_JSON), answer.text
    assert int(answer.headers["Retry-After"]) > 0
