"""Every storage keeps the same promises."""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from chalicelib.errors import PayloadTooLarge
from chalicelib.storage import S3Storage, Storage, owner_of
from tests.memory.storage import MemoryStorage


@pytest.fixture(params=["memory", "s3"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    if request.param == "memory":
        yield MemoryStorage("photographs")
        return
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="photographs")
        versioning: Any = {"Status": "Enabled"}
        client.put_bucket_versioning(Bucket="photographs", VersioningConfiguration=versioning)
        yield S3Storage(client, "photographs")


KEYS = ["uploads/ann/a b+c%2B.jpg", "uploads/ann/é🐕.png", "uploads/bob/x.jpg"]


def test_an_object_comes_back_whatever_its_key(storage: Storage) -> None:
    for key in KEYS:
        storage.write(key, key.encode(), content_type="image/jpeg")
    assert [storage.read(key, limit=100) for key in KEYS] == [key.encode() for key in KEYS]


def test_what_is_gone_is_none_and_deleting_it_is_no_error(storage: Storage) -> None:
    storage.delete("uploads/ann/none.jpg")
    assert storage.read("uploads/ann/none.jpg", limit=10) is None


@pytest.mark.parametrize("key", ["k" * 1_025, "é" * 513])
def test_nothing_is_asked_of_a_key_that_is_too_long_for_an_object(key: str) -> None:
    client = boto3.client("s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    storage = S3Storage(client, "photographs")
    with Stubber(client):
        assert storage.head(key) is None
        assert storage.read(key, limit=1) is None


def test_what_a_key_holds_now_is_told_without_its_bytes(storage: Storage) -> None:
    assert storage.head(KEYS[0]) is None
    storage.write(KEYS[0], b"12345", content_type="image/jpeg")
    storage.write(KEYS[0], b"123", content_type="image/jpeg")
    found = storage.head(KEYS[0])
    assert found is not None
    assert (found.key, found.size) == (KEYS[0], 3)
    assert storage.read(KEYS[0], version_id=found.version_id, limit=9) == b"123"
    storage.delete(KEYS[0])
    assert storage.head(KEYS[0]) is None


def test_an_object_over_the_limit_is_refused(storage: Storage) -> None:
    storage.write(KEYS[0], b"x" * 11, content_type="image/jpeg")
    with pytest.raises(PayloadTooLarge, match="11 bytes, at most 10"):
        storage.read(KEYS[0], limit=10)


def test_objects_are_listed_in_key_order_from_anywhere(storage: Storage) -> None:
    for key in KEYS:
        storage.write(key, b"x", content_type="image/jpeg")
    assert [found.key for found in storage.objects("uploads/ann/")] == KEYS[:2]
    assert [found.key for found in storage.objects("uploads/", after=KEYS[0])] == KEYS[1:]


def test_a_form_names_the_key_and_the_type(storage: Storage) -> None:
    form = storage.presigned_post(KEYS[0], content_type="image/png", max_bytes=5)
    assert form.fields["key"] == KEYS[0]
    assert form.fields["Content-Type"] == "image/png"
    assert form.url


def test_a_link_to_save_differs_from_a_link_to_show(storage: Storage) -> None:
    assert storage.presigned_gets({KEYS[2]: None}) != storage.presigned_gets({KEYS[2]: "x.jpg"})


def test_the_policy_fixes_key_type_and_size_and_links_never_run_in_a_browser() -> None:
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        storage = S3Storage(client, "photographs")
        form = storage.presigned_post(KEYS[1], content_type="image/png", max_bytes=5)
        link = storage.presigned_gets({KEYS[1]: "a b é.html"})[KEYS[1]]
    conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
    for wanted in ({"key": KEYS[1]}, {"Content-Type": "image/png"}, {"bucket": "photographs"}):
        assert wanted in conditions
    assert ["content-length-range", 1, 5] in conditions
    assert not any(condition[0] == "starts-with" for condition in conditions if len(condition) > 2)
    asked = parse_qs(urlsplit(link).query)
    assert asked["response-content-type"] == ["application/octet-stream"]
    disposition = "attachment; filename*=UTF-8''a%20b%20%C3%A9.html"
    assert asked["response-content-disposition"] == [disposition]


def test_the_policy_fixes_the_content_where_it_was_announced() -> None:
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        storage = S3Storage(client, "photographs")
        digest = hashlib.sha256(b"a photograph").digest()
        form = storage.presigned_post(
            KEYS[1], content_type="image/png", max_bytes=5, sha256=digest.hex()
        )
    fields = {
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": base64.b64encode(digest).decode(),
    }
    assert fields.items() <= form.fields.items()
    conditions = json.loads(base64.b64decode(form.fields["policy"]))["conditions"]
    assert all({name: value} in conditions for name, value in fields.items())


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("uploads/ann/x.jpg", "ann"),
        ("uploads/ann/a/b.jpg", "ann"),
        ("uploads/x.jpg", "default"),
        ("uploads//x.jpg", "default"),
    ],
)
def test_a_photograph_belongs_to_its_folder(key: str, owner: str) -> None:
    assert owner_of(key) == owner
