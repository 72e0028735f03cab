"""The published index: one writer, many readers, and what may go wrong between them."""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from chalicelib.errors import NotFound, SearchUnavailable
from chalicelib.images import Attribute
from chalicelib.search import Document
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from chalicelib.search.replicated.manifest import VERSION
from chalicelib.search.replicated.store import digest
from tests.memory.index_store import MemoryIndexStore
from tests.publishing import QUERY, Clock, document, found, standing, writer


def test_what_was_taken_in_is_published_before_it_returns() -> None:
    store = MemoryIndexStore()
    writer(store).apply([document("a")])
    reader = PublishedIndex(store)
    assert found(reader) == {"a"}
    assert reader.count("ann") == 1


def test_a_reader_takes_up_a_new_state_within_a_second() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock=clock)
    indexer.apply([document("a")])
    assert found(reader) == {"a"}
    indexer.apply([document("b")])
    assert found(reader) == {"a"}
    clock.now = 1.0
    assert found(reader) == {"a", "b"}


def test_where_nothing_is_published_nothing_is_found_and_a_re_index_is_asked_for() -> None:
    asked: list[str] = []
    assert found(PublishedIndex(MemoryIndexStore(), lambda: asked.append("re-index"))) == set()
    assert asked == ["re-index"]


def test_a_batch_that_changes_nothing_is_not_published_again() -> None:
    store = MemoryIndexStore()
    indexer = writer(store)
    indexer.apply([document("a")])
    writes = store.writes
    indexer.apply([document("a")])
    assert store.writes == writes


def test_a_new_writer_goes_on_from_the_published_index() -> None:
    store = MemoryIndexStore()
    writer(store).apply([document("a", rev=2)])
    writer(store).apply([document("b"), document("a", rev=1, deleted=True)])
    assert found(PublishedIndex(store)) == {"a", "b"}


def test_two_writers_lose_none_of_each_others_documents() -> None:
    store = MemoryIndexStore()
    one, other = writer(store), writer(store)
    one.apply([document("a")])
    other.apply([document("b")])
    one.apply([document("c")])
    other.apply([document("d")])
    assert found(PublishedIndex(store)) == {"a", "b", "c", "d"}


def test_a_batch_that_could_not_be_published_is_published_when_delivered_again() -> None:
    store = MemoryIndexStore()
    indexer = writer(store)
    indexer.apply([document("a")])
    store.down = True
    with pytest.raises(SearchUnavailable):
        indexer.apply([document("b")])
    store.down = False
    indexer.apply([document("b")])
    assert found(PublishedIndex(store)) == {"a", "b"}


def test_where_nothing_was_published_the_writer_starts_from_the_catalogue() -> None:
    store = MemoryIndexStore()
    writer(store, document("a"), document("gone", deleted=True)).apply([document("b")])
    assert found(PublishedIndex(store)) == {"a", "b"}


def test_a_rebuild_replaces_a_damaged_index_in_one_swap() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer = writer(store, document("a"), document("b"))
    indexer.apply([document("stray")])
    store.held = (b"damaged", "")
    with pytest.raises(SearchUnavailable, match="damaged"):
        PublishedIndex(store).search(QUERY)
    assert indexer.rebuild() == 2
    assert found(PublishedIndex(store, clock=clock)) == {"a", "b"}
    indexer.apply([document("c")])
    assert found(PublishedIndex(store)) == {"a", "b", "c"}


def test_a_damaged_index_is_never_an_empty_answer() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock=clock)
    indexer.apply([document("a")])
    found(reader)
    assert store.held is not None
    store.held = (store.held[0][:-1], store.held[1])
    clock.now = 2.0
    with pytest.raises(SearchUnavailable):
        reader.search(QUERY)


def test_an_index_that_vanished_is_never_an_empty_answer() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock=clock)
    indexer.apply([document("a")])
    found(reader)
    store.held = None
    clock.now = 2.0
    with pytest.raises(SearchUnavailable, match="gone"):
        reader.search(QUERY)


def test_while_the_store_is_down_the_held_index_answers_and_says_so() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer, reader = writer(store), PublishedIndex(store, clock=clock)
    indexer.apply([document("a")])
    assert reader.search(QUERY).degraded == ()
    store.down = True
    clock.now = 2.0
    results = reader.search(QUERY)
    assert (results.total, len(results.degraded)) == (1, 1)
    store.down = False
    clock.now = 4.0
    assert reader.search(QUERY).degraded == ()


def test_a_reader_without_an_index_says_that_the_store_is_down() -> None:
    store = MemoryIndexStore()
    store.down = True
    with pytest.raises(SearchUnavailable):
        PublishedIndex(store).search(QUERY)


def of_another_release(store: MemoryIndexStore, **told: object) -> None:
    """Publish the standing manifest as another release would have written it."""
    assert store.held is not None
    manifest = json.loads(store.held[0]) | told
    store.publish(json.dumps(manifest).encode(), replacing=store.tag())


def test_an_index_in_another_format_is_refused_by_readers_and_built_anew_by_its_writer() -> None:
    store = MemoryIndexStore()
    writer(store, document("a")).rebuild()
    of_another_release(store, format=1)
    asked: list[str] = []
    with pytest.raises(SearchUnavailable, match="format 1"):
        found(PublishedIndex(store, lambda: asked.append("heal")))
    assert asked == ["heal"]
    writer(store, document("a")).apply([document("b")])
    assert found(PublishedIndex(store)) == {"a", "b"}


@pytest.mark.fault(35)
def test_an_index_with_a_column_less_answers_takes_writes_and_is_built_anew() -> None:
    """The release before this one knew no places."""
    store, clock, catalogue = MemoryIndexStore(), Clock(), [on_beach("a")]
    writer(store, *catalogue).rebuild()
    without_places(store)
    asked: list[str] = []
    reader = PublishedIndex(store, lambda: asked.append("heal"), clock)
    assert (found(reader), places(reader), asked) == ({"a"}, (), ["heal"])
    catalogue.append(on_beach("b"))
    IndexWriter(store, lambda: catalogue).apply(catalogue[1:])
    clock.now = 1.0
    assert (found(reader), places(reader), asked) == ({"a", "b"}, (("beach", 2),), ["heal"])


@pytest.mark.fault(35)
def test_an_index_with_a_column_more_answers_takes_writes_and_owns_up_to_what_they_lack() -> None:
    """As after a roll-back to this release; the later one, back again, builds the index anew."""
    store, clock, catalogue = MemoryIndexStore(), Clock(), [on_beach("a")]
    writer(store, *catalogue).rebuild()
    base = standing(store).base
    arrays = load(store.part(base.name)) | {"altitude.values": np.arange(3, dtype=np.int32)}
    with_parts(store, arrays, version=99)
    reader = PublishedIndex(store, clock=clock)
    assert (found(reader), places(reader)) == ({"a"}, (("beach", 1),))
    catalogue.append(on_beach("b"))
    IndexWriter(store, lambda: catalogue).apply(catalogue[1:])
    clock.now = 1.0
    assert (found(reader), places(reader)) == ({"a", "b"}, (("beach", 2),))
    assert standing(store).version == VERSION


def on_beach(image_id: str) -> Document:
    return replace(document(image_id), attributes=(Attribute("dog", places=("beach",)),))


def places(reader: PublishedIndex) -> tuple[tuple[str, int], ...]:
    return reader.search(replace(QUERY, facets=("places",))).facets["places"]


def without_places(store: MemoryIndexStore) -> None:
    """Leave in the store what a release would have published that had no such column."""
    arrays = load(store.part(standing(store).base.name))
    known = {name: held for name, held in arrays.items() if "place." not in name}
    with_parts(store, known, version=0)


def with_parts(store: MemoryIndexStore, arrays: dict[str, Any], version: int) -> None:
    """Put other arrays into the store than this release published."""
    base, content = standing(store).base, save(arrays)
    store.add(base.name, content)
    of_another_release(store, base=asdict(base) | {"sha256": digest(content)}, version=version)


# Another index in its place --------------------------------------------------------------------


@pytest.mark.fault(20)
def test_what_is_published_while_the_index_is_built_anew_is_in_it() -> None:
    store = MemoryIndexStore()
    other = writer(store)
    other.apply([document("a")])

    def everything() -> Iterator[Document]:
        yield document("a")
        other.apply([document("b"), document("a", rev=2, deleted=True)])
        yield document("c")

    assert IndexWriter(store, everything).rebuild() == 2
    assert found(PublishedIndex(store)) == {"b", "c"}
    other.apply([document("d")])
    assert found(PublishedIndex(store)) == {"b", "c", "d"}


def test_a_rebuild_that_fails_leaves_the_index_as_it_was() -> None:
    store = MemoryIndexStore()
    writer(store).apply([document("a")])

    def everything() -> Iterator[Document]:
        yield document("b")
        raise SearchUnavailable("the catalogue does not answer")

    with pytest.raises(SearchUnavailable):
        IndexWriter(store, everything).rebuild()
    assert found(PublishedIndex(store)) == {"a"}


@pytest.mark.fault(20)
def test_the_former_index_comes_back_with_what_happened_since() -> None:
    store, clock = MemoryIndexStore(), Clock()
    catalogue = [document("a"), document("b")]
    indexer = IndexWriter(store, lambda: catalogue)
    with pytest.raises(NotFound):
        indexer.roll_back()
    indexer.rebuild()
    reader = PublishedIndex(store, clock=clock)
    indexer.rebuild()
    catalogue += [document("c"), document("a", rev=2, deleted=True)]
    indexer.apply(catalogue[2:])
    assert found(reader) == {"b", "c"}
    assert indexer.roll_back() == 4
    clock.now = 1.0
    assert found(reader) == found(PublishedIndex(store)) == {"b", "c"}
    indexer.apply([document("d")])
    clock.now = 2.0
    assert found(reader) == {"b", "c", "d"}
