"""DynamoDB that throttles, cancels and answers in part, through the clients that are deployed."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import count, pairwise
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from moto import mock_aws

from captioner.batch import BatchProcessor
from captioner.bootstrap import bootstrap
from captioner.isolation import IsolatedReader
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.errors import CatalogueUnavailable
from chalicelib.images import Image, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.names import COUNTS_KEY, IMAGES_KEY
from chalicelib.queue import SqsQueue
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage
from tests.api_on_aws import answered
from tests.images_table import counts_table, images_table
from tests.ingesting import prepared
from tests.picture_files import two_halves, written

pytestmark = pytest.mark.fault(9)
REGION, BUCKET, TABLE, COUNTS = "eu-central-1", "photographs", "images", "counts"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = ("a.png", "b.png")
KEYS = {TABLE: IMAGES_KEY, COUNTS: COUNTS_KEY}
Answer = Callable[[str], AWSResponse | None]


def refused(code: str, **more: object) -> AWSResponse:
    return answered(400, json.dumps({"__type": f"com.amazonaws#{code}", **more}).encode())


def throttled(_: str) -> AWSResponse:
    return refused("ProvisionedThroughputExceededException")


def cancelled(*codes: str) -> Answer:
    """Return what cancels transactions alone, for reasons of their two items."""
    reasons = [{"Code": code} for code in codes]

    def answer(operation: str) -> AWSResponse | None:
        is_transaction = operation == "TransactWriteItems"
        known = {"CancellationReasons": reasons}
        return refused("TransactionCanceledException", **known) if is_transaction else None

    return answer


class Faults:
    """Answers some of the requests for DynamoDB in its place.

    Attributes
    ----------
    asked
        When each request came, in seconds, and for what.
    came
        How many requests since `at` could have been answered.
    """

    def __init__(self, session: Any) -> None:
        self.asked: list[tuple[float, str]] = []
        self.came = 0
        self._answer: Callable[[str, int], AWSResponse | None] = lambda *_: None
        session.events.register_first("before-send.dynamodb", self._sent)

    def plan(self, answer: Callable[[str, int], AWSResponse | None]) -> None:
        """Let an operation's request be answered, given how many of it came since now."""
        self.asked.clear()
        self._answer = answer

    def at(self, number: int, answer: Answer) -> None:
        """Let one request from now on, 0 first, be answered: of those that are not let through."""
        self.came = 0

        def answer_one(operation: str, _: int) -> AWSResponse | None:
            told = answer(operation)
            self.came += told is not None
            return told if self.came == number + 1 else None

        self.plan(answer_one)

    def times(self, operation: str) -> list[float]:
        return [moment for moment, asked in self.asked if asked == operation]

    def _sent(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse | None:
        target = request.headers["X-Amz-Target"]
        told = target.decode() if isinstance(target, bytes) else target
        operation = told.rpartition(".")[2]
        before = len(self.times(operation))
        self.asked.append((time.monotonic(), operation))
        return self._answer(operation, before)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    """Yield what answers in DynamoDB's place to all clients that are made from now on."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        boto3.setup_default_session(region_name=REGION)
        where: Any = {"LocationConstraint": REGION}
        boto3.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        for table in (images_table(TABLE), counts_table(COUNTS)):
            boto3.client("dynamodb").create_table(**table)
        yield Faults(boto3.DEFAULT_SESSION)
    boto3.DEFAULT_SESSION = None


class Telemetry:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        pass

    def rate(self, what: str, is_so: bool) -> None:
        pass


def queue_url() -> str:
    return boto3.client("sqs").create_queue(QueueName="events")["QueueUrl"]


def upload(name: str, body: bytes) -> dict[str, Any]:
    key = f"uploads/ada/{name}"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
    found = {"key": key, "sequencer": "01", "size": len(body)}
    event = {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": BUCKET}, "object": found}}
    return {"messageId": name, "receiptHandle": name, "body": json.dumps({"Records": [event]})}


def record(catalogue: DynamoCatalogue, name: str) -> Image:
    found = catalogue.get(image_id_of(BUCKET, f"uploads/ada/{name}"))
    assert found
    return found


def in_time() -> int:
    return 900_000


def test_the_captioners_own_client_tries_again_what_is_throttled_after_waits_by_chance(
    faults: Faults,
) -> None:
    settings = Settings(
        bucket=BUCKET,
        table=TABLE,
        tokens_table="tokens",
        counts_table=COUNTS,
        queue_url=queue_url(),
    )
    batch, queries = bootstrap(settings, Telemetry())
    assert isinstance(queries.read, IsolatedReader)
    message = upload("a.png", written(two_halves(300, 200)))
    faults.plan(lambda operation, before: throttled(operation) if before < 2 else None)
    with closing(queries.read):
        assert batch.process([message], in_time) == []
    waits = {
        (number, late - early)
        for operation in {operation for _, operation in faults.asked}
        for number, (early, late) in enumerate(pairwise(faults.times(operation)[:3]))
    }
    # Of botocore's standard mode: a random number below 1 s, then below 2 s.
    assert all(wait < 2**number + 0.5 for number, wait in waits)
    assert len({round(wait, 2) for _, wait in waits}) > len(waits) // 2
    faults.plan(lambda *_: None)
    catalogue = DynamoCatalogue(boto3.client("dynamodb"), TABLE, COUNTS)
    assert record(catalogue, "a.png").rev == 1
    assert sum(catalogue.counts("ada").states.values()) == 1


class Room:
    """A captioner whose client does not try again by itself."""

    def __init__(self, faults: Faults) -> None:
        self.waits: list[float] = []
        once = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
        self.catalogue = DynamoCatalogue(once, TABLE, COUNTS, self.waits.append)
        storage = S3Storage(boto3.client("s3"), BUCKET)
        queue = SqsQueue(boto3.client("sqs"), queue_url())
        ingest = Ingest(
            self.catalogue, storage, prepared, model="m@1", clock=lambda: NOW, max_bytes=100
        )
        imports = Imports(self.catalogue, storage, queue, lambda: NOW)
        self.batch = BatchProcessor(ingest, imports, Telemetry(), queue, bucket=BUCKET)
        self.faults = faults

    def deliver(self, messages: list[dict[str, Any]]) -> int:
        """Deliver until none comes back; return how often that was."""
        failed = self.batch.process(messages, in_time)
        again = [message for message in messages if message["messageId"] in failed]
        return 1 + (self.deliver(again) if again else 0)


FAULTS: Mapping[str, Answer] = {
    "throttled": throttled,
    "down": lambda _: answered(500, b'{"__type": "InternalServerError"}'),
    "met by another transaction": cancelled("None", "TransactionConflict"),
    "throttled at its record": cancelled("ThrottlingError", "None"),
    "throttled at its counter": cancelled("None", "ProvisionedThroughputExceeded"),
    "cancelled for good": cancelled("None", "ItemCollectionSizeLimitExceeded"),
}


PASSING = {"met by another transaction", "throttled at its record", "throttled at its counter"}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_request_is_refused_each_photograph_is_captioned_and_counted_once(
    faults: Faults, fault: str
) -> None:
    room = Room(faults)
    for at in count():
        names = [f"{at}-{name}" for name in NAMES]
        messages = [upload(name, name.encode()) for name in names]
        faults.at(at, FAULTS[fault])
        assert room.deliver(messages) <= (1 if fault in PASSING else 2)
        if at >= faults.came:
            break
        for name in names:
            kept = record(room.catalogue, name)
            assert (kept.state, kept.rev) == (State.CAPTIONED, 1)
        assert room.catalogue.counts("ada").states[State.CAPTIONED] == (at + 1) * len(NAMES)
    assert at >= len(NAMES)


def test_a_transaction_that_meets_others_is_tried_again_at_once_after_waits_by_chance(
    faults: Faults,
) -> None:
    room = Room(faults)
    conflict = cancelled("None", "TransactionConflict")
    faults.plan(lambda operation, before: conflict(operation) if before < 4 else None)
    assert room.deliver([upload("a.png", b"runs")]) == 1
    assert len(faults.times("TransactWriteItems")) == 5 and len({*room.waits}) == 4
    assert all(0 <= wait <= 0.05 * 2**number for number, wait in enumerate(room.waits))


def test_records_that_a_batch_leaves_unprocessed_are_read_and_none_is_left_out(
    faults: Faults,
) -> None:
    room = Room(faults)
    room.deliver([upload(f"{number}.png", b"runs") for number in range(9)])
    client: Any = boto3.client("dynamodb", config=Config(retries={"total_max_attempts": 1}))
    answers = count()

    def answer_half(response_dict: dict[str, Any], **_: Any) -> None:
        told = json.loads(response_dict["body"])
        ((table, found),) = told["Responses"].items()
        kept, key = found[: len(found) // 2 + 1], KEYS[table]
        left = [{key: item[key]} for item in found[len(kept) :]]
        if left:
            next(answers)
            told |= {"Responses": {table: kept}, "UnprocessedKeys": {table: {"Keys": left}}}
            response_dict["body"] = json.dumps(told).encode()

    client.meta.events.register("before-parse.dynamodb.BatchGetItem", answer_half)
    waits: list[float] = []
    partly = DynamoCatalogue(client, TABLE, COUNTS, waits.append)
    ids = [image.image_id for image in room.catalogue.scan()]
    assert len(partly.get_many(ids)) == len(ids) == 9
    assert len(waits) == next(answers) > 1  # the counter is one further than it was asked
    assert len(partly.list("ada", state=None, limit=9, cursor=None).items) == 9
    assert partly.counts("ada").states[State.CAPTIONED] == 9


def test_a_reading_that_is_throttled_half_way_is_unavailable_and_never_a_part(
    faults: Faults,
) -> None:
    room = Room(faults)
    room.deliver([upload(name, b"runs") for name in NAMES])
    ids = [image.image_id for image in room.catalogue.scan()]
    readings: tuple[Callable[[], object], ...] = (
        lambda: room.catalogue.get(ids[0]),
        lambda: room.catalogue.get_many(ids),
        lambda: room.catalogue.list("ada", state=None, limit=9, cursor=None),
        lambda: room.catalogue.counts("ada"),
        lambda: [*room.catalogue.scan()],
    )
    for reading in readings:
        for at in count():
            faults.at(at, throttled)
            with suppress(CatalogueUnavailable):
                reading()
                break
        assert at > 0
