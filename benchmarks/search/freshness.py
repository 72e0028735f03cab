"""What it costs to publish what changed, and to take it up.

The store is in memory, and times are the processor's own, which a busy machine hardly lengthens:
what the network adds follows from the bytes and the number of calls.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from benchmarks.search.corpus import OWNER, documents, vectors
from benchmarks.search.timing import alone, both_ms, kilobytes, percentile_95
from chalicelib.search import Clause, Query
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment
from chalicelib.search.query import FACETS
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from chalicelib.search.replicated.manifest import Manifest, Part
from chalicelib.search.replicated.store import digest
from tests.memory.index_store import MemoryIndexStore
from tests.publishing import Clock, standing

BATCHES = 40
BATCH = 20  # photographs of a batch: a busy second
# One of each kind: together they open all that a reader holds in memory.
FIRSTS = {
    "by_words": Query(OWNER, text="dog"),
    "by_attributes": Query(OWNER, attributes=Clause("dog"), facets=FACETS),
    "by_image": Query(OWNER, visual=next(vectors(1, 1))),
}


def costs_of_freshness(index: EmbeddedIndex) -> dict[str, float]:
    """Publish an index; return milliseconds and bytes from a change to its being found."""
    begin = time.thread_time()
    base, photographs = index.segment().encoded(), index.size
    store = published(base, photographs)
    return {
        "base_bytes": len(base),
        "bytes_per_image": len(base) / photographs,
        "base_publish_ms": (time.thread_time() - begin) * 1_000,
        **_cold(store),
        **_following(store, photographs),
        **_memory(base),
    }


def published(base: bytes, photographs: int) -> MemoryIndexStore:
    """Return a store in which an encoded segment is published as the whole index."""
    store = MemoryIndexStore()
    store.add("base", base)
    part = Part("base", digest(base), len(base), after=0, upto=0, documents=photographs)
    store.publish(Manifest("benchmark", part).encoded(), replacing=None)
    return store


def _cold(store: MemoryIndexStore) -> dict[str, float]:
    """Return what a new function takes until its first answers, without the download."""
    reader = PublishedIndex(store, clock=Clock())
    taken = {"cold_open_ms": _ms(reader.view)}
    return taken | {
        f"cold_first_{name}_ms": _ms(reader.search, query) for name, query in FIRSTS.items()
    }


def _following(store: MemoryIndexStore, photographs: int) -> dict[str, float]:
    """Return what batches cost the writer, and a reader that follows it."""
    clock = Clock()
    reader, writer = PublishedIndex(store, clock=clock), IndexWriter(store, tuple)
    writer.apply([])
    for query in FIRSTS.values():
        reader.search(query)
    publish, take_up, answers, added = [], [], [], []
    for turn in range(BATCHES):
        first = photographs + turn * BATCH
        batch = list(documents(["a dog runs in the snow"] * BATCH, first))
        known = set(store.stored)
        publish.append(_ms(writer.apply, batch))
        added.append(sum(len(store.stored[name][0]) for name in store.stored.keys() - known))
        clock.now += 1.0
        take_up.append(_ms(reader.view))
        answers.append(sum(_ms(reader.search, query) for query in FIRSTS.values()))
    assert reader.count(None) == photographs + BATCHES * BATCH
    return {
        "batch": BATCH,
        "publish_p50_ms": statistics.median(publish),
        "publish_p95_ms": percentile_95(publish),
        "publish_max_ms": max(publish),
        "published_bytes": statistics.median(added),
        "manifest_bytes": len(standing(store).encoded()),
        "take_up_p50_ms": statistics.median(take_up),
        "take_up_p95_ms": percentile_95(take_up),
        "first_answers_p95_ms": percentile_95(answers),
    }


def _ms(call: Callable[..., object], *values: object) -> float:
    return both_ms(call, *values)[1]


def _memory(base: bytes) -> dict[str, float]:
    with NamedTemporaryFile() as file:
        file.write(base)
        file.flush()
        return alone(_bytes_of_reader, file.name)


def _bytes_of_reader(file: str) -> dict[str, float]:
    before = kilobytes("VmRSS")
    index = EmbeddedIndex([Segment.decoded(Path(file).read_bytes())])
    for query in FIRSTS.values():
        index.search(query)
    told = {"reader_peak_bytes": kilobytes("VmHWM"), "reader_bytes": kilobytes("VmRSS")}
    return {name: (found - before) * 1024 for name, found in told.items()}
