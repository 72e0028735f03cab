"""Every store of the published index keeps the same promises."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import SearchUnavailable
from chalicelib.search.replicated.store import (
    MANIFEST,
    IndexStore,
    ManifestConflict,
    MissingPart,
    Published,
    S3IndexStore,
)
from tests.memory.index_store import MemoryIndexStore

Damage = Callable[[bytes], None]
Stored = tuple[IndexStore, Damage]


@pytest.fixture(params=["memory", "s3"])
def stored(request: pytest.FixtureRequest) -> Iterator[Stored]:
    """Yield a store, and what spoils its manifest."""
    if request.param == "memory":
        memory = MemoryIndexStore()

        def spoil(content: bytes) -> None:
            assert memory.held is not None
            memory.held = (content, memory.held[1])

        yield memory, spoil
        return
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="bucket")

        def overwrite(content: bytes) -> None:
            metadata = client.head_object(Bucket="bucket", Key=MANIFEST)["Metadata"]
            client.put_object(Bucket="bucket", Key=MANIFEST, Body=content, Metadata=metadata)

        yield S3IndexStore(client, "bucket"), overwrite


def test_at_first_there_is_nothing(stored: Stored) -> None:
    store, _ = stored
    assert store.tag() is None
    assert store.manifest() is None
    assert list(store.parts()) == []


def test_a_published_manifest_comes_back_under_its_tag(stored: Stored) -> None:
    store, _ = stored
    tag = store.publish(b"one", replacing=None)
    assert store.tag() == tag
    assert store.manifest() == Published(tag, b"one")


def test_a_manifest_replaces_the_one_it_was_made_from(stored: Stored) -> None:
    store, _ = stored
    first = store.publish(b"one", replacing=None)
    second = store.publish(b"two", replacing=first)
    assert second != first
    assert store.manifest() == Published(second, b"two")


def test_a_writer_that_did_not_see_the_newest_manifest_publishes_nothing(stored: Stored) -> None:
    store, _ = stored
    first = store.publish(b"one", replacing=None)
    second = store.publish(b"two", replacing=first)
    for seen in (first, None):
        with pytest.raises(ManifestConflict):
            store.publish(b"three", replacing=seen)
    assert store.manifest() == Published(second, b"two")


def test_a_damaged_manifest_is_not_handed_out(stored: Stored) -> None:
    store, damage = stored
    store.publish(b"one", replacing=None)
    damage(b"0ne")
    with pytest.raises(SearchUnavailable, match="damaged"):
        store.manifest()


def test_parts_come_back_and_are_listed_with_the_time_they_were_written(stored: Stored) -> None:
    store, _ = stored
    store.publish(b"a manifest is no part", replacing=None)
    store.add("base-1", b"one")
    store.add("run-2", b"\0" * 1_000)
    assert store.part("base-1") == b"one"
    assert store.part("run-2") == b"\0" * 1_000
    written = dict(store.parts())
    assert set(written) == {"base-1", "run-2"}
    assert all(abs(datetime.now(UTC) - at) < timedelta(minutes=5) for at in written.values())


def test_a_part_that_is_not_there_is_an_error(stored: Stored) -> None:
    store, _ = stored
    with pytest.raises(MissingPart, match="run-9"):
        store.part("run-9")


def test_removed_parts_are_gone_and_the_others_stay(stored: Stored) -> None:
    store, _ = stored
    for number in range(3):
        store.add(f"run-{number}", b"")
    store.remove(["run-0", "run-2", "run-7"])
    assert {name for name, _ in store.parts()} == {"run-1"}


def test_a_bucket_that_does_not_answer_is_an_error_and_not_an_absence() -> None:
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        store = S3IndexStore(client, "no-such-bucket")
        calls: list[Callable[[], object]] = [
            store.manifest,
            lambda: store.publish(b"one", replacing=None),
            lambda: store.add("run-1", b""),
            lambda: store.part("run-1"),
            lambda: list(store.parts()),
            lambda: store.remove(["run-1"]),
        ]
        for call in calls:
            with pytest.raises(SearchUnavailable) as raised:
                call()
            assert not isinstance(raised.value, MissingPart)
