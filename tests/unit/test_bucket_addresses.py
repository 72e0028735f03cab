"""Forms and links lead to the bucket's own host, in every region and partition."""

import base64
import json
import re
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

import app as entry_point
from chalicelib.bootstrap import S3_CONFIGURATION
from chalicelib.storage import S3Storage
from tests.api import Api

# https://docs.aws.amazon.com/general/latest/gr/s3.html
# https://docs.amazonaws.cn/en_us/general/latest/gr/endpoints-arns.html
HOSTS = {
    "us-east-1": "photographs.s3.us-east-1.amazonaws.com",
    "eu-central-1": "photographs.s3.eu-central-1.amazonaws.com",
    "ap-southeast-2": "photographs.s3.ap-southeast-2.amazonaws.com",
    "af-south-1": "photographs.s3.af-south-1.amazonaws.com",
    "us-gov-west-1": "photographs.s3.us-gov-west-1.amazonaws.com",
    "cn-north-1": "photographs.s3.cn-north-1.amazonaws.com.cn",
    "cn-northwest-1": "photographs.s3.cn-northwest-1.amazonaws.com.cn",
}
KEY = "uploads/ann/x.jpg"


def storage(region: str, endpoint: str | None = None) -> S3Storage:
    client = boto3.client(
        "s3",
        region,
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=S3_CONFIGURATION,
    )
    return S3Storage(client, "photographs")


@pytest.fixture(autouse=True)
def without_an_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("region", "host"), HOSTS.items())
def test_a_form_is_signed_for_the_buckets_host_in_its_region(region: str, host: str) -> None:
    form = storage(region).presigned_post(KEY, content_type="image/jpeg", max_bytes=5)
    assert form.url == f"https://{host}/"
    (scope,) = [
        condition["x-amz-credential"]
        for condition in json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
        if "x-amz-credential" in condition
    ]
    assert scope.split("/")[2:] == [region, "s3", "aws4_request"]


@pytest.mark.parametrize("name", ["x.jpg", None])
@pytest.mark.parametrize(("region", "host"), HOSTS.items())
def test_a_link_is_signed_for_the_buckets_host_in_its_region(
    region: str, host: str, name: str | None
) -> None:
    (link,) = storage(region).presigned_gets({KEY: name}).values()
    assert urlsplit(link).netloc == host
    asked = parse_qs(urlsplit(link).query)
    assert asked["X-Amz-SignedHeaders"] == ["host"]
    assert asked["X-Amz-Credential"][0].split("/")[2:] == [region, "s3", "aws4_request"]


@pytest.mark.parametrize(("region", "host"), HOSTS.items())
def test_the_gallery_may_reach_the_buckets_host_and_no_other(
    api: Api, region: str, host: str
) -> None:
    entry_point.provider.repository = replace(api.repository(), storage=storage(region))
    policy = api.call("GET", "/", as_=None).headers["Content-Security-Policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert set(re.findall(r"[^\s;]*//[^\s;]+", policy)) == {f"https://{host}"}
    for wanted in ("connect-src", "img-src"):
        assert f"https://{host}" in directives[wanted].split()


def test_an_emulator_at_an_address_is_asked_for_the_bucket_by_path() -> None:
    local = storage("us-east-1", "http://127.0.0.1:4566")
    form = local.presigned_post(KEY, content_type="image/jpeg", max_bytes=5)
    assert form.url == "http://127.0.0.1:4566/photographs"
