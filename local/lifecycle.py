"""What the bucket's lifecycle removes, which the emulator keeps for ever.

It writes all that it knows of a key's versions at each put, so that a key that is put every second,
such as the index's manifest, makes it slower and slower.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from local.layout import BUCKET

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import LifecycleRuleTypeDef, ObjectIdentifierTypeDef

# A day is the least that a rule can say; what is given that, nobody needs a minute later:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
LEAST_DAYS, LEAST = 1, timedelta(minutes=1)
EVERY_SECONDS = 30
# Each costs the emulator as much as a put.
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of what lies under a prefix.

    Attributes
    ----------
    keeps
        How long a version is kept after another took its place.
    removes_markers
        Whether a marker goes that hides nothing any more.
    """

    prefix: str
    keeps: timedelta
    removes_markers: bool


def put_rules(client: "S3Client", rules: Sequence[Mapping[str, Any]]) -> None:
    """Give the bucket a template's rules, which the emulator reads from no template."""
    client.put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": [_as_api(rule) for rule in rules]}
    )


def keep_expiring() -> None:
    """Apply the rules for as long as the program runs."""
    client = boto3.client("s3")
    while True:
        time.sleep(EVERY_SECONDS)
        try:
            expire(client, datetime.now(UTC))
        except (BotoCoreError, ClientError):  # no stack yet, or the emulator is ending
            continue


def expire(client: "S3Client", now: datetime) -> int:
    """Remove what is due by the bucket's rules; return how many versions and markers."""
    answer = client.get_bucket_lifecycle_configuration(Bucket=BUCKET)
    rules = [*map(_read, filter(_is_for_versions, answer.get("Rules", ())))]
    return sum(_remove(client, rule, now) for rule in rules)


def _as_api(rule: Mapping[str, Any]) -> "LifecycleRuleTypeDef":
    """Return a rule as S3 takes it; CloudFormation calls some of it otherwise.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-s3-bucket-rule.html
    """
    marker = rule.get("ExpiredObjectDeleteMarker")
    named = {"Id": "ID", "Status": "Status"}
    same = ("AbortIncompleteMultipartUpload", "NoncurrentVersionExpiration")
    taken: dict[str, Any] = {
        **{other: rule[name] for name, other in named.items()},
        **{name: rule[name] for name in same if name in rule},
        "Filter": {"Prefix": rule.get("Prefix", "")},
        **({"Expiration": {"ExpiredObjectDeleteMarker": marker}} if marker else {}),
    }
    return cast("LifecycleRuleTypeDef", taken)


def _is_for_versions(rule: Mapping[str, Any]) -> bool:
    return rule["Status"] == "Enabled" and "NoncurrentVersionExpiration" in rule


def _read(rule: Mapping[str, Any]) -> Rule:
    days = int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
    keeps = LEAST if days == LEAST_DAYS else timedelta(days=days)
    markers = bool(rule.get("Expiration", {}).get("ExpiredObjectDeleteMarker"))
    return Rule(rule.get("Filter", {}).get("Prefix", ""), keeps, markers)


def _remove(client: "S3Client", rule: Rule, now: datetime) -> int:
    due = list(_due(client, rule, now))
    for first in range(0, len(due), AT_ONCE):
        client.delete_objects(Bucket=BUCKET, Delete={"Objects": due[first : first + AT_ONCE]})
    return len(due)


def _due(client: "S3Client", rule: Rule, now: datetime) -> Iterator["ObjectIdentifierTypeDef"]:
    for key, versions in groupby(_listed(client, rule.prefix), lambda one: str(one["Key"])):
        newest, *others = versions
        if not others and "ETag" not in newest and rule.removes_markers:
            yield {"Key": key, "VersionId": newest["VersionId"]}
        replaced_at = newest["LastModified"]
        for version in others:
            if replaced_at + rule.keeps <= now:
                yield {"Key": key, "VersionId": version["VersionId"]}
            replaced_at = version["LastModified"]


def _listed(client: "S3Client", prefix: str) -> list[Mapping[str, Any]]:
    """Return all versions and markers, those of a key together, the newest first."""
    pages = client.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=prefix)
    found = [
        one for page in pages for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    ]
    newest_first = sorted(found, key=lambda one: one["LastModified"], reverse=True)
    return sorted(newest_first, key=lambda one: (one["Key"], not one["IsLatest"]))
