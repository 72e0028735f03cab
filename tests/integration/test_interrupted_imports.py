"""Imports on the server whose process fails or dies between any two effects, on AWS's own API."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain, count, repeat
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from captioner.batch import BatchProcessor
from chalicelib.catalogue import update
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import Prepared, Source, image_id_of
from chalicelib.import_reports import ImportReport
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import SqsQueue
from chalicelib.storage import S3Storage
from chalicelib.transitions import edited, living, pending
from tests.faulty_aws import AwsFaults, Killed, disconnected
from tests.images_table import counts_table, images_table

FOLDER = "uploads/ada/walk/"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
WORDS = {"0.jpg": "a dog", "1.jpg": "a cat", "2.jpg": "a fox"}
LINES = "gone.jpg a ghost\n" + "".join(f"{name} {words}\n" for name, words in WORDS.items())
EDITED = ("0.jpg", "2.jpg")
ENOUGH = 30  # deliveries
FAULTS: dict[str, Mapping[str, Callable[[], BaseException]]] = {
    "refused": {"before": disconnected},
    "answer lost": {"after": disconnected},
    "killed": {"after": Killed},
}


class Metrics:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        pass


def no_photograph(data: bytes) -> Prepared:
    raise AssertionError("no photograph lands here")


class Account:
    """Tables on moto, and clients of the captioner's whose requests may go wrong."""

    def __init__(self) -> None:
        self.faults = AwsFaults()
        self.clients, self.own = self._clients(), self._clients()
        self.faults.watch(*self.clients.values())
        for table in (images_table("images"), counts_table("counts")):
            self.own["dynamodb"].create_table(**table)
        self.rooms = count()

    def _clients(self) -> dict[str, Any]:
        once = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
        return {
            service: boto3.client(service, config=once) for service in ("s3", "dynamodb", "sqs")
        }


class Room:
    """A bucket of one folder with its captions and photographs, its queue, and the captioner."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.bucket = f"photographs-{next(account.rooms)}"
        account.own["s3"].create_bucket(Bucket=self.bucket)
        self.sqs = account.own["sqs"]
        self.url = self.sqs.create_queue(QueueName=self.bucket)["QueueUrl"]
        self.catalogue = DynamoCatalogue(account.own["dynamodb"], "images", "counts")
        self.storage = S3Storage(account.own["s3"], self.bucket)
        file = f"{FOLDER}descriptions.txt"
        self.storage.write(file, LINES.encode(), content_type="text/plain")
        for name in WORDS:
            self.catalogue.save(pending(self.bucket, FOLDER + name, NOW), expected_rev=0)
        self.delivered: list[str] = []
        self.start_captioner()

    def start_captioner(self) -> None:
        """Start one that remembers nothing of the one before."""
        clients = self.account.clients
        catalogue = DynamoCatalogue(clients["dynamodb"], "images", "counts")
        storage = S3Storage(clients["s3"], self.bucket)
        queue = SqsQueue(clients["sqs"], self.url)
        self.imports = Imports(catalogue, storage, queue, lambda: NOW, chunk=2)
        ingest = Ingest(
            catalogue, storage, no_photograph, model="m@1", clock=lambda: NOW, max_bytes=1
        )
        self.captioner = BatchProcessor(ingest, self.imports, Metrics(), queue, bucket=self.bucket)

    def ask(self) -> None:
        """Ask the API for the import."""
        self.imports.start("ada", FOLDER)

    def land(self) -> None:
        """Let the bucket tell of the file."""
        found = {"key": f"{FOLDER}descriptions.txt", "sequencer": "01"}
        told = {"bucket": {"name": self.bucket}, "object": found}
        body = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": told}]})
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def work_off(self, times: int = 1) -> None:
        """Deliver until nothing waits: each message ``times`` times, if that is no failure."""
        while message := self._received():
            attempt = message["Attributes"]["ApproximateReceiveCount"]
            if all(self.deliver(message["Body"], attempt) for _ in range(times)):
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])

    def words(self) -> dict[str, tuple[str, Source] | None]:
        records = {name: self.catalogue.get(self._image_id(name)) for name in WORDS}
        captions = {name: record.caption if record else None for name, record in records.items()}
        return {
            name: (caption.text, caption.source) if caption else None
            for name, caption in captions.items()
        }

    def check(self, when: str) -> None:
        """Check that the import ended, and that what a person wrote meanwhile stands."""
        report = self.report()
        assert (when, report.state, report.line) == (when, "finished", 5)
        assert self.words() == {
            name: ("mine", Source.USER) if name in EDITED else (words, Source.IMPORT)
            for name, words in WORDS.items()
        }
        told = report.counts["captioned"] + report.counts["kept"]
        assert (told, report.counts["missing"], len(report.problems)) == (3, 1, 1)

    def report(self) -> ImportReport:
        reports = (
            ImportReport.stored(self.storage, entry.key[len("imports/") : -len(".json")])
            for entry in self.storage.objects("imports/")
        )
        (only,) = filter(None, reports)
        return only

    def _image_id(self, name: str) -> str:
        return image_id_of(self.bucket, FOLDER + name)

    def _received(self) -> Any:
        answer = self.sqs.receive_message(
            QueueUrl=self.url, VisibilityTimeout=0, AttributeNames=["ApproximateReceiveCount"]
        )
        return next(iter(answer.get("Messages", ())), None)

    def deliver(self, body: str, attempt: str = "1") -> bool:
        """Deliver a message to the captioner, which has time for one part; say if it is done."""
        attributes = {"ApproximateReceiveCount": attempt}
        left = chain(repeat(60_000, 2), repeat(0))
        self.delivered.append(body)
        assert len(self.delivered) < ENOUGH, "the import does not end"
        try:
            record = {"messageId": "one", "body": body, "attributes": attributes}
            return self.captioner.process([record], lambda: next(left)) == []
        except Killed:
            self.start_captioner()
            return False
        finally:
            if len(self.delivered) == 1:
                self._let_a_person_write()

    def _let_a_person_write(self) -> None:
        for name in EDITED:
            image_id = self._image_id(name)
            update(self.catalogue, image_id, lambda old: edited(living(old), NOW, caption="mine"))


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        yield Account()


@pytest.mark.fault(7)
@pytest.mark.fault(19)
@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "begin"),
    [("refused", Room.ask), ("answer lost", Room.ask), ("killed", Room.land)],
)
def test_an_import_that_any_request_fails_or_kills_ends_as_one_in_one_go(
    account: Account, fault: str, begin: Callable[[Room], None]
) -> None:
    for at in count():
        account.faults.plan()
        room = Room(account)
        begin(room)
        account.faults.plan(at, **FAULTS[fault])
        room.work_off()
        if not account.faults.happened:
            break
        room.check(f"request {at} {fault}")
    assert at > 20


@pytest.mark.fault(1)
def test_an_import_whose_messages_come_twice_and_late_ends_as_one_in_one_go(
    account: Account,
) -> None:
    account.faults.plan()
    room = Room(account)
    room.ask()
    room.work_off(times=2)
    room.check("each twice")
    delivered = [*room.delivered]
    for body in delivered:
        room.deliver(body)
    room.work_off()
    room.check("all again, late")
    assert len(room.delivered) == 2 * len(delivered), "what is late is not worked on"
