"""From a table's own stream to the published index and the event bus, all on AWS's own API."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.catalogue.recount import Recount
from chalicelib.catalogue.table import Table
from chalicelib.errors import Unavailable
from chalicelib.images import Caption, Image, Source, State
from chalicelib.reconciling.index import Repairing
from chalicelib.reindexing import RunStateStore
from chalicelib.search import Query
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from chalicelib.storage import S3Storage
from indexer.batch import Indexer
from indexer.bootstrap import documents
from indexer.changes import EventBus
from indexer.handler import answer
from tests.faulty_aws import AwsFaults, disconnected
from tests.images_table import counts_table, images_table

BUCKET = "photographs"
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


class Account:
    """A catalogue with its stream, an index in the bucket, and the indexer between them."""

    def __init__(self) -> None:
        once = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
        s3, events = boto3.client("s3", config=once), boto3.client("events", config=once)
        dynamodb = boto3.client("dynamodb", config=once)
        self.streams: Any = boto3.client("dynamodbstreams", config=once)
        s3.create_bucket(Bucket=BUCKET)
        made = dynamodb.create_table(
            **images_table("images"),
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.arn = made["TableDescription"]["LatestStreamArn"]
        dynamodb.create_table(**counts_table("counts"))
        events.create_event_bus(Name="bus")
        self.catalogue = DynamoCatalogue(dynamodb, "images", "counts")
        store, storage = S3IndexStore(s3, BUCKET), S3Storage(s3, BUCKET)
        self.index = PublishedIndex(store)
        tables = Table(dynamodb, "images"), Table(dynamodb, "counts")
        writer = IndexWriter(store, lambda: documents(self.catalogue))
        self.indexer = Indexer(
            writer,
            EventBus(events, "bus"),
            RunStateStore(storage),
            Recount(*tables, RecountProgress(storage)),
            Repairing(writer, self.catalogue),
        )
        self.faults = AwsFaults()
        self.faults.watch(s3, events)

    def save(self, name: str, **fields: Any) -> None:
        image = Image(name, "ann", BUCKET, f"uploads/ann/{name}", created_at=MOMENT)
        caption = Caption("a dog", Source.MODEL, "m@1", 0.9)
        image = replace(image, state=State.CAPTIONED, caption=caption, **fields)
        self.catalogue.save(image, expected_rev=0)

    def records(self) -> Sequence[dict[str, Any]]:
        shard = self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"][0]
        start = self.streams.get_shard_iterator(
            StreamArn=self.arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )
        records: list[dict[str, Any]] = self.streams.get_records(
            ShardIterator=start["ShardIterator"]
        )["Records"]
        return records

    def is_taken(self) -> bool:
        """Deliver the stream as Lambda does; say whether it need not be delivered again."""
        try:
            return answer(self.indexer, {"Records": self.records()}) == {"batchItemFailures": []}
        except Unavailable:
            return False

    def found(self) -> set[str]:
        return {hit.image_id for hit in self.index.search(Query("ann", text="dog")).hits}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


@pytest.mark.fault(7)
@pytest.mark.fault(8)
@pytest.mark.parametrize("when", ["before", "after"])
def test_whatever_request_fails_the_batch_is_delivered_again_until_all_are_found(
    account: Account, when: str
) -> None:
    for number in range(3):
        account.save(f"{number}")
    for at in range(100):
        account.faults.plan(at, **{when: disconnected})
        taken = account.is_taken()
        if not account.faults.happened:
            break
    assert taken and at > 1
    account.faults.plan()
    assert account.found() == {"0", "1", "2"}


@pytest.mark.fault(8)
def test_an_index_that_is_down_for_many_deliveries_loses_none_and_a_poison_holds_up_none(
    account: Account,
) -> None:
    account.save("poison", visual=b"short")
    account.save("good")
    for _ in range(200):
        account.faults.plan(0, before=disconnected)
        assert not account.is_taken()
    account.faults.plan()
    assert account.is_taken()
    assert account.found() == {"good"}
