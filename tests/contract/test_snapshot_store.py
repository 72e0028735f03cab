"""Every store of snapshots keeps the same promises."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.memory_store import MemorySnapshotStore
from chalicelib.search.embedded.s3_store import KEY, S3SnapshotStore
from chalicelib.search.embedded.snapshot import Snapshot, SnapshotConflict, SnapshotStore

Damage = Callable[[bytes], None]


@pytest.fixture(params=["memory", "s3"])
def stored(request: pytest.FixtureRequest) -> Iterator[tuple[SnapshotStore, Damage]]:
    """Yield a store, and what replaces its object's bytes without its digest."""
    if request.param == "memory":
        memory = MemorySnapshotStore()

        def spoil(image: bytes) -> None:
            assert memory.stored is not None
            memory.stored = (image, memory.stored[1])

        yield memory, spoil
        return
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_bucket(Bucket="bucket")

        def overwrite(image: bytes) -> None:
            metadata = client.head_object(Bucket="bucket", Key=KEY)["Metadata"]
            client.put_object(Bucket="bucket", Key=KEY, Body=image, Metadata=metadata)

        yield S3SnapshotStore(client, "bucket"), overwrite


Stored = tuple[SnapshotStore, Damage]


def test_at_first_there_is_no_snapshot(stored: Stored) -> None:
    store, _ = stored
    assert store.tag() is None
    assert store.read() is None


def test_a_published_snapshot_comes_back_under_its_tag(stored: Stored) -> None:
    store, _ = stored
    tag = store.write(b"one", replacing=None)
    assert store.tag() == tag
    assert store.read() == Snapshot(tag, b"one")


def test_a_snapshot_replaces_the_one_it_was_made_from(stored: Stored) -> None:
    store, _ = stored
    first = store.write(b"one", replacing=None)
    second = store.write(b"two", replacing=first)
    assert second != first
    assert store.read() == Snapshot(second, b"two")


def test_a_writer_that_did_not_see_the_newest_snapshot_writes_nothing(stored: Stored) -> None:
    store, _ = stored
    first = store.write(b"one", replacing=None)
    second = store.write(b"two", replacing=first)
    for seen in (first, None):
        with pytest.raises(SnapshotConflict):
            store.write(b"three", replacing=seen)
    assert store.read() == Snapshot(second, b"two")


def test_a_damaged_snapshot_is_not_handed_out(stored: Stored) -> None:
    store, damage = stored
    store.write(b"one", replacing=None)
    damage(b"0ne")
    with pytest.raises(SearchUnavailable, match="damaged"):
        store.read()


def test_a_bucket_that_does_not_answer_is_an_error_and_not_an_absence() -> None:
    with mock_aws():
        client = boto3.client(
            "s3", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        store = S3SnapshotStore(client, "no-such-bucket")
        with pytest.raises(SearchUnavailable):
            store.read()
        with pytest.raises(SearchUnavailable):
            store.write(b"one", replacing=None)
