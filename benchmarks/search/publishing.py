"""What it costs to publish what changed, and to take it up: beside the whole index each time.

The store is in memory, and times are the processor's own, which a busy machine hardly lengthens:
what the network adds follows from the bytes and the number of calls.
"""

import statistics
import time
from collections.abc import Callable

from chalicelib.search.embedded.manifest import Manifest
from chalicelib.search.embedded.snapshot import digest

from benchmarks.search.corpus import documents
from benchmarks.search.memory import memory_of_reader
from benchmarks.search.queried import FIRSTS
from benchmarks.search.timing import percentile_95
from chalicelib.search.embedded import EmbeddedIndex, IndexWriter, PublishedIndex
from tests.memory.index_store import MemoryIndexStore

BATCHES = 40
BATCH = 20  # photographs of a batch: a busy second


class Clock:
    """Seconds that pass only when told to, so that a reader looks when it is meant to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


def costs_of_freshness(image: bytes, photographs: int) -> dict[str, float]:
    """Return milliseconds, and bytes, of all that happens between a change and its being found.

    Parameters
    ----------
    image
        Of the whole index, which is taken over as an earlier version would have published it.
    """
    store = MemoryIndexStore()
    store.whole = (image, digest(image))
    writer = IndexWriter(store, tuple)
    writer.apply([])
    return {
        "base_bytes": len(image),
        "bytes_per_image": len(image) / photographs,
        **{f"cold_{name}": ms for name, ms in _cold(store).items()},
        **_whole(image),
        **_following(store, writer, photographs),
        **memory_of_reader(image),
    }


def _cold(store: MemoryIndexStore) -> dict[str, float]:
    """Return what a new function takes until its first answers, without the download."""
    reader = PublishedIndex(store, Clock())
    taken = {"open_ms": _ms(reader.count, None)}
    return taken | {f"first_{name}_ms": _ms(reader.search, one) for name, one in FIRSTS.items()}


def _whole(image: bytes) -> dict[str, float]:
    """Return what one change costs where the whole index is published and taken up."""
    index = EmbeddedIndex.of(image)
    change = next(documents(["a dog runs in the snow"], rev=2))
    publish = _ms(index.apply, [change]) + _ms(lambda: digest(index.image()))
    taken_up: list[EmbeddedIndex] = []
    take_up = _ms(lambda: taken_up.append(EmbeddedIndex.of(image)))
    take_up += sum(_ms(taken_up[0].search, query) for query in FIRSTS.values())
    return {"whole_publish_ms": publish, "whole_take_up_ms": take_up}


def _following(store: MemoryIndexStore, writer: IndexWriter, size: int) -> dict[str, float]:
    """Return what batches cost the writer, and a reader that follows it."""
    clock = Clock()
    reader = PublishedIndex(store, clock)
    for query in FIRSTS.values():
        reader.search(query)
    publish, take_up, answers, added = [], [], [], []
    for turn in range(BATCHES):
        batch = list(documents(["a dog runs in the snow"] * BATCH, size + turn * BATCH))
        publish.append(_ms(writer.apply, batch))
        added.append(_standing(store).recent[-1].size)
        clock.now += 1.0
        take_up.append(_ms(reader.count, None))
        answers.append(sum(_ms(reader.search, query) for query in FIRSTS.values()))
    assert reader.count(None) == size + BATCHES * BATCH
    return {
        "batch": BATCH,
        "publish_p50_ms": statistics.median(publish),
        "publish_p95_ms": percentile_95(publish),
        "publish_max_ms": max(publish),
        "published_bytes": statistics.median(added),
        "manifest_bytes": len(store.held[0]) if store.held else 0,
        "take_up_p50_ms": statistics.median(take_up),
        "take_up_p95_ms": percentile_95(take_up),
        "first_answers_p95_ms": percentile_95(answers),
    }


def _standing(store: MemoryIndexStore) -> Manifest:
    assert store.held is not None
    return Manifest.decoded(store.held[0])


def _ms(call: Callable[..., object], *values: object) -> float:
    begin = time.thread_time()
    call(*values)
    return (time.thread_time() - begin) * 1_000
