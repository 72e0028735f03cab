"""The parts an index is published in: what is loaded, what is kept, and what may be damaged."""

from dataclasses import replace
from typing import ClassVar

import pytest

from chalicelib.errors import SearchUnavailable
from chalicelib.search import Query
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from chalicelib.search.replicated.manifest import GRACE, Policy
from chalicelib.search.replicated.store import digest
from tests.memory.index_store import MemoryIndexStore
from tests.publishing import Clock, document, found, standing, writer

# What is loaded --------------------------------------------------------------------------------


def test_a_batch_publishes_and_a_reader_loads_what_changed_and_not_the_rest() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer, reader = (
        writer(store, *map(document, map(str, range(500)))),
        PublishedIndex(store, clock=clock),
    )
    indexer.rebuild()
    assert reader.count("ann") == 500
    store.loaded.clear()
    before = set(store.stored)
    indexer.apply([document("new"), document("0", rev=2, deleted=True)])
    (added,) = set(store.stored) - before
    clock.now = 1.0
    assert reader.count("ann") == 500
    assert store.loaded == [added]
    assert len(store.stored[added][0]) < len(store.stored[standing(store).base.name][0]) / 5


def test_a_reader_that_comes_new_finds_the_merged_parts() -> None:
    store = MemoryIndexStore()
    indexer = IndexWriter(store, tuple, policy=Policy(runs=3, fewest=1_000))
    for number in range(40):
        indexer.apply([document(f"id-{number % 30}", rev=number)])
    assert len(standing(store).runs) <= 4
    assert PublishedIndex(store).count("ann") == 30


def test_many_changes_become_a_new_base() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer = IndexWriter(store, tuple, policy=Policy(fewest=10))
    reader = PublishedIndex(store, clock=clock)
    indexer.apply([document("first")])
    assert reader.count("ann") == 1
    store.loaded.clear()
    indexer.apply([document(f"id-{number}") for number in range(11)])
    assert (standing(store).pending, standing(store).base.documents) == ((), 12)
    clock.now = 1.0
    assert reader.count("ann") == 12
    assert [name.split("-")[0] for name in store.loaded] == ["run"]  # it had the rest already
    assert PublishedIndex(store).count("ann") == 12


def test_a_cursor_holds_in_every_copy_however_it_came_to_be() -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer = IndexWriter(store, tuple, policy=Policy(runs=2, kept=2, fewest=6))
    following = PublishedIndex(store, clock=clock)
    for number in range(20):
        indexer.apply([document(f"id-{number * 7 % 20:02}"), document("gone", rev=number)])
        clock.now += 1.0
        following.count(None)
    query = Query("ann", text="dog", limit=5)
    seen: list[str] = []
    while True:
        page = PublishedIndex(store).search(query)
        assert page.hits == following.search(query).hits
        seen += [hit.image_id for hit in page.hits]
        if page.cursor is None:
            break
        query = replace(query, cursor=page.cursor)
    assert (len(seen), len(set(seen))) == (21, 21)


# What is kept ----------------------------------------------------------------------------------


def test_parts_that_a_slow_reader_may_still_load_are_kept_and_then_removed() -> None:
    store = MemoryIndexStore()
    indexer = IndexWriter(
        store, tuple, now=lambda: store.now, policy=Policy(runs=2, kept=1, fewest=2)
    )
    for number in range(3):
        indexer.apply([document(f"id-{number}")])
    seen = standing(store)
    for number in range(3, 9):
        store.now += GRACE / 7
        indexer.apply([document(f"id-{number}")])
        assert seen.names <= store.stored.keys()
    for number in range(9, 15):
        store.now += GRACE
        indexer.apply([document(f"id-{number}")])
    assert not seen.names & store.stored.keys()


def test_a_part_that_was_added_and_never_named_is_removed_in_time() -> None:
    store = MemoryIndexStore()
    store.add("run-0-of-a-killed-writer", b"")
    store.now += GRACE * 2
    IndexWriter(store, tuple, now=lambda: store.now).rebuild()
    assert "run-0-of-a-killed-writer" not in store.stored


def test_a_reader_that_is_overtaken_while_it_loads_goes_on_from_what_is_newer() -> None:
    class Overtaken(MemoryIndexStore):
        """Another index takes the place of the one whose parts are being loaded."""

        def part(self, name: str) -> bytes:
            if name in self.doomed:
                self.doomed.clear()
                writer(self, document("b")).rebuild()
                del self.stored[name]
            return super().part(name)

        doomed: ClassVar[set[str]] = set()

    store = Overtaken()
    writer(store, document("a")).rebuild()
    store.doomed.add(standing(store).base.name)
    assert found(PublishedIndex(store)) == {"b"}


# What is damaged -------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["gone", "altered"])
@pytest.mark.parametrize("which", ["base", "run"])
def test_a_damaged_part_is_never_an_empty_answer_and_the_writer_mends_it(
    damage: str, which: str
) -> None:
    store, clock = MemoryIndexStore(), Clock()
    indexer = writer(store, document("a"), document("b"))
    indexer.rebuild()
    reader = PublishedIndex(store, clock=clock)
    assert found(reader) == {"a", "b"}
    indexer.apply([document("c")])
    name = standing(store).base.name if which == "base" else standing(store).runs[0].name
    content, written = store.stored.pop(name)
    if damage == "altered":
        store.stored[name] = (content[:-1] + b"?", written)
    with pytest.raises(SearchUnavailable, match="rebuild it"):
        found(PublishedIndex(store))
    clock.now = 1.0
    if which == "run":  # which the reader that follows still lacks
        with pytest.raises(SearchUnavailable):
            found(reader)
    catalogue = (document("a"), document("b"), document("c"))
    writer(store, *catalogue).apply([document("d")])
    clock.now = 2.0
    assert found(reader) == found(PublishedIndex(store)) == {"a", "b", "c", "d"}


def test_a_part_that_is_not_what_it_says_is_refused() -> None:
    store = MemoryIndexStore()
    indexer = writer(store, document("a"))
    indexer.rebuild()
    indexer.apply([document("b")])
    told = standing(store)
    for content in (b"", b"\x08" + 7 * b"\0" + b"{}      ", b"something else"):
        run = replace(told.runs[0], sha256=digest(content))
        store.stored[run.name] = (content, store.now)
        manifest = replace(told, runs=(run,))
        store.publish(manifest.encoded(), replacing=store.tag())
        with pytest.raises(SearchUnavailable):
            found(PublishedIndex(store))


def test_a_manifest_that_is_none_is_refused() -> None:
    for content in (b"", b"[]", b'{"format": 1}', b'{"format": 1, "version": 2}'):
        store = MemoryIndexStore()
        store.publish(content, replacing=None)
        with pytest.raises(SearchUnavailable):
            found(PublishedIndex(store))
