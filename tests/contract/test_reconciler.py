"""The reconciler on the adapters of S3 and DynamoDB."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.images import State
from chalicelib.queue import SqsQueue
from chalicelib.reconciling.repairs import Repair, Repairs
from chalicelib.reindexing import Stage
from chalicelib.transitions import pending
from tests.buckets import BUCKET, adapters, client, dynamo_catalogue
from tests.images_table import counts_table, images_table
from tests.reconciling import World, all_repairs, everything_lost, key_of


@pytest.fixture(params=["moto", "emulator"])
def url(request: pytest.FixtureRequest) -> str | None:
    return request.getfixturevalue("emulator") if request.param == "emulator" else None


@pytest.fixture
def world(url: str | None) -> Iterator[World]:
    """Yield a repository on the adapters."""
    kind, name = "emulator" if url else "moto", f"photographs-{uuid4().hex}"
    with adapters(kind, url or "", name) as (catalogue, storage):
        yield World(catalogue, storage)


@pytest.mark.fault(32)
def test_everything_that_was_lost_is_found_told_and_repaired_once(world: World) -> None:
    everything_lost(world)
    assert Repairs(world.reconcile()) == all_repairs()
    assert Repairs(world.report().repaired) == all_repairs()
    world.work()
    world.assert_whole()
    world.now += timedelta(days=1)
    assert world.reconcile() == {}


@pytest.mark.fault(32)
def test_a_pass_that_is_cut_at_every_page_ends_as_one_in_one_go(world: World) -> None:
    everything_lost(world)
    for _ in range(30):
        world.reconcile(is_late=lambda: True)
        if world.report().stage is Stage.FINISHED:
            break
    assert Repairs(world.report().repaired) == all_repairs()
    world.work()
    world.assert_whole()


@pytest.mark.fault(31)
def test_a_form_that_was_never_used_expires_in_the_counts_too(world: World) -> None:
    record = pending(world.storage.bucket, key_of("never.jpg"), world.now, size=3)
    world.catalogue.save(record, expected_rev=0)
    world.now += timedelta(hours=1)
    assert world.reconcile()[Repair.EXPIRED] == 1
    assert world.record("never.jpg").state is State.EXPIRED
    assert {s: n for s, n in world.catalogue.counts(None).states.items() if n} == {State.EXPIRED: 1}


@pytest.mark.fault(37)
@pytest.mark.fault(33)
def test_a_photograph_comes_back_whose_delete_marker_was_removed_and_no_event_told(
    world: World,
) -> None:
    world.upload("back.jpg", b"back")
    world.remove("back.jpg")
    world.storage.purge(key_of("back.jpg"))
    world.now += timedelta(hours=3)
    assert world.reconcile() == {Repair.RESTORED: 1}
    world.work()
    world.assert_whole()
    assert world.record("back.jpg").state is State.CAPTIONED


@pytest.mark.fault(37)
def test_records_that_a_restored_table_lacks_are_made_again_and_the_index_follows(
    world: World, url: str | None
) -> None:
    for number in range(3):
        world.upload(f"{number}.jpg", b"rex")
    restored = World(dynamo_catalogue(f"restored-{uuid4().hex}", url), world.storage)
    restored.index = world.index
    restored.now += timedelta(hours=3)
    repaired = restored.reconcile()
    assert (repaired[Repair.RESENT], repaired[Repair.UNINDEXED]) == (3, 3)
    restored.work()
    for _ in range(2):
        restored.now += timedelta(days=1)
        restored.reconcile()
        restored.work()
    restored.assert_whole()
    assert len([*restored.catalogue.scan()]) == 3


@mock_aws
def test_an_item_that_is_no_record_stops_no_pass_and_nothing_of_it_is_removed() -> None:
    dynamodb: Any = client("dynamodb")
    dynamodb.create_table(**images_table("images"))
    dynamodb.create_table(**counts_table("counts"))
    with adapters("moto") as (_, storage):
        world = World(DynamoCatalogue(dynamodb, "images", "counts"), storage)
        everything_lost(world)
        key = {"image_id": {"S": world.id_of("one.jpg")}}
        spoilt = {":width": {"S": "wide"}}
        dynamodb.update_item(
            TableName="images",
            Key=key,
            UpdateExpression="SET width = :width",
            ExpressionAttributeValues=spoilt,
        )
        found = world.reconcile()
        assert found.pop(Repair.PASSED_OVER) == 4
        assert Repairs(found) == all_repairs()
        dynamodb.update_item(TableName="images", Key=key, UpdateExpression="REMOVE width")
        world.work()
        world.assert_whole()


@mock_aws
@pytest.mark.fault(32)
def test_lost_events_are_sent_to_a_queue_that_never_empties() -> None:
    sqs: Any = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    with adapters("moto", name=BUCKET) as (catalogue, storage):
        world = World(catalogue, storage)
        record = pending(BUCKET, key_of("lost.jpg"), world.now, form_until=world.now)
        world.catalogue.save(record, expected_rev=0)
        world.upload("lost.jpg", told=False)
        world.queue = SqsQueue(sqs, url)  # type: ignore[assignment]
        world.now += timedelta(hours=5)
        assert Repair.RESENT not in world.reconcile()
        world.now += timedelta(hours=1)
        assert world.reconcile()[Repair.RESENT] == 1
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert waiting["ApproximateNumberOfMessages"] == "2"
