"""Files of captions that nothing can read: photographs beside them are captioned all the same."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from captioner.batch import BatchProcessor
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.folder_captions import MAX_CAPTION_FILE_BYTES
from chalicelib.images import Image, Prepared, State, image_id_of
from chalicelib.import_reports import ImportReport
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import SqsQueue
from chalicelib.storage import S3Storage
from image_repo_formats.text_encoding import MAX_LINES
from tests.faulty_aws import AwsFaults, disconnected
from tests.images_table import counts_table, images_table

BUCKET = "photographs"
FOLDER = "uploads/ada/walk/"
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def prepared(data: bytes) -> Prepared:
    vector = b"\0" * 512
    return Prepared(("an animal",), 0.9, False, vector, vector, 1, 1, "image/jpeg", b"webp")


class Metrics:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        pass


class Room:
    """A captioner on moto."""

    def __init__(self) -> None:
        once = Config(region_name="us-east-1", retries={"total_max_attempts": 1})
        self.s3 = boto3.client("s3", config=once)
        dynamodb, sqs = boto3.client("dynamodb", config=once), boto3.client("sqs", config=once)
        self.s3.create_bucket(Bucket=BUCKET)
        for table in (images_table("images"), counts_table("counts")):
            dynamodb.create_table(**table)
        self.catalogue = DynamoCatalogue(dynamodb, "images", "counts")
        self.storage = S3Storage(self.s3, BUCKET)
        queue = SqsQueue(sqs, sqs.create_queue(QueueName="events")["QueueUrl"])
        ingest = Ingest(
            self.catalogue, self.storage, prepared, model="m@1", clock=lambda: NOW, max_bytes=100
        )
        imports = Imports(self.catalogue, self.storage, queue, lambda: NOW)
        self.captioner = BatchProcessor(ingest, imports, Metrics(), queue, bucket=BUCKET, workers=2)

    def land(self, **files: bytes) -> list[str]:
        """Let files land, and their events come in one batch; return the messages that failed."""
        for name, body in files.items():
            self.s3.put_object(Bucket=BUCKET, Key=FOLDER + name, Body=body)
        return self.deliver(*files)

    def deliver(self, *names: str) -> list[str]:
        return self.captioner.process([message(name) for name in names], lambda: 60_000)

    def record(self, name: str) -> Image:
        record = self.catalogue.get(image_id_of(BUCKET, FOLDER + name))
        assert record is not None
        return record

    def report(self) -> ImportReport:
        reports = (
            ImportReport.stored(self.storage, entry.key[len("imports/") : -len(".json")])
            for entry in self.storage.objects("imports/")
        )
        (only,) = filter(None, reports)
        return only


def message(name: str) -> dict[str, Any]:
    found = {"key": FOLDER + name, "sequencer": "01"}
    told = {"bucket": {"name": BUCKET}, "object": found}
    body = json.dumps({"Records": [{"eventName": "ObjectCreated:Put", "s3": told}]})
    return {"messageId": name, "body": body, "attributes": {"ApproximateReceiveCount": "1"}}


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Room()


@pytest.mark.fault(26)
@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("descriptions.txt", b"", "descriptions.txt is empty"),
        ("descriptions.txt", "b.jpg собака\n".encode("cp1251"), "encoding cannot be told"),
        ("captions.json", b"[" * 100_000, "no JSON"),
        ("captions.json", b"[" + b"[]," * 10_000_000, "more than 10,000,000 values"),
        pytest.param(
            "descriptions.txt",
            b"b.jpg a dog\n" * (MAX_CAPTION_FILE_BYTES // 12 + 1),
            "at most 100000000 are allowed",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["empty", "encoding", "deep", "values", "long"],
)
def test_a_file_that_nothing_can_read_fails_alone_and_says_why(
    room: Room, name: str, body: bytes, reason: str
) -> None:
    assert room.land(**{"a.jpg": b"a", name: body, "b.jpg": b"b"}) == []
    for photograph in ("a.jpg", "b.jpg"):
        record = room.record(photograph)
        assert record.state is State.CAPTIONED
        assert record.caption and record.caption.text == "an animal"
    report = room.report()
    assert (report.state, reason in str(report.reason)) == ("failed", True), report.reason


@pytest.mark.fault(26)
@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_of_a_file_with_more_lines_than_there_is_time_for_the_first_are_imported(
    room: Room, end: bytes
) -> None:
    lines = b"a.jpg a dog" + end * (3 * MAX_LINES) + b"b.jpg a cat"
    assert room.land(**{"a.jpg": b"a", "descriptions.txt": lines, "b.jpg": b"b"}) == []
    captions = [room.record(name).caption for name in ("a.jpg", "b.jpg")]
    assert [caption and caption.text for caption in captions] == ["a dog", "an animal"]
    report = room.report()
    assert report.state == "finished"
    (problem,) = report.problems
    assert (problem["line"], problem["reason"][:20]) == (MAX_LINES + 1, "only 1,000,000 lines")


@pytest.mark.fault(26)
def test_a_file_that_is_deleted_before_its_event_leaves_the_photographs_to_the_model(
    room: Room,
) -> None:
    room.s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}a.jpg", Body=b"a")
    assert room.deliver("descriptions.txt", "a.jpg") == []
    assert room.record("a.jpg").state is State.CAPTIONED
    assert room.report().reason == "descriptions.txt is gone"


@pytest.mark.fault(26)
def test_a_bucket_that_fails_while_captions_are_read_is_asked_again_at_the_next_delivery(
    room: Room,
) -> None:
    room.land(**{"descriptions.txt": b"a.jpg a dog\n"})
    room.s3.put_object(Bucket=BUCKET, Key=f"{FOLDER}a.jpg", Body=b"a")
    faults = AwsFaults()
    faults.watch(room.s3)
    for at in range(30):
        faults.plan(at, before=disconnected)
        failed = room.deliver("a.jpg")
        if faults.happened:
            assert failed == ["a.jpg"]
    faults.plan()
    assert room.deliver("a.jpg") == []
    caption = room.record("a.jpg").caption
    assert caption and caption.text == "a dog"
