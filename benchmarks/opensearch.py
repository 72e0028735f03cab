"""How fast OpenSearch takes photographs in and answers, on a real node of this machine.

``python -m benchmarks.opensearch [--images 20000] [--keep FOLDER] [--lines FILE] [--merge N]``

The same made-up photographs and queries as ``benchmarks.search``, through the product's adapter.
Times of queries are the engine's own (``took``, summed over a query's requests) and, beside them,
the clock's around the whole call and the node's processor time a query, which other programs
lengthen least. They are taken of a node that has answered every query some times before: Java
compiles what it is asked often, and one that has just begun takes twice as long. Where the machine
has several Java runtimes, ``JAVA_HOME`` chooses: Lucene compares vectors by the processor's vector
instructions from Java 21 on, which OpenSearch's own distributions bring. A run that was cut goes
on where it stopped with the same ``--keep``; so does one with more ``--images``. A million take
about 3 GB of disk, and a node with ``--heap 2g``.
"""

import argparse
import gc
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from opensearchpy import OpenSearch

from benchmarks.search.corpus import OWNER, captions, documents, queries, vectors
from benchmarks.search.timing import BARS, Row, append, percentile_95
from chalicelib.search import Query
from chalicelib.search.opensearch import OpenSearchIndex, RetryingClient, connect
from chalicelib.search.opensearch.aliases import Aliases
from chalicelib.search.opensearch.bulk import BATCH as REQUEST
from chalicelib.search.opensearch.bulk import write
from chalicelib.search.text import quantised
from local.opensearch import OpenSearchNode

Answer = TypeVar("Answer")
Numbers = Callable[[bytes], npt.NDArray[np.float32]]

ENGINE = "opensearch"
PREFIX = "benchmark"
BATCH = 20_000  # photographs made at once: a run goes on at a multiple of it
WRITERS = 4  # for two processors: while a node indexes one request, another is written
NEAREST = 10
WARM_UP = 5  # times that every query is asked before its time is taken
PEER = "SIFT 1M x 128, M 16, ef 100: recall@10 0.996, p50 2.3 ms"


class TimedClient(RetryingClient):
    """A client that adds up the times that answers say they took."""

    took = 0.0

    def call(self, operation: Callable[[OpenSearch], Answer]) -> Answer:
        """Call, and add the answer's time."""
        answer = super().call(operation)
        if isinstance(answer, dict):
            self.took += answer.get("took", 0)
        return answer


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill an index, ask it, and print."""
    options = _parser().parse_args(arguments)
    texts = captions(options.images, options.captions)
    with running(options.keep, options.heap) as url:
        client = TimedClient(connect(url, 600))
        index = OpenSearchIndex(client, prefix=PREFIX, refresh="false")
        costs = filled(index, client.client, texts)
        costs |= settled(index, client.client, options.images, options.merge)
        kinds = queries(texts, options.turns)
        for query in [query for asked in kinds.values() for query in asked] * WARM_UP:
            index.search(query)
        gc.collect()
        gc.freeze()  # a client of one's own holds no captions of a million photographs
        rows = [answered(index, client, *asked) for asked in kinds.items()]
        costs |= recall(index, options.images, min(options.turns, 100))
        client.client.close()
    print(f"{options.images:,} photographs, two vectors of 256 bytes each")
    for name, value in costs.items():
        print(f"  {name.replace('_', ' '):<28}{value:14,.3f}")
    print(f"  peer: {PEER}")
    if options.lines:
        append(options.lines, ENGINE, options.images, rows, costs)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="OpenSearch on a real node of this machine.")
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=100, help="queries of each kind")
    parser.add_argument("--captions", type=Path, help="file with one caption a line")
    parser.add_argument("--keep", type=Path, help="folder of the node's data, to go on with")
    parser.add_argument("--heap", default="1g", help="of the node")
    parser.add_argument("--merge", type=int, default=0, help="segments to merge into; 0: as built")
    parser.add_argument("--lines", type=Path, help="file of JSON lines to add to")
    return parser


@contextmanager
def running(keep: Path | None, heap: str) -> Iterator[str]:
    """Yield the address of a node, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="image-repo-benchmark-") as scratch:
        folder = keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        node = OpenSearchNode.passing(folder, heap)
        try:
            yield node.start()
        finally:
            node.stop()


def filled(index: OpenSearchIndex, client: OpenSearch, texts: Sequence[str]) -> dict[str, float]:
    """Take in what is missing, as a re-index does; return how fast that was.

    A photograph's share of the node's processor time says more than the rate where other
    programs run beside.
    """
    aliases = index.aliases.read()
    if not (aliases.live or aliases.building):
        aliases = index.aliases.create(aliases)
    name = str(aliases.live or aliases.building)
    first = _taken(client, name) // BATCH * BATCH
    busy, taken, before = 0.0, 0, _cpu_milliseconds(client)
    with ThreadPoolExecutor(WRITERS) as pool:
        for at in range(first, len(texts), BATCH):
            made = list(documents(texts[at : at + BATCH], at))
            begin = time.perf_counter()
            writes: list[Future[Any]] = [
                pool.submit(write, index.client, name, made[part : part + REQUEST])
                for part in range(0, len(made), REQUEST)
            ]
            assert not any(write.result().failed for write in writes)
            busy += time.perf_counter() - begin
            taken += len(made)
            print(f"\r{at + len(made):,} of {len(texts):,}, {taken / busy:,.0f}/s ", end="")
    print()
    if not taken:
        return {}
    spent = _cpu_milliseconds(client) - before
    return {"documents_per_second": taken / busy, "engine_cpu_ms_per_image": spent / taken}


def _taken(client: OpenSearch, name: str) -> int:
    client.indices.refresh(index=name)
    return int(client.count(index=name)["count"])


def _cpu_milliseconds(client: OpenSearch) -> int:
    (node,) = client.nodes.stats(metric="process")["nodes"].values()
    return int(node["process"]["cpu"]["total_in_millis"])


def settled(
    index: OpenSearchIndex, client: OpenSearch, images: int, segments: int
) -> dict[str, float]:
    """Refresh and merge; return bytes an image, seconds of merging and how many segments."""
    aliases = index.aliases.read()
    name = str(aliases.live or aliases.building)
    index.refresh(name)
    if aliases.live is None:
        index.aliases.move(aliases, Aliases(live=name))
    begin = time.perf_counter()
    if segments:
        client.indices.forcemerge(index=name, params={"max_num_segments": segments})
        client.indices.refresh(index=name)
    client.indices.flush(index=name)
    told = client.indices.stats(index=name)["indices"][name]["primaries"]
    return {
        "bytes_per_image": told["store"]["size_in_bytes"] / images,
        "merge_seconds": time.perf_counter() - begin,
        "segments": told["segments"]["count"],
    }


def answered(index: OpenSearchIndex, client: TimedClient, name: str, asked: Sequence[Query]) -> Row:
    """Ask every query for its times."""
    size = index.count(None)
    engine, clock = [], []
    before = _cpu_milliseconds(client.client)
    for query in asked:
        client.took, begin = 0.0, time.perf_counter()
        index.search(query)
        clock.append((time.perf_counter() - begin) * 1_000)
        engine.append(client.took)
    cpu = (_cpu_milliseconds(client.client) - before) / len(asked)
    bar = f"bar at 1,000,000: {BARS[name][1_000_000]} ms" if name in BARS else ""
    print(
        f"  {name:<24}engine p50 {statistics.median(engine):6.1f} p95 {percentile_95(engine):6.1f}"
        f"  clock p50 {statistics.median(clock):6.1f} p95 {percentile_95(clock):6.1f}"
        f"  cpu {cpu:5.1f} ms  {bar}"
    )
    by_clock = (statistics.median(clock), percentile_95(clock))
    return Row(ENGINE, size, name, *by_clock, statistics.median(engine), percentile_95(engine))


def recall(index: OpenSearchIndex, images: int, turns: int) -> dict[str, float]:
    """Return which share of the exactly nearest is found: by the bytes kept, and by floats.

    The first says what the graph costs, the second what the bytes cost besides.
    """
    asked = list(vectors(turns, 1))
    found = [
        {hit.image_id for hit in index.search(Query(OWNER, visual=one, limit=NEAREST)).hits}
        for one in asked
    ]
    costs = {}
    for name, numbers_of in (("recall_at_10", _bytes), ("recall_at_10_by_floats", _floats)):
        wanted = exact(images, asked, numbers_of)
        hits = sum(len(one & nearest) for one, nearest in zip(found, wanted, strict=True))
        costs[name] = hits / (NEAREST * turns)
    return costs


def exact(images: int, asked: Sequence[bytes], numbers_of: Numbers) -> list[set[str]]:
    """Return the ids of each query's nearest, every vector looked at."""
    sought = np.stack([numbers_of(vector) for vector in asked])
    best: list[list[tuple[float, int]]] = [[] for _ in asked]
    for first in range(0, images, BATCH):
        count = min(BATCH, images - first)
        held = np.stack([numbers_of(vector) for vector in vectors(count, 2 * first + 1)])
        own = np.asarray([at for at in range(count) if (first + at) % 10])  # the owner's
        for query, products in enumerate(sought @ held[own].T):
            highest = np.argsort(products)[-NEAREST:].tolist()
            found = [(float(products[at]), first + int(own[at])) for at in highest]
            best[query] = sorted([*best[query], *found], reverse=True)[:NEAREST]
    return [{f"{number:036d}" for _, number in row} for row in best]


def _floats(vector: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(vector, "<f2").astype(np.float32)


def _bytes(vector: bytes) -> npt.NDArray[np.float32]:
    return np.frombuffer(quantised(vector), "i1").astype(np.float32)


if __name__ == "__main__":
    main()
