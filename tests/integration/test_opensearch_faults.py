"""OpenSearch fails in every way it knows: nothing is lost, stale or brought back."""

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from chalicelib.errors import SearchUnavailable
from chalicelib.images import State
from chalicelib.search import Document, Query
from chalicelib.search.opensearch import BackOff, OpenSearchIndex, RetryingClient, connect
from local.opensearch import OpenSearchNode
from tests.faulty import (
    Answered,
    Fault,
    Faults,
    FaultyConnection,
    Send,
    answer_lost,
    half_throttled,
    too_many,
    unreachable,
)
from tests.opensearch import create_live, needs_opensearch, own_prefix, shared_url
from tests.paging import pages

pytestmark = [needs_opensearch, pytest.mark.fault(8)]

TRIES = 4


@dataclass
class Bench:
    """An index whose connection can be made to fail, and how long it waited for that."""

    prefix: str
    url: str = field(default_factory=shared_url)
    faults: Faults = field(default_factory=Faults)
    waits: list[float] = field(default_factory=list)

    def index(self) -> OpenSearchIndex:
        faulty = connect(self.url, 30, connection_class=FaultyConnection, faults=self.faults)
        back_off = BackOff(tries=TRIES, first=0.2, sleep=self.waits.append, random=lambda: 1.0)
        client = RetryingClient(faulty, back_off)
        return OpenSearchIndex(client, prefix=self.prefix, refresh="true")


@pytest.fixture
def bench() -> Iterator[Bench]:
    with own_prefix() as prefix:
        bench = Bench(prefix)
        create_live(bench.index())
        yield bench


def documents(count: int, rev: int = 1) -> list[Document]:
    return [Document(f"{number:04}", rev, "ann", text="a dog") for number in range(count)]


def removed(document: Document) -> Document:
    return replace(document, rev=document.rev + 1, deleted=True, state=State.DELETED)


def held(index: OpenSearchIndex) -> set[str]:
    query = Query("ann", text="dog", limit=100)
    return {hit.image_id for page in pages(index, query) for hit in page.hits}


@pytest.mark.parametrize("fault", [too_many, unreachable, answer_lost, half_throttled])
def test_a_retryable_failure_costs_a_wait_and_nothing_else(bench: Bench, fault: Fault) -> None:
    index = bench.index()
    bench.faults.add("_bulk", fault, times=2)
    batch = documents(20)
    assert index.apply(batch) == ()
    assert held(index) == {document.image_id for document in batch}
    assert index.count("ann") == 20
    assert bench.waits == [0.2, 0.4]


def test_a_removal_whose_answer_was_lost_stands_and_is_done_once(bench: Bench) -> None:
    index = bench.index()
    batch = documents(3)
    index.apply(batch)
    bench.faults.add("_bulk", answer_lost)
    assert index.apply([removed(batch[0])]) == ()
    assert held(index) == {"0001", "0002"}
    assert index.apply(batch) == ()  # delivered again, late
    assert held(index) == {"0001", "0002"}


def test_what_is_throttled_at_every_try_is_taken_in_later_and_the_rest_at_once(
    bench: Bench,
) -> None:
    index = bench.index()
    bench.faults.add("_bulk", half_throttled)  # of eight documents four, and these at every try
    bench.faults.add("_bulk", _all_throttled, times=TRIES - 1)
    with pytest.raises(SearchUnavailable, match="4 documents"):
        index.apply(documents(8))
    assert held(index) == {"0000", "0002", "0004", "0006"}
    assert index.apply(documents(8)) == ()
    assert len(held(index)) == 8


def test_an_index_that_may_not_be_written_to_is_down_and_its_documents_are_none_to_leave_out(
    bench: Bench,
) -> None:
    index = bench.index()
    name, client = index.aliases.read().live, connect(bench.url, 30)
    client.indices.put_settings(index=name, body={"index.blocks.write": True})
    with pytest.raises(SearchUnavailable):
        index.apply(documents(3))
    client.indices.put_settings(index=name, body={"index.blocks.write": False})
    client.close()
    assert index.apply(documents(3)) == ()
    assert len(held(index)) == 3


def test_an_engine_that_stays_down_is_unavailable_and_takes_it_all_in_later(bench: Bench) -> None:
    index = bench.index()
    for fault in (too_many, unreachable, _all_throttled):
        bench.faults.add("_bulk", fault, times=TRIES)
        with pytest.raises(SearchUnavailable) as down:
            index.apply(documents(5))
        assert down.value.retry_after > 0
        assert held(index) == set()
    assert index.apply(documents(5)) == ()
    assert len(held(index)) == 5


def test_a_second_request_that_fails_leaves_the_first_and_all_is_tried_again(bench: Bench) -> None:
    index = bench.index()
    bench.faults.add("_bulk", lambda url, body, send: send(body))
    bench.faults.add("_bulk", unreachable, times=TRIES)
    batch = documents(700)
    with pytest.raises(SearchUnavailable):
        index.apply(batch)
    assert index.count("ann") == 500
    assert index.apply(batch) == ()
    assert index.count("ann") == 700


def test_a_document_the_engine_refuses_is_named_and_not_tried_again(bench: Bench) -> None:
    index = bench.index()
    too_long = Document("long", 1, "o" * 40_000, text="a dog")  # a keyword has at most 32,766 bytes
    assert index.apply([*documents(2), too_long]) == ("long",)
    assert bench.faults.count("_bulk") == 1
    assert held(index) == {"0000", "0001"}


def test_an_older_write_is_no_failure_and_changes_nothing(bench: Bench) -> None:
    index = bench.index()
    index.apply(documents(2, rev=5))
    bench.faults.add("_bulk", answer_lost)
    assert index.apply([replace(d, text="a cat") for d in documents(2, rev=4)]) == ()
    assert held(index) == {"0000", "0001"}


@pytest.mark.fault(3)
def test_a_late_older_write_brings_nothing_back_after_the_engine_forgot(bench: Bench) -> None:
    index = bench.index()
    name = index.aliases.read().live
    client = connect(bench.url, 30)
    client.indices.put_settings(index=name, body={"index.gc_deletes": "0ms"})
    batch = documents(2)
    index.apply([*batch, *map(removed, batch)])
    client.indices.refresh(index=name)
    client.indices.forcemerge(index=name, params={"max_num_segments": 1})
    client.close()
    assert index.apply(batch) == ()
    assert (held(index), index.count(None)) == (set(), 0)


@pytest.mark.parametrize("fault", [too_many, unreachable, answer_lost])
def test_a_search_is_tried_again_and_then_says_that_the_engine_is_down(
    bench: Bench, fault: Fault
) -> None:
    index = bench.index()
    index.apply(documents(3))
    bench.faults.add("_msearch", fault, times=TRIES - 1)
    assert len(held(index)) == 3
    bench.faults.add("_msearch", fault, times=TRIES)
    with pytest.raises(SearchUnavailable) as down:
        index.search(Query("ann", text="dog"))
    assert down.value.retry_after > 0


def test_half_an_answer_is_none(bench: Bench) -> None:
    index = bench.index()
    failed = '{"responses": [{"error": {"type": "search_phase_execution"}, "status": 503}]}'
    bench.faults.add("_msearch", lambda url, body, send: (200, {}, failed))
    with pytest.raises(SearchUnavailable, match="search_phase_execution"):
        index.search(Query("ann", text="dog"))


def test_without_an_index_a_search_is_unavailable_and_not_empty() -> None:
    with own_prefix() as prefix, pytest.raises(SearchUnavailable, match="no search index"):
        Bench(prefix).index().search(Query("ann", text="dog"))


@pytest.fixture
def own_node() -> Iterator[OpenSearchNode]:
    with tempfile.TemporaryDirectory(prefix="image-repo-opensearch-") as folder:
        node = OpenSearchNode.passing(Path(folder))
        yield node
        node.stop()


@pytest.mark.slow
def test_a_node_killed_in_the_middle_of_a_bulk_loses_nothing_and_brings_nothing_back(
    own_node: OpenSearchNode,
) -> None:
    bench = Bench("killed", own_node.start())
    index = bench.index()
    create_live(index)
    gone = documents(50)
    index.apply([*gone, *map(removed, gone)])
    batch = [replace(d, image_id=f"new {d.image_id}") for d in documents(1_200)]
    bench.faults.add("_bulk", lambda url, body, send: send(body))
    bench.faults.add("_bulk", killing(own_node))
    with pytest.raises(SearchUnavailable):
        index.apply(batch)
    with pytest.raises(SearchUnavailable):
        index.search(Query("ann", text="dog"))

    own_node.start(int(bench.url.rsplit(":", 1)[1]))
    with suppress(SearchUnavailable):
        index.apply(batch)
    assert index.apply([*batch, *gone]) == ()  # the stream delivers everything again
    assert index.count("ann") == len(batch)
    assert index.search(Query("ann", exclude=tuple(d.image_id for d in batch))).total == 0


def killing(node: OpenSearchNode) -> Fault:
    """End a node just before it is asked."""

    def fault(url: str, body: bytes | None, send: Send) -> Answered:
        node.kill()
        return send(body)

    return fault


def _all_throttled(url: str, body: bytes | None, send: Send) -> Answered:
    lines = (body or b"").decode().splitlines()
    items = ",".join(['{"index": {"status": 429}}'] * (len(lines) // 2))
    return 200, {}, f'{{"errors": true, "items": [{items}]}}'
