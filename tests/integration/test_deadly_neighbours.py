"""Ten messages, of which one kills the function's process, or outlives the function, every time."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from captioner.batch import BatchProcessor
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.dead_letters import DeadLetters
from chalicelib.images import Prepared, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import EventRecorder, Ingest
from chalicelib.queue import SqsDeadLetters, SqsQueue
from chalicelib.storage import S3Storage
from local.function import Context, ExecutionEnvironment
from tests.images_table import counts_table, images_table

BUCKET, TABLE, COUNTS, QUEUE, DEAD = "photographs", "images", "counts", "events", "dead"
REGION = "eu-central-1"
LIMIT_SECONDS = 8
FUNCTION = {"FunctionName": "captioner", "FunctionArn": "arn", "MemorySize": 3008}


class Silent:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        pass


def prepare(data: bytes) -> Prepared:
    """Do to the process what the file says."""
    if data == b"deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    if data == b"endless":
        time.sleep(600)
    if data == b"faulty":
        raise ZeroDivisionError("a fault in a library")
    vector = b"\0" * 512
    return Prepared(("a dog",), 0.9, False, vector, vector, 1, 1, "image/png", b"webp")


def catalogue() -> DynamoCatalogue:
    return DynamoCatalogue(boto3.client("dynamodb"), TABLE, COUNTS)


def storage() -> S3Storage:
    return S3Storage(boto3.client("s3"), BUCKET)


def now() -> datetime:
    return datetime.now(UTC)


def set_up() -> tuple[Callable[[Any, Context], Any], Mapping[str, Any]]:
    """Wire the captioner's work to the account, in the function's process."""
    sqs = boto3.client("sqs")
    queue = SqsQueue(sqs, sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"])
    ingest = Ingest(catalogue(), storage(), prepare, model="net@1", clock=now, max_bytes=1_000)
    imports = Imports(catalogue(), storage(), queue, now)
    batch = BatchProcessor(
        ingest, imports, Silent(), queue, bucket=BUCKET, workers=2, reserve_ms=1_000
    )

    def handle(event: Any, context: Context) -> Any:
        failed = batch.process(event["Records"], context.get_remaining_time_in_millis)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

    return handle, FUNCTION | {"Timeout": LIMIT_SECONDS}


class Account:
    """An account with ten photographs to come, and an event source mapping as Lambda has it."""

    def __init__(self) -> None:
        from infra.deliveries import ATTEMPTS  # the function's process does without the CDK

        self.sqs = boto3.client("sqs")
        dead = self.sqs.create_queue(QueueName=DEAD)["QueueUrl"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        redrive = {
            "deadLetterTargetArn": attributes["Attributes"]["QueueArn"],
            "maxReceiveCount": ATTEMPTS,
        }
        self.queue = self.sqs.create_queue(
            QueueName=QUEUE, Attributes={"RedrivePolicy": json.dumps(redrive)}
        )["QueueUrl"]
        self.dead_letters = SqsDeadLetters(self.sqs, dead)
        self.s3 = boto3.client("s3")
        where: Any = {"LocationConstraint": REGION}
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        dynamodb = boto3.client("dynamodb")
        dynamodb.create_table(**images_table(TABLE))
        dynamodb.create_table(**counts_table(COUNTS))
        self.catalogue = catalogue()
        self.batches: list[tuple[str, ...]] = []

    def upload(self, name: str, body: bytes) -> None:
        key = f"uploads/{name}"
        self.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
        found = {"key": key, "sequencer": "01"}
        event = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}}}
        event["s3"]["object"] = found  # type: ignore[index]
        self.sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps({"Records": [event]}))

    def deliver(self, function: ExecutionEnvironment) -> bool:
        """Invoke the function with a batch, the poison first; tell whether there was one.

        A function that fails or times out returns all of them:
        https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        from infra.pipeline import BATCH_SIZE

        taken = self.sqs.receive_message(
            QueueUrl=self.queue,
            MaxNumberOfMessages=BATCH_SIZE,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        ).get("Messages", [])
        if not taken:
            return False
        taken.sort(key=lambda message: "poison" not in message["Body"])
        records = [
            {
                "messageId": each["MessageId"],
                "receiptHandle": each["ReceiptHandle"],
                "body": each["Body"],
                "attributes": each["Attributes"],
                "messageAttributes": each.get("MessageAttributes", {}),
            }
            for each in taken
        ]
        status, body = function.invoke(json.dumps({"Records": records}).encode())
        answer = json.loads(body)
        failed = {each["itemIdentifier"] for each in answer.get("batchItemFailures", ())}
        for each in taken:
            receipt = {"QueueUrl": self.queue, "ReceiptHandle": each["ReceiptHandle"]}
            with suppress(ClientError):  # the function deleted it
                if status != 200 or each["MessageId"] in failed:
                    self.sqs.change_message_visibility(**receipt, VisibilityTimeout=0)
                else:
                    self.sqs.delete_message(**receipt)
        return True


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": endpoint,
    }.items():
        monkeypatch.setenv(name, value)
    # Every server of a process holds the same accounts.
    urlopen(Request(f"{endpoint}/moto-api/reset", method="POST")).close()
    boto3.setup_default_session()
    try:
        yield Account()
    finally:
        server.stop()


@pytest.mark.slow
@pytest.mark.fault(6, 7, 10, by="moto and a process of its own")
@pytest.mark.parametrize(
    ("poison", "reason"),
    [
        (b"deadly", "captioning was cut short 4 times"),
        (b"endless", "captioning was cut short 4 times"),
        (b"faulty", "captioning failed 5 times, last with ZeroDivisionError"),
    ],
)
def test_nine_are_captioned_and_the_poison_alone_fails_with_its_reason(
    account: Account, poison: bytes, reason: str
) -> None:
    account.upload("poison.png", poison)
    good = [f"{number}.png" for number in range(9)]
    for name in good:
        account.upload(name, b"fine")
    function = ExecutionEnvironment(set_up)
    try:
        while account.deliver(function):
            assert not any(
                record.state is State.FAILED and "poison" not in record.key
                for record in account.catalogue.scan()
            )
    finally:
        function.stop()
    records = [account.catalogue.get(image_id_of(BUCKET, f"uploads/{name}")) for name in good]
    assert all(record and record.state is State.CAPTIONED for record in records)
    assert all(record and record.rev == 1 for record in records)
    failed = account.catalogue.get(image_id_of(BUCKET, "uploads/poison.png"))
    assert failed and failed.state is State.FAILED and failed.reason == reason
    # What is dead-lettered is the poison, and its record tells of that already.
    recorder = EventRecorder(account.catalogue, storage(), clock=now)
    imports = Imports(account.catalogue, storage(), SqsQueue(account.sqs, account.queue), now)
    dead_letters = DeadLetters(account.dead_letters, recorder, imports, BUCKET)
    assert dead_letters.settle(lambda: False) == 1
    assert account.catalogue.get(failed.image_id) == failed
