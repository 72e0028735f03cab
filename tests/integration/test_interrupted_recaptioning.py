"""A new model captions all photographs again, and is killed at any request, on AWS's own API."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from captioner.batch import BatchProcessor
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import Prepared, State
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest, IngestOutcome
from chalicelib.names import DERIVED
from chalicelib.queue import SqsQueue
from chalicelib.rebuild import Rebuild, RebuildPage
from chalicelib.storage import S3Storage
from tests.faulty_aws import AwsFaults, Killed
from tests.images_table import counts_table, images_table
from tests.ingesting import created, prepared

NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = ("a", "b", "c")
OLD, NEW = "net@1", "net@2"


class Uncounted:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        pass


def described(model: str, data: bytes) -> Prepared:
    return replace(prepared(data), captions=(f"{data.decode()} as {model} sees it",))


class Clients:
    """What all accounts are asked by; one of the requests may go wrong."""

    def __init__(self) -> None:
        self.faults = AwsFaults()
        once = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
        self.s3 = boto3.client("s3", config=once)
        self.dynamodb = boto3.client("dynamodb", config=once)
        self.sqs = boto3.client("sqs", config=once)
        self.faults.watch(self.s3, self.dynamodb, self.sqs)
        self.rooms = count()


class Account:
    """Photographs that the former model captioned."""

    def __init__(self, clients: Clients) -> None:
        self.sqs, dynamodb, room = clients.sqs, clients.dynamodb, f"room-{next(clients.rooms)}"
        clients.s3.create_bucket(Bucket=room)
        dynamodb.create_table(**images_table(f"{room}-images"))
        dynamodb.create_table(**counts_table(f"{room}-counts"))
        self.url = self.sqs.create_queue(QueueName=room)["QueueUrl"]
        self.catalogue = DynamoCatalogue(dynamodb, f"{room}-images", f"{room}-counts")
        self.storage = S3Storage(clients.s3, room)
        self.queue = SqsQueue(self.sqs, self.url)
        for name in NAMES:
            event = replace(created("01"), bucket=room, key=f"uploads/ada/{name}.jpg")
            self.storage.write(event.key, name.encode(), content_type="image/jpeg")
            assert self._ingest(OLD).created(event) is IngestOutcome.CAPTIONED

    def _ingest(self, model: str) -> Ingest:
        return Ingest(
            self.catalogue,
            self.storage,
            partial(described, model),
            model=model,
            clock=lambda: NOW,
            max_bytes=100,
        )

    def ask(self, way: str) -> None:
        """Ask for all of them page by page, from the first on, as the command line does."""
        rebuild, position = Rebuild(self.catalogue, self.storage, self.queue), None
        while True:
            page: RebuildPage = (
                rebuild.page(position, 2, force=True)
                if way == "rebuild"
                else rebuild.recaption_page(None, State.CAPTIONED, position, 2)
            )
            position = page.cursor
            if position is None:
                return

    def work(self) -> None:
        """Let the new model's captioner do all that waits."""
        imports = Imports(self.catalogue, self.storage, self.queue, lambda: NOW)
        batch = BatchProcessor(
            self._ingest(NEW), imports, Uncounted(), self.queue, bucket=self.storage.bucket
        )
        while message := self._received():
            record = {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
            assert batch.process([record], lambda: 60_000) == []
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def _received(self) -> Any:
        answer = self.sqs.receive_message(
            QueueUrl=self.url, VisibilityTimeout=0, AttributeNames=["ApproximateReceiveCount"]
        )
        return next(iter(answer.get("Messages", ())), None)

    def totals(self) -> tuple[Any, ...]:
        """Return what there is, but for how often it was written."""
        records = [*self.catalogue.scan()]
        copies = {copy.key for copy in self.storage.objects(DERIVED)}
        assert copies == {key for record in records for key in record.copies}
        said = {one.key: (one.state, one.processed_by, one.caption) for one in records}
        return said, self.catalogue.counts(None).states, self.catalogue.counts("ada").states


@pytest.fixture(scope="module")
def clients() -> Iterator[Clients]:
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield Clients()


@pytest.mark.fault(19)
@pytest.mark.parametrize(("way", "when"), [("rebuild", "before"), ("recaption", "after")])
def test_captioning_all_again_ends_as_in_one_go_wherever_it_is_killed(
    clients: Clients, way: str, when: str
) -> None:
    clients.faults.plan()
    clean = Account(clients)
    clients.faults.plan()
    clean.ask(way)
    asked = clients.faults.asked
    clean.work()
    done = clients.faults.asked
    totals = said, states, _ = clean.totals()
    assert states[State.CAPTIONED] == sum(states.values()) == len(NAMES)
    assert {processed_by for _, processed_by, _ in said.values()} == {NEW}
    for at in [*range(asked), *range(asked, done, 7)]:
        clients.faults.plan()
        account = Account(clients)
        clients.faults.plan(at, **{when: Killed})
        for begun in range(2):
            with suppress(Killed):
                if at < asked or not begun:
                    account.ask(way)
                account.work()
        assert clients.faults.happened
        assert account.totals() == totals, at
