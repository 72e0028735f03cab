"""The bucket's lifecycle on this machine, on moto's S3."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from local.layout import BUCKET, REGION
from local.lifecycle import expire, put_rules

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RULES = (
    {
        "Id": "parts",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        "Status": "Enabled",
    },
    {
        "Id": "index",
        "Prefix": "index/",
        "Status": "Enabled",
        "ExpiredObjectDeleteMarker": True,
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
    },
    {
        "Id": "uploads",
        "Prefix": "uploads/",
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
    },
)


@pytest.fixture
def s3() -> "Iterator[S3Client]":
    """Yield a client of a versioned bucket with the rules."""
    with mock_aws():
        client = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket=BUCKET)
        client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        put_rules(client, RULES)
        yield client


def put(client: "S3Client", key: str, *bodies: bytes) -> None:
    for body in bodies:
        client.put_object(Bucket=BUCKET, Key=key, Body=body)


def versions(client: "S3Client") -> int:
    answer = client.list_object_versions(Bucket=BUCKET)
    return len(answer.get("Versions", ())) + len(answer.get("DeleteMarkers", ()))


def later(**time: float) -> datetime:
    return datetime.now(UTC) + timedelta(**time)


def test_replaced_versions_of_a_file_of_the_index_go_and_the_newest_stays(s3: "S3Client") -> None:
    put(s3, "index/manifest.json", b"1", b"2", b"3")
    assert expire(s3, later(minutes=2)) == 2
    assert s3.get_object(Bucket=BUCKET, Key="index/manifest.json")["Body"].read() == b"3"
    assert versions(s3) == 1


def test_what_was_replaced_a_moment_ago_stays(s3: "S3Client") -> None:
    put(s3, "index/manifest.json", b"1", b"2")
    assert expire(s3, later(seconds=1)) == 0


def test_a_removed_file_goes_with_its_versions_and_then_its_marker(s3: "S3Client") -> None:
    put(s3, "index/part", b"1")
    s3.delete_object(Bucket=BUCKET, Key="index/part")
    assert expire(s3, later(minutes=2)) == 1
    assert expire(s3, later(minutes=2)) == 1
    assert versions(s3) == 0


def test_photographs_keep_what_was_replaced_for_as_long_as_their_rule_says(s3: "S3Client") -> None:
    put(s3, "uploads/ash.jpg", b"1", b"2")
    s3.delete_object(Bucket=BUCKET, Key="uploads/ash.jpg")
    assert expire(s3, later(days=29)) == 0
    assert expire(s3, later(days=31)) == 2
    assert versions(s3) == 1, "a marker whose rule does not remove it"


def test_what_no_rule_names_stays(s3: "S3Client") -> None:
    put(s3, "imports/report.json", b"1", b"2")
    assert expire(s3, later(days=999)) == 0


def test_every_one_of_many_versions_goes(s3: "S3Client") -> None:
    put(s3, "index/manifest.json", *(b"%d" % n for n in range(35)))
    assert expire(s3, later(minutes=2)) == 34
