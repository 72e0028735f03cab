"""The captioner and the indexer as they are deployed, on an AWS that refuses for a while."""

import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import boto3
import numpy as np
import pytest
from botocore.awsrequest import AWSResponse
from chalice.local import LambdaContext
from chalice.test import Client
from moto import mock_aws
from PIL import Image

import app as entry_point
from captioner.batch import BatchProcessor
from captioner.bootstrap import bootstrap
from captioner.isolation import IsolatedReader
from captioner.vision import words
from chalicelib.api.requests import RecaptionRequest
from chalicelib.bootstrap import Provider
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import Image as Record
from chalicelib.images import State, image_id_of
from chalicelib.reconciling.report import Report, ReportStore
from chalicelib.reindexing import Stage
from chalicelib.search import Query
from chalicelib.search.replicated import PublishedIndex, S3IndexStore
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage
from indexer.bootstrap import bootstrap as indexer_of
from indexer.handler import answer
from infra.deliveries import ATTEMPTS
from tests.api import CALLERS
from tests.api_on_aws import answered
from tests.images_table import counts_table, images_table

REGION, BUCKET, TABLE, COUNTS = "us-east-1", "photographs", "images", "counts"
KEY = "uploads/ada/a.jpg"
CAPTION = "A dachshund in the snow"


class Metrics:
    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    def count(self, what: str) -> None:
        self.counted[what] += 1

    def rate(self, what: str, is_so: bool) -> None:
        """Nothing is looked at."""

    def failed(self, message_id: str) -> None:
        self.counted["failed"] += 1


class Account:
    """Bucket, queues, tables with a stream, and the functions' own adapters on them.

    Attributes
    ----------
    denied
        An operation that is refused, as where a bucket's key may not be used.
    """

    def __init__(self) -> None:
        self.denied = ""
        boto3.setup_default_session(region_name=REGION)
        session: Any = boto3.DEFAULT_SESSION
        session.events.register_first("before-send", self._refuse)
        self.sqs: Any = boto3.client("sqs")
        self.dead = self.sqs.create_queue(QueueName="dead")["QueueUrl"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])
        target = found["Attributes"]["QueueArn"]
        redrive = {"deadLetterTargetArn": target, "maxReceiveCount": ATTEMPTS}
        self.queue = self.sqs.create_queue(
            QueueName="events", Attributes={"RedrivePolicy": json.dumps(redrive)}
        )["QueueUrl"]
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=BUCKET)
        dynamodb = boto3.client("dynamodb")
        stream: Any = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        made = dynamodb.create_table(**images_table(TABLE), StreamSpecification=stream)
        self.stream = made["TableDescription"]["LatestStreamArn"]
        dynamodb.create_table(**counts_table(COUNTS))
        boto3.client("events").create_event_bus(Name="bus")
        self.catalogue = DynamoCatalogue(dynamodb, TABLE, COUNTS)
        self.metrics = Metrics()

    def upload(self) -> None:
        pixels = np.random.default_rng(3).integers(0, 200, (300, 400, 3), np.uint8)
        exif, written = Image.Exif(), io.BytesIO()
        exif[0x010E] = CAPTION  # ImageDescription
        Image.fromarray(pixels).save(written, "JPEG", exif=exif)
        self.s3.put_object(Bucket=BUCKET, Key=KEY, Body=written.getvalue())
        found = {"key": KEY, "sequencer": "0055", "size": len(written.getvalue())}
        where = {"bucket": {"name": BUCKET}, "object": found}
        told: Any = {"eventName": "ObjectCreated:Post", "s3": where}
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps({"Records": [told]}))

    def deliver(self, captioner: BatchProcessor) -> bool:
        """Deliver what waits as Lambda does; tell whether there was anything."""
        received = self.sqs.receive_message(
            QueueUrl=self.queue,
            MaxNumberOfMessages=10,
            VisibilityTimeout=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        records = [
            {
                "messageId": message["MessageId"],
                "body": message["Body"],
                "receiptHandle": message["ReceiptHandle"],
                "attributes": message["Attributes"],
                "messageAttributes": message.get("MessageAttributes", {}),
            }
            for message in received
        ]
        failed = captioner.process(records, lambda: 900_000)
        for record in records:
            if record["messageId"] not in failed:
                self.sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=record["receiptHandle"])
        return bool(records)

    def index(self) -> None:
        """Deliver the whole stream to the indexer."""
        streams: Any = boto3.client("dynamodbstreams")
        found = streams.describe_stream(StreamArn=self.stream)["StreamDescription"]["Shards"]
        start = streams.get_shard_iterator(
            StreamArn=self.stream, ShardId=found[0]["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        records = streams.get_records(ShardIterator=start["ShardIterator"])["Records"]
        taken = answer(indexer_of(self.settings()), {"Records": records})
        assert taken == {"batchItemFailures": []}

    def found(self, text: str) -> list[str]:
        index = PublishedIndex(S3IndexStore(self.s3, BUCKET), catalogue=TABLE)
        return [hit.image_id for hit in index.search(Query("ada", text=text)).hits]

    def record(self) -> Record:
        record = self.catalogue.get(image_id_of(BUCKET, KEY))
        assert record is not None
        return record

    def counts(self) -> dict[State, int]:
        return {state: n for state, n in self.catalogue.counts("ada").states.items() if n}

    def waiting(self, queue: str) -> int:
        name = "ApproximateNumberOfMessages"
        found = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=[name])
        return int(found["Attributes"][name])

    def settings(self) -> Settings:
        return Settings(
            bucket=BUCKET,
            table=TABLE,
            tokens_table="tokens",
            counts_table=COUNTS,
            queue_url=self.queue,
            dead_letter_queue_url=self.dead,
            event_bus="bus",
        )

    def _refuse(self, event_name: str, **_: Any) -> AWSResponse | None:
        if event_name != f"before-send.{self.denied}":
            return None
        return answered(403, b"<Error><Code>AccessDenied</Code><Message/></Error>")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        account = Account()
        for name, value in account.settings().model_dump(exclude_defaults=True).items():
            monkeypatch.setenv(f"IMAGE_REPO_{name.upper()}", str(value))
        monkeypatch.setattr(entry_point, "provider", Provider(words.load))
        yield account
    boto3.DEFAULT_SESSION = None


@pytest.fixture
def captioner(account: Account) -> Iterator[BatchProcessor]:
    """Yield the captioner's work, wired as in its function."""
    batch, queries = bootstrap(account.settings(), account.metrics)
    assert isinstance(queries.read, IsolatedReader)
    with closing(queries.read):
        yield batch


def reconcile() -> None:
    """Run the schedule on a day whose pass through everything is over."""
    now = datetime.now(UTC)
    today = Report("today's", now, now, stage=Stage.FINISHED)
    ReportStore(S3Storage(boto3.client("s3"), BUCKET)).tell(today)
    with Client(entry_point.app) as client:
        event = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [], REGION)
    context = LambdaContext("reconciler", memory_size=1536, max_runtime_ms=300_000)
    entry_point.app.handler_map["reconciler"](event, context)


@pytest.mark.fault(10)
def test_a_dead_letter_is_redriven_after_a_fix_and_ends_captioned_and_searchable(
    account: Account, captioner: BatchProcessor
) -> None:
    account.upload()
    account.denied = "s3.GetObject"
    while account.deliver(captioner):
        pass
    assert (account.waiting(account.queue), account.waiting(account.dead)) == (0, 1)
    account.denied = ""
    reconcile()
    failed = account.record()
    assert failed.state is State.FAILED
    assert failed.reason == "captioning failed 5 times, last with StorageUnavailable"
    assert account.waiting(account.dead) == 0
    account.index()
    assert (account.counts(), account.found(CAPTION)) == ({State.FAILED: 1}, [])

    again = RecaptionRequest(state=State.FAILED)
    assert entry_point.repository().upkeep.recaption(CALLERS["admin"], again).queued == 1
    assert account.deliver(captioner)
    account.index()
    described = account.record()
    assert described.caption and described.caption.text == CAPTION
    assert account.found(CAPTION) == [failed.image_id]
    assert account.counts() == {State.CAPTIONED: 1}
    assert (account.waiting(account.queue), account.waiting(account.dead)) == (0, 0)
