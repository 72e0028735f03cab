"""Messages reach SQS in batches, refused ones again."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import Unavailable
from chalicelib.queue import ALONE, HIDDEN_SECONDS, Received, SqsDeadLetters, SqsQueue

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


@pytest.fixture
def three(client: Any) -> tuple[str, list[Received]]:
    """A queue's address and three messages received from it."""
    url = client.create_queue(QueueName="events")["QueueUrl"]
    SqsQueue(client, url).send(MESSAGES[:3])
    taken = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    return url, [Received(each["MessageId"], each["Body"], each["ReceiptHandle"]) for each in taken]


def again(client: Any, url: str) -> list[Any]:
    """Receive what can be received now."""
    return client.receive_message(  # type: ignore[no-any-return]
        QueueUrl=url,
        MaxNumberOfMessages=10,
        MessageAttributeNames=["All"],
        AttributeNames=["ApproximateReceiveCount"],
    ).get("Messages", [])


def show(client: Any, url: str, messages: list[Received]) -> None:
    """Hide those that are there still no longer."""
    for each in messages:
        with suppress(client.exceptions.ReceiptHandleIsInvalid):
            client.change_message_visibility(
                QueueUrl=url, ReceiptHandle=each.receipt, VisibilityTimeout=0
            )


def test_messages_that_are_sent_again_take_the_place_of_those_received(
    client: Any, three: tuple[str, list[Received]]
) -> None:
    url, taken = three
    SqsQueue(client, url).send_again(taken)
    show(client, url, taken)
    copies = again(client, url)
    assert sorted(each["Body"] for each in copies) == sorted(each.body for each in taken)
    assert {each["Attributes"]["ApproximateReceiveCount"] for each in copies} == {"1"}
    assert all(ALONE in each.get("MessageAttributes", {}) for each in copies)


def test_messages_that_are_released_can_be_received_at_once(
    client: Any, three: tuple[str, list[Received]]
) -> None:
    url, taken = three
    SqsQueue(client, url).release(taken[:2])
    found = again(client, url)
    assert {each["MessageId"] for each in found} == {each.message_id for each in taken[:2]}
    assert {each["Attributes"]["ApproximateReceiveCount"] for each in found} == {"2"}


def test_messages_that_are_deleted_are_gone_and_no_other(
    client: Any, three: tuple[str, list[Received]]
) -> None:
    url, taken = three
    SqsQueue(client, url).delete(taken[:2])
    show(client, url, taken)
    assert [each["MessageId"] for each in again(client, url)] == [taken[2].message_id]


def test_nothing_is_asked_of_the_queue_where_there_are_no_messages(client: Any) -> None:
    queue = SqsQueue(client, "https://sqs.eu-central-1.amazonaws.com/1/none")
    queue.send_again([])
    queue.release([])
    queue.delete([])


def test_copies_that_are_refused_delete_nothing(client: Any) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="{}")
    taken = client.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"][0]
    queue = SqsQueue(_RefusesSome(client, 99), url)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        queue.send_again([Received("1", "{}", taken["ReceiptHandle"])])
    assert len(client.receive_message(QueueUrl=url)["Messages"]) == 1


def test_copies_whose_originals_stay_are_told_of(client: Any) -> None:
    url = client.create_queue(QueueName="events")["QueueUrl"]

    class KeepsEverything:
        send_message_batch = client.send_message_batch

        def delete_message_batch(self, *, Entries: list[Any], **_: Any) -> dict[str, Any]:  # noqa: N803
            ids = [entry["Id"] for entry in Entries]
            assert len(set(ids)) == len(ids)
            return {"Failed": [{"Id": one, "SenderFault": False, "Code": "X"} for one in ids]}

        change_message_visibility_batch = delete_message_batch

    taken = [Received(str(number), "{}", f"receipt {number}") for number in range(2)]
    queue = SqsQueue(KeepsEverything(), url)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        queue.send_again(taken)
    assert len(received(client, url)) == 2
    with pytest.raises(Unavailable, match="as they are"):
        queue.release(taken)


def test_a_queue_that_does_not_answer_deletes_nothing(client: Any) -> None:
    queue = SqsQueue(client, "https://sqs.eu-central-1.amazonaws.com/1/none")
    with pytest.raises(Unavailable, match="did not answer"):
        queue.delete([Received("1", "{}", "receipt")])


def test_dead_letters_are_received_by_tens_hidden_and_deleted_one_by_one(client: Any) -> None:
    url = client.create_queue(QueueName="dead")["QueueUrl"]
    for number in range(11):
        client.send_message(QueueUrl=url, MessageBody=str(number))
    dead = SqsDeadLetters(client, url)
    first = dead.receive()
    assert len(first) == 10
    (last,) = dead.receive()
    assert {one.body for one in (*first, last)} == {str(number) for number in range(11)}
    assert len({one.message_id for one in (*first, last)}) == 11
    assert dead.receive() == []
    dead.delete(last)
    for one in first:
        client.change_message_visibility(
            QueueUrl=url, ReceiptHandle=one.receipt, VisibilityTimeout=0
        )
    assert {one.body for one in dead.receive()} == {one.body for one in first}


def test_dead_letters_are_asked_for_of_every_server_and_hidden_for_as_long_as_they_take() -> None:
    asked: list[dict[str, Any]] = []

    class Notes:
        def receive_message(self, **call: Any) -> dict[str, Any]:
            asked.append(call)
            return {}

    assert SqsDeadLetters(Notes(), "url").receive() == []  # type: ignore[arg-type]
    seconds = {"VisibilityTimeout": HIDDEN_SECONDS, "WaitTimeSeconds": 1}
    assert asked == [{"QueueUrl": "url", "MaxNumberOfMessages": 10, **seconds}]


def test_dead_letters_that_cannot_be_reached_are_unavailable(client: Any) -> None:
    dead = SqsDeadLetters(client, "https://sqs.eu-central-1.amazonaws.com/1/none")
    with pytest.raises(Unavailable, match="did not answer"):
        dead.receive()
    with pytest.raises(Unavailable, match="did not answer"):
        dead.delete(Received("1", "{}", "receipt"))
