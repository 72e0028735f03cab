"""The emulator by itself, killed: what it answered with success is there when it starts again."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from chalicelib.errors import SearchUnavailable
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from local.emulator import RESERVE_BYTES, Emulator
from local.layout import REGION, Layout
from local.processes import any_free
from tests.publishing import document, found

pytestmark = [pytest.mark.stack, pytest.mark.slow]

FREE_BYTES = 20_000_000
ITEM = {"id": {"S": "ash"}, "caption": {"S": "An ash by a river"}}


class Killed:
    """An emulator that is killed and started again, and its clients."""

    def __init__(self, home: Path, reserve: int = RESERVE_BYTES) -> None:
        self.layout = Layout(home)
        self.layout.make()
        self.emulator = Emulator(self.layout, any_free(), reserve)
        self.start()

    def start(self) -> None:
        self.emulator.start({}, "")

    def kill(self) -> None:
        self.emulator.process.kill()

    def again(self) -> None:
        self.kill()
        self.start()

    def aws(self, service: str) -> Any:
        return boto3.client(  # type: ignore[call-overload]
            service,
            endpoint_url=self.emulator.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    """Yield one that has saved a table, a queue and a bucket that tells the queue."""
    killed = Killed(tmp_path_factory.mktemp("emulator"))
    try:
        make(killed)
        killed.emulator.save()
        yield killed
    finally:
        killed.kill()


def make(killed: Killed) -> None:
    killed.aws("dynamodb").create_table(
        TableName="images",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    queue = killed.aws("sqs").create_queue(QueueName="events")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:000000000000:events"
    allowed = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    killed.aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    s3 = killed.aws("s3")
    s3.create_bucket(Bucket="photographs")
    told = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="photographs", NotificationConfiguration=told)
    for _ in receive(killed):
        pass


def items(killed: Killed) -> list[Any]:
    return list(killed.aws("dynamodb").scan(TableName="images")["Items"])


def receive(killed: Killed) -> Iterator[str]:
    """Take every message that is visible, and remove it."""
    sqs = killed.aws("sqs")
    queue = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            yield message["Body"]
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.mark.fault(27)
def test_an_item_that_was_put_or_edited_is_there(killed: Killed) -> None:
    table = killed.aws("dynamodb")
    table.put_item(TableName="images", Item={"id": {"S": "ash"}})
    table.update_item(
        TableName="images",
        Key={"id": {"S": "ash"}},
        UpdateExpression="SET caption = :text",
        ExpressionAttributeValues={":text": ITEM["caption"]},
    )
    killed.again()
    assert items(killed) == [ITEM]


@pytest.mark.fault(27)
def test_a_transaction_is_there_and_what_it_deleted_is_not(killed: Killed) -> None:
    table = killed.aws("dynamodb")
    table.put_item(TableName="images", Item=ITEM)
    birch = {"id": {"S": "birch"}}
    table.transact_write_items(
        TransactItems=[
            {"Put": {"TableName": "images", "Item": birch}},
            {"Delete": {"TableName": "images", "Key": {"id": {"S": "ash"}}}},
        ]
    )
    killed.again()
    assert items(killed) == [birch]
    assert table.describe_table(TableName="images")["Table"]["ItemCount"] == 1


@pytest.mark.fault(27)
def test_the_event_of_an_object_is_in_the_queue_even_where_somebody_worked_on_it(
    killed: Killed,
) -> None:
    killed.aws("s3").put_object(Bucket="photographs", Key="ash.jpg", Body=b"ash")
    sqs = killed.aws("sqs")
    queue = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    assert sqs.receive_message(QueueUrl=queue, VisibilityTimeout=3600)["Messages"]
    killed.again()
    assert [json.loads(body)["Records"][0]["s3"]["object"]["key"] for body in receive(killed)] == [
        "ash.jpg"
    ]


@pytest.mark.fault(27)
def test_a_message_that_was_sent_is_there_once_and_one_that_was_deleted_is_not(
    killed: Killed,
) -> None:
    sqs = killed.aws("sqs")
    queue = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="done")
    assert list(receive(killed)) == ["done"]
    sqs.send_message(QueueUrl=queue, MessageBody="due")
    killed.again()
    assert list(receive(killed)) == ["due"]


@pytest.mark.fault(27)
def test_what_was_saved_and_is_gone_since_stays_away_where_nothing_else_is_left(
    killed: Killed,
) -> None:
    table, sqs = killed.aws("dynamodb"), killed.aws("sqs")
    for item in items(killed):
        table.delete_item(TableName="images", Key={"id": item["id"]})
    table.put_item(TableName="images", Item=ITEM)
    queue = sqs.get_queue_url(QueueName="events")["QueueUrl"]
    sqs.send_message(QueueUrl=queue, MessageBody="done")
    killed.emulator.save()
    table.delete_item(TableName="images", Key={"id": ITEM["id"]})
    assert list(receive(killed)) == ["done"]
    killed.again()
    assert items(killed) == []
    assert list(receive(killed)) == []


def test_a_table_made_again_under_its_name_is_empty(killed: Killed) -> None:
    table = killed.aws("dynamodb")
    described = {
        "TableName": "passing",
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST",
    }
    table.create_table(**described)
    table.put_item(TableName="passing", Item=ITEM)
    table.delete_table(TableName="passing")
    table.create_table(**described)
    killed.emulator.save()
    killed.again()
    assert table.scan(TableName="passing")["Items"] == []


@pytest.fixture
def filling(tmp_path: Path) -> Iterator[Killed]:
    """Yield one on a disk, of memory where there is such, that is full after 20 MB."""
    disk = Path("/dev/shm") if Path("/dev/shm").is_dir() else tmp_path
    with tempfile.TemporaryDirectory(dir=disk) as folder:
        reserve = shutil.disk_usage(folder).free - FREE_BYTES
        killed = Killed(Path(folder), reserve)
        try:
            make(killed)
            killed.emulator.save()
            yield killed
        finally:
            killed.kill()


@pytest.mark.fault(27)
def test_a_full_disk_is_told_nothing_is_torn_and_work_goes_on_when_there_is_space(
    filling: Killed,
) -> None:
    table, s3 = filling.aws("dynamodb"), filling.aws("s3")
    index = S3IndexStore(s3, "photographs")
    indexer = IndexWriter(index, lambda: ())
    table.put_item(TableName="images", Item=ITEM)
    s3.put_object(Bucket="photographs", Key="ash.jpg", Body=b"ash")
    indexer.apply([document("ash")])
    with (filling.layout.home / "filler").open("wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, 2 * FREE_BYTES)
    with pytest.raises(ClientError, match="the disk is full: less than"):
        table.put_item(TableName="images", Item={"id": {"S": "birch"}})
    with pytest.raises(ClientError, match="the disk is full: less than"):
        s3.put_object(Bucket="photographs", Key="ash.jpg", Body=b"birch")
    with pytest.raises(SearchUnavailable):
        indexer.apply([document("birch")])
    assert s3.get_object(Bucket="photographs", Key="ash.jpg")["Body"].read() == b"ash"
    filling.again()
    assert items(filling) == [ITEM]
    assert found(PublishedIndex(index)) == {"ash"}
    (filling.layout.home / "filler").unlink()
    s3.put_object(Bucket="photographs", Key="birch.jpg", Body=b"birch")
    table.put_item(TableName="images", Item={"id": {"S": "birch"}})
    indexer.apply([document("birch")])
    filling.again()
    assert len(items(filling)) == 2
    assert s3.get_object(Bucket="photographs", Key="birch.jpg")["Body"].read() == b"birch"
    assert found(PublishedIndex(index)) == {"ash", "birch"}
