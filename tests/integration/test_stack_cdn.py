"""The gallery behind the emulator's CloudFront, beside the one that the API serves."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import httpx
import pytest
from aws_cdk import assertions

from chalicelib.api import pages
from infra.cdn import Cdn
from infra.edge import Edge
from tests.deployed import DeployedStack

pytestmark = [pytest.mark.stack, pytest.mark.slow]

KINDS = ("AWS::CloudFront::", "AWS::S3::Bucket")  # without what puts the files there
FILE = f"gallery/{pages.current_release()}/main.js"
CONTENT = {"Key": "api/index.html", "Body": pages.page(), "CacheControl": pages.PAGE_CACHING}


@pytest.fixture(scope="module")
def distribution(stack: DeployedStack) -> Iterator[httpx.Client]:
    """Yield a client of a distribution whose files lie in its bucket."""
    app = cdk.App()
    alone = cdk.Stack(app, "Edge")
    policy = of_the_api(stack, "").headers["Content-Security-Policy"]
    bucket_origin = policy.partition("data: ")[2].partition(";")[0]
    api_host = "api.example.org"
    reached = pages.Origins(bucket_origin, "")
    made = Cdn(alone, "Cdn", Edge(cdn=True), api_host=api_host, reached=reached)
    cdk.CfnOutput(alone, "Host", value=made.host)
    host, bucket = deployed(stack, dict(assertions.Template.from_stack(alone).to_json()))
    javascript = (pages.GALLERY / Path(FILE).name).read_text()
    file = {"Key": f"api/{FILE}", "Body": javascript, "CacheControl": pages.FILE_CACHING}
    for content in (CONTENT, file):
        stack.aws("s3").put_object(Bucket=bucket, **content)
    headers = {"Host": host, "X-Forwarded-Proto": "https"}
    with httpx.Client(
        base_url=stack.facts["aws_endpoint_url"], headers=headers, timeout=60
    ) as client:
        yield client


def of_the_api(stack: DeployedStack, path: str) -> httpx.Response:
    return httpx.get(f"{stack.api_url}/{path}", timeout=60)


def deployed(stack: DeployedStack, template: dict[str, Any]) -> tuple[str, str]:
    """Deploy the part of a template that serves; return the distribution's host and bucket."""
    kept = {n: r for n, r in template["Resources"].items() if r["Type"].startswith(KINDS)}
    (policy,) = (r for r in kept.values() if r["Type"] == "AWS::S3::BucketPolicy")
    allowed = policy["Properties"]["PolicyDocument"]
    # The emulator's distribution fetches without TLS, which the bucket denies.
    allowed["Statement"] = [one for one in allowed["Statement"] if one["Effect"] == "Allow"]
    cloudformation = stack.aws("cloudformation")
    body = json.dumps({"Resources": kept, "Outputs": template["Outputs"]})
    cloudformation.create_stack(StackName="Edge", TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName="Edge")
    (told,) = cloudformation.describe_stacks(StackName="Edge")["Stacks"]
    listed = cloudformation.list_stack_resources(StackName="Edge")["StackResourceSummaries"]
    (bucket,) = (r for r in listed if r["ResourceType"] == "AWS::S3::Bucket")
    return told["Outputs"][0]["OutputValue"], bucket["PhysicalResourceId"]


@pytest.mark.parametrize("path", ["", FILE])
def test_page_and_files_are_those_of_the_api(
    stack: DeployedStack, distribution: httpx.Client, path: str
) -> None:
    behind, bare = distribution.get(f"/api/{path}"), of_the_api(stack, path)
    assert (behind.status_code, behind.text) == (bare.status_code, bare.text) == (200, bare.text)
    told = ("Cache-Control", *pages.security_headers(pages.Origins("", "")))
    assert {n: behind.headers[n] for n in told} == {n: bare.headers[n] for n in told}


@pytest.mark.parametrize("path", ["/", "/api"])
def test_whoever_leaves_out_the_stage_is_led_to_the_gallery(
    distribution: httpx.Client, path: str
) -> None:
    answer = distribution.get(path)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/api/")


def test_what_is_not_there_is_no_page(distribution: httpx.Client) -> None:
    assert distribution.get("/favicon.ico").status_code == 404
    missing = distribution.get("/api/gallery/0123456789abcdef/main.js")
    assert missing.status_code in (403, 404)
    assert "<html" not in missing.text.lower()
