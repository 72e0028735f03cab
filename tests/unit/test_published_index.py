"""The published index: one writer, many readers, and what may go wrong between them."""

import json

import pytest

from chalicelib.errors import SearchUnavailable
from chalicelib.search import Document, Query
from chalicelib.search.embedded import PublishedIndex, PublishingIndex
from chalicelib.search.embedded.memory_store import MemorySnapshotStore

QUERY = Query("ann", text="dog")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def document(image_id: str, rev: int = 1, *, deleted: bool = False) -> Document:
    return Document(image_id, rev, "ann", text="a dog", deleted=deleted)


def writer(store: MemorySnapshotStore, *catalogue: Document) -> PublishingIndex:
    return PublishingIndex(store, lambda: catalogue)


def found(reader: PublishedIndex) -> set[str]:
    return {hit.image_id for hit in reader.search(QUERY).hits}


def test_what_was_taken_in_is_published_before_it_returns() -> None:
    store = MemorySnapshotStore()
    writer(store).apply([document("a")])
    reader = PublishedIndex(store)
    assert found(reader) == {"a"}
    assert reader.count("ann") == 1


def test_a_reader_takes_up_a_new_snapshot_within_a_second() -> None:
    store, clock = MemorySnapshotStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock)
    indexer.apply([document("a")])
    assert found(reader) == {"a"}
    indexer.apply([document("b")])
    assert found(reader) == {"a"}
    clock.now = 1.0
    assert found(reader) == {"a", "b"}


def test_before_anything_was_published_nothing_is_found() -> None:
    assert found(PublishedIndex(MemorySnapshotStore())) == set()


def test_a_batch_that_changes_nothing_is_not_published_again() -> None:
    store = MemorySnapshotStore()
    indexer = writer(store)
    indexer.apply([document("a")])
    writes = store.writes
    indexer.apply([document("a")])
    assert store.writes == writes


def test_a_new_writer_goes_on_from_the_published_snapshot() -> None:
    store = MemorySnapshotStore()
    writer(store).apply([document("a", rev=2)])
    writer(store).apply([document("b"), document("a", rev=1, deleted=True)])
    assert found(PublishedIndex(store)) == {"a", "b"}


def test_two_writers_lose_none_of_each_others_documents() -> None:
    store = MemorySnapshotStore()
    one, other = writer(store), writer(store)
    one.apply([document("a")])
    other.apply([document("b")])
    one.apply([document("c")])
    other.apply([document("d")])
    assert found(PublishedIndex(store)) == {"a", "b", "c", "d"}


def test_a_batch_that_could_not_be_published_is_published_when_delivered_again() -> None:
    store = MemorySnapshotStore()
    indexer = writer(store)
    indexer.apply([document("a")])
    store.down = True
    with pytest.raises(SearchUnavailable):
        indexer.apply([document("b")])
    store.down = False
    indexer.apply([document("b")])
    assert found(PublishedIndex(store)) == {"a", "b"}


def test_where_nothing_was_published_the_writer_starts_from_the_catalogue() -> None:
    store = MemorySnapshotStore()
    writer(store, document("a"), document("gone", deleted=True)).apply([document("b")])
    assert found(PublishedIndex(store)) == {"a", "b"}


def test_a_rebuild_replaces_a_damaged_snapshot_in_one_swap() -> None:
    store, clock = MemorySnapshotStore(), Clock()
    indexer = writer(store, document("a"), document("b"))
    indexer.apply([document("stray")])
    store.held = (b"damaged", "")
    with pytest.raises(SearchUnavailable, match="damaged"):
        PublishedIndex(store).search(QUERY)
    assert indexer.rebuild() == 2
    assert found(PublishedIndex(store, clock)) == {"a", "b"}
    indexer.apply([document("c")])
    assert found(PublishedIndex(store)) == {"a", "b", "c"}


def test_a_damaged_snapshot_is_never_an_empty_answer() -> None:
    store, clock = MemorySnapshotStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock)
    indexer.apply([document("a")])
    found(reader)
    assert store.held is not None
    store.held = (store.held[0][:-1], store.held[1])
    clock.now = 2.0
    with pytest.raises(SearchUnavailable):
        reader.search(QUERY)


def test_a_snapshot_that_vanished_is_never_an_empty_answer() -> None:
    store, clock = MemorySnapshotStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock)
    indexer.apply([document("a")])
    found(reader)
    store.held = None
    clock.now = 2.0
    with pytest.raises(SearchUnavailable, match="gone"):
        reader.search(QUERY)


def test_while_the_store_is_down_the_held_snapshot_answers_and_says_so() -> None:
    store, clock = MemorySnapshotStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock)
    indexer.apply([document("a")])
    assert reader.search(QUERY).degraded == ()
    store.down = True
    clock.now = 2.0
    results = reader.search(QUERY)
    assert (results.total, len(results.degraded)) == (1, 1)
    store.down = False
    clock.now = 4.0
    assert reader.search(QUERY).degraded == ()


def test_a_reader_without_a_snapshot_says_that_the_store_is_down() -> None:
    store = MemorySnapshotStore()
    store.down = True
    with pytest.raises(SearchUnavailable):
        PublishedIndex(store).search(QUERY)


def test_an_index_of_another_version_is_made_anew_by_its_writer_and_refused_by_readers() -> None:
    store = MemorySnapshotStore()
    writer(store, document("a")).rebuild()
    assert store.held is not None
    told = json.loads(store.held[0])
    tag = store.publish(json.dumps(told | {"version": 1}).encode(), replacing=store.tag())
    with pytest.raises(SearchUnavailable, match=r"version 1.*rebuild --index"):
        found(PublishedIndex(store))
    writer(store, document("a")).apply([document("b")])
    assert store.tag() != tag
    assert found(PublishedIndex(store)) == {"a", "b"}
