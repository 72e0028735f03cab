"""The cluster for a number of photographs, from measured bytes and rates.

``python -m benchmarks.sizing``

Everything measured or assumed has a name below, with its reason; prices are those of
``benchmarks.cost.prices``.
"""

import math
from dataclasses import dataclass

from benchmarks.cost.prices import HOURS, PRICES
from chalicelib.images import VECTOR_SIZE

IMAGES = (10_000_000, 100_000_000)
BYTES = 1_600  # an image, once merged: `benchmarks.opensearch` with a million, as is the next
RATE = 2_327  # photographs that one node takes in a second
VECTORS = 2  # of an image: what it looks like, and what it means
LINKS = 16  # of a vertex of the graph, as the index template says
GRAPH_BYTES = 8 * LINKS  # a vertex's, and the tenth on top: OpenSearch's own estimate of memory
ON_TOP = 1.1
COPIES = 2  # of each shard: one node may fail
SHARD_BYTES = 25e9  # 10 to 50 GB is what AWS advises for search; a merge needs as much again
DISK_ON_TOP = 1.45  # for merges, the operating system and the service's own reserve
HOT_SHARE = 0.15  # of everything that is no vector: postings and doc values of most queries
MOST_HEAP = 31  # GiB: Java's, half of the memory up to this
CACHE_SHARE = 0.75  # of the rest: what the system leaves for files that are read again and again
MASTERS = (3, "m6g.large")  # dedicated, from the fourth data node on


@dataclass(frozen=True, slots=True)
class Node:
    """A kind of data node: GiB of memory."""

    name: str
    memory: int

    @property
    def cache(self) -> float:
        """Bytes of the index that it holds in memory."""
        return (self.memory - min(self.memory / 2, MOST_HEAP)) * CACHE_SHARE * 2**30


NODES = (
    Node("r6g.large", 16),
    Node("r6g.xlarge", 32),
    Node("r6g.2xlarge", 64),
    Node("r6g.4xlarge", 128),
)


@dataclass(frozen=True, slots=True)
class Form:
    """How vectors are kept.

    Attributes
    ----------
    in_memory
        Bytes of one vector that must be near the processor, without its graph.
    on_disk
        Bytes of one vector on disk beyond the byte vectors that were measured.
    """

    name: str
    in_memory: float
    on_disk: float


FORMS = (
    Form("float32", 4 * VECTOR_SIZE, 3 * VECTOR_SIZE),
    Form("bytes (as built)", VECTOR_SIZE, 0),
    Form("on disk, 1 bit in memory", VECTOR_SIZE / 8, 3 * VECTOR_SIZE),
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """What a number of photographs needs: bytes in memory and on disk, nodes, dollars a month."""

    hot: float
    disk: float
    shards: int
    nodes: int
    node: str
    dollars: float


def cluster(images: int, form: Form) -> Cluster:
    """Return the cheapest cluster of one kind of node that holds the hot bytes in memory."""
    vectors = VECTORS * ON_TOP * (form.in_memory + GRAPH_BYTES)
    rest = BYTES - VECTORS * (VECTOR_SIZE + GRAPH_BYTES)
    hot = images * COPIES * (vectors + HOT_SHARE * rest)
    stored = images * (BYTES + VECTORS * form.on_disk)
    disk = stored * COPIES * DISK_ON_TOP
    dollars, nodes, node = min(_priced(hot, disk, node) for node in NODES)
    return Cluster(hot, disk, math.ceil(stored / SHARD_BYTES), nodes, node, dollars)


def _priced(hot: float, disk: float, node: Node) -> tuple[float, int, str]:
    """Return dollars a month, how many nodes, and their name."""
    count = max(COPIES, math.ceil(hot / node.cache))
    return month(node.name, count, disk / 1e9), count, node.name


def month(node: str, count: int, gigabytes: float) -> float:
    """Return dollars a month of so many nodes of a kind and of all their disks."""
    kinds = ((count, node), MASTERS) if count > 3 else ((count, node),)
    nodes = sum(PRICES[f"OpenSearch, {name}"].of(number * HOURS) for number, name in kinds)
    return nodes + PRICES["OpenSearch, gp3"].of(gigabytes)


def main() -> None:
    """Print the clusters as a table of Markdown."""
    print(
        "| photographs | vectors | in memory, all copies | on disk | shards | data nodes "
        "| indexed by one node in |\n|---|---|---|---|---|---|---|"
    )
    for count in IMAGES:
        for form in FORMS:
            one = cluster(count, form)
            print(
                f"| {count:,} | {form.name} | {one.hot / 1e9:,.0f} GB | {one.disk / 1e9:,.0f} GB "
                f"| {one.shards} × {COPIES} | {one.nodes} × {one.node} "
                f"| {count / RATE / 3600:,.1f} h |"
            )


if __name__ == "__main__":
    main()
