"""Messages reach SQS in batches, refused ones again."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import Unavailable
from chalicelib.queue import ALONE, Received, SqsQueue

MESSAGES = [{"redrive": {"key": f"uploads/{number}.jpg"}} for number in range(23)]


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield boto3.client("sqs", region_name="eu-central-1")


class _RefusesSome:
    def __init__(self, client: Any, refusals: int) -> None:
        self._client = client
        self._refusals = refusals

    def send_message_batch(self, *, QueueUrl: str, Entries: list[Any]) -> dict[str, Any]:  # noqa: N803
        if not self._refusals:
            answer: dict[str, Any] = self._client.send_message_batch(
                QueueUrl=QueueUrl, Entries=Entries
            )
            return answer
        self._refusals -= 1
        if Entries[1:]:
            self._client.send_message_batch(QueueUrl=QueueUrl, Entries=Entries[1:])
        return {"Failed": [{"Id": Entries[0]["Id"], "SenderFault": False, "Code": "Internal"}]}


def received(client: Any, url: str) -> list[Any]:
    found: list[Any] = []
    while True:
        answer = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        if not answer.get("Messages"):
            return sorted((json.loads(text) for text in found), key=json.dumps)
        found += [message["Body"] for message in answer["Messages"]]


@pytest.mark.parametrize("refusals", [0, 1, 3])
def test_every_message_arrives_once(client: Any, refusals: int) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]
    SqsQueue(_RefusesSome(client, refusals), url).send(MESSAGES)  # type: ignore[arg-type]
    assert received(client, url) == sorted(MESSAGES, key=json.dumps)


def test_a_queue_is_empty_until_a_message_waits(client: Any) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]
    queue = SqsQueue(client, url)
    assert queue.is_empty()
    queue.send(MESSAGES[:1])
    assert not queue.is_empty()


def test_messages_refused_for_good_are_told_of(client: Any) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]
    queue = SqsQueue(_RefusesSome(client, 99), url)  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="refused 1"):
        queue.send(MESSAGES)


def test_a_queue_that_does_not_answer_is_unavailable(client: Any) -> None:
    with pytest.raises(Unavailable, match="did not answer"):
        SqsQueue(client, "https://sqs.eu-central-1.amazonaws.com/1/none").send(MESSAGES)
    with pytest.raises(Unavailable, match="did not answer"):
        SqsQueue(client, "https://sqs.eu-central-1.amazonaws.com/1/none").is_empty()


@pytest.mark.parametrize("alone", [True, False])
def test_messages_that_are_sent_again_take_the_place_of_those_received(
    client: Any, alone: bool
) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]
    queue = SqsQueue(client, url)
    queue.send(MESSAGES[:3])
    taken = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    queue.send_again(
        [Received(each["MessageId"], each["Body"], each["ReceiptHandle"]) for each in taken],
        alone=alone,
    )
    for each in taken:
        with suppress(client.exceptions.ReceiptHandleIsInvalid):
            client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=each["ReceiptHandle"], VisibilityTimeout=0
            )
    copies = client.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        AttributeNames=["ApproximateReceiveCount"],
    )["Messages"]
    assert sorted(json.loads(each["Body"])["redrive"]["key"] for each in copies) == [
        f"uploads/{number}.jpg" for number in range(3)
    ]
    assert {each["Attributes"]["ApproximateReceiveCount"] for each in copies} == {"1"}
    assert {ALONE in each.get("MessageAttributes", {}) for each in copies} == {alone}
    queue.send_again([], alone=alone)


def test_copies_that_are_refused_delete_nothing(client: Any) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="{}")
    taken = client.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"][0]
    queue = SqsQueue(_RefusesSome(client, 99), url)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        queue.send_again([Received("1", "{}", taken["ReceiptHandle"])], alone=False)
    assert len(client.receive_message(QueueUrl=url)["Messages"]) == 1
