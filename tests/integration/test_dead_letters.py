"""An event that was delivered in vain five times, from the queue to its record."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from chalice.local import LambdaContext
from chalice.test import Client
from moto import mock_aws

import app as entry_point
from captioner.vision import words
from chalicelib.api.requests import RecaptionRequest
from chalicelib.bootstrap import Provider
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import State
from chalicelib.reconciling.report import Report, ReportStore
from chalicelib.reindexing import Stage
from chalicelib.storage import S3Storage
from chalicelib.transitions import pending
from infra.deliveries import ATTEMPTS
from tests.api import CALLERS
from tests.images_table import counts_table, images_table

REGION, BUCKET, TABLE, COUNTS = "eu-central-1", "photographs", "images", "counts"
KEY = "uploads/ada/a.jpg"


@pytest.fixture
def queues(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """Yield the URLs of the captioner's queue and of its dead letters, the API wired to them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        sqs = boto3.client("sqs")
        dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
        redrive = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": ATTEMPTS}
        queue = sqs.create_queue(
            QueueName="events", Attributes={"RedrivePolicy": json.dumps(redrive)}
        )["QueueUrl"]
        where: Any = {"LocationConstraint": REGION}
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        for table in (images_table(TABLE), counts_table(COUNTS)):
            boto3.client("dynamodb").create_table(**table)
        variables = {"BUCKET": BUCKET, "TABLE": TABLE, "TOKENS_TABLE": "tokens"}
        variables |= {"COUNTS_TABLE": COUNTS}
        variables |= {"QUEUE_URL": queue, "DEAD_LETTER_QUEUE_URL": dead}
        for name, value in variables.items():
            monkeypatch.setenv(f"IMAGE_REPO_{name}", value)
        monkeypatch.setattr(entry_point, "provider", Provider(words.load))
        yield queue, dead


def deliver_in_vain(queue: str) -> None:
    """Receive as Lambda does while the function is throttled or does not start."""
    sqs = boto3.client("sqs")
    for _ in range(ATTEMPTS + 1):
        sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0)


def tick() -> dict[str, Any]:
    """Return the event of a schedule."""
    with Client(entry_point.app) as client:
        event: dict[str, Any] = client.events.generate_cw_event(
            "aws.events", "Scheduled Event", {}, [], REGION
        )
    return event


def waiting(queue: str) -> int:
    name: Any = "ApproximateNumberOfMessages"
    found = boto3.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
    return int(found["Attributes"][name])


@pytest.mark.fault(10)
@pytest.mark.fault(30)
def test_an_event_given_up_before_any_code_ran_fails_its_record_which_can_be_tried_again(
    queues: tuple[str, str],
) -> None:
    queue, dead = queues
    catalogue = DynamoCatalogue(boto3.client("dynamodb"), TABLE, COUNTS)
    record = catalogue.save(pending(BUCKET, KEY, datetime.now(UTC)), expected_rev=0)
    boto3.client("s3").put_object(Bucket=BUCKET, Key=KEY, Body=b"jpeg")
    found = {"key": KEY, "sequencer": "0055", "size": 4}
    event = {"eventName": "ObjectCreated:Post", "s3": {"bucket": {"name": BUCKET}, "object": found}}
    boto3.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps({"Records": [event]}))
    deliver_in_vain(queue)
    assert (waiting(queue), waiting(dead)) == (0, 1)

    now = datetime.now(UTC)
    today = Report("today's", now, now, stage=Stage.FINISHED)
    ReportStore(S3Storage(boto3.client("s3"), BUCKET)).tell(today)
    context = LambdaContext("reconciler", memory_size=1536, max_runtime_ms=300_000)
    entry_point.app.handler_map["reconciler"](tick(), context)

    settled = catalogue.get(record.image_id)
    assert settled and settled.state is State.FAILED and settled.reason
    assert waiting(dead) == 0
    again = RecaptionRequest(state=State.FAILED)
    assert entry_point.repository().upkeep.recaption(CALLERS["admin"], again).queued == 1
    assert waiting(queue) == 1
