"""OpenSearch: its own hybrid query, and Image Repo's search on the same node.

The hybrid query and its normalisation are the neural-search plugin's ("Hybrid search"), which the
node of the tests lacks: it is fetched beside k-NN. Mapping and parameters of the peer are
OpenSearch's defaults, except for vectors of bytes, as Image Repo stores them.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from opensearchpy.helpers import bulk

from benchmarks.peers.engine import DEPTH, LIMIT, Engine
from benchmarks.search.corpus import OWNER
from benchmarks.search.timing import kilobytes
from chalicelib.images import VECTOR_SIZE
from chalicelib.search import Document, Query
from chalicelib.search.opensearch import OpenSearchIndex, RetryingClient, connect
from chalicelib.search.text import quantised
from local.opensearch import OpenSearchNode
from tests.opensearch import create_live

HEAP = "1g"
BATCH = 1_000
SECONDS = 3_600  # merging the graphs of 100,000 photographs takes minutes
LEASE_SECONDS = 40  # OpenSearch moves retention leases on every 30 s
_PEER, _OURS, _PIPELINE = "peer", "ours", "hybrid"
_VECTOR = {
    "type": "knn_vector",
    "dimension": VECTOR_SIZE,
    "data_type": "byte",
    "method": {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"},
}
_INDEX = {
    "settings": {"index": {"knn": True, "number_of_replicas": 0, "refresh_interval": "-1"}},
    "mappings": {
        "_source": {"excludes": ["visual", "semantic"]},
        "properties": {
            "owner": {"type": "keyword"},
            "text": {"type": "text", "analyzer": "english"},
            "visual": _VECTOR,
            "semantic": _VECTOR,
        },
    },
}
_NORMALISED = {
    "phase_results_processors": [
        {
            "normalization-processor": {
                "normalization": {"technique": "min_max"},
                "combination": {"technique": "arithmetic_mean"},
            }
        }
    ]
}
_OWN = {"term": {"owner": OWNER}}


class OnNode(Engine):
    """What both have in common: a node of their own in the folder."""

    warm_up: ClassVar[int] = 5  # Java compiles what it is asked often
    index_name: ClassVar[str]

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._node = OpenSearchNode.passing(folder, HEAP, ("neural-search",))

    def open(self) -> None:
        """Start the node."""
        self._client = connect(self._node.start(), SECONDS)
        (node,) = self._client.nodes.info(metric="process")["nodes"].values()
        self._process = int(node["process"]["id"])

    def stored_bytes(self) -> int:
        """Ask the node."""
        told = self._client.indices.stats(metric="store")["indices"]
        (found,) = (one for name, one in told.items() if name.startswith(self.index_name))
        return int(found["primaries"]["store"]["size_in_bytes"])

    def memory_bytes(self) -> int:
        """Return the node's resident memory."""
        return kilobytes("VmRSS", self._process) * 1024

    def processor_seconds(self) -> float:
        """Return this process' time and that of the node's threads."""
        tasks = Path(f"/proc/{self._process}/task")
        spent = (_nanoseconds(task / "schedstat") for task in tasks.iterdir())
        return time.process_time() + sum(spent) / 1e9

    def _settle(self, index: str, write_again: Callable[[], object]) -> None:
        """Merge an index into one segment, as it is after a while.

        Until retention leases have moved on, merges keep every document's source beside the index
        for recoveries. Writing a document again gives the last merge something to do.
        """
        indices = self._client.indices
        indices.flush(index=index)
        time.sleep(LEASE_SECONDS)
        write_again()
        indices.refresh(index=index)
        indices.forcemerge(index=index, params={"max_num_segments": 1})
        indices.refresh(index=index)
        indices.flush(index=index)

    def close(self) -> None:
        """Stop the node."""
        self._client.close()
        self._node.stop()


class Hybrid(OnNode):
    """OpenSearch as its documentation has it."""

    index_name = _PEER

    def fill(self, documents: Sequence[Document]) -> None:
        """Write an index and merge it."""
        self.open()
        self._client.indices.create(index=_PEER, body=_INDEX)
        self._client.transport.perform_request(
            "PUT", f"/_search/pipeline/{_PIPELINE}", body=_NORMALISED
        )
        bulk(self._client, _actions(documents), chunk_size=BATCH)
        self._settle(_PEER, lambda: bulk(self._client, _actions(documents[:1])))
        self.close()

    def find(self, query: Query) -> Sequence[str]:
        """Find the nearest, or captions: of a text alone all words, of a fused one any."""
        if query.visual:
            return self._found(_near("visual", query.visual))
        if not query.semantic:
            return self._found(_matching(query, "and"))
        queries = [_matching(query, "or"), _near("semantic", query.semantic)]
        hybrid = {"hybrid": {"queries": queries, "pagination_depth": DEPTH}}
        return self._found(hybrid, search_pipeline=_PIPELINE)

    def _found(self, query: dict[str, Any], **parameters: str) -> Sequence[str]:
        body = {"query": query, "size": LIMIT, "_source": ["text"], "track_total_hits": True}
        told = self._client.search(index=_PEER, body=body, params=parameters)["hits"]
        return [hit["_id"] for hit in told["hits"]]


class OursOnNode(OnNode):
    """The OpenSearch engine of Image Repo."""

    index_name = _OURS

    def fill(self, documents: Sequence[Document]) -> None:
        """Write an index, merge it and let it be searched."""
        self.open()
        create_live(self.index)
        for at in range(0, len(documents), BATCH):
            failed = self.index.apply(documents[at : at + BATCH])
            assert not failed
        again = [replace(documents[0], rev=documents[0].rev + 1)]
        self._settle(f"{_OURS}*", lambda: self.index.apply(again))
        self.close()

    def open(self) -> None:
        """Start the node."""
        super().open()
        client = RetryingClient(self._client)
        self.index = OpenSearchIndex(client, prefix=_OURS, refresh="false")

    def find(self, query: Query) -> Sequence[str]:
        """Search as the API does."""
        return [hit.image_id for hit in self.index.search(query).hits]


def _actions(documents: Sequence[Document]) -> Iterator[dict[str, Any]]:
    for one in documents:
        if one.visual and one.semantic:
            vectors = {"visual": _bytes(one.visual), "semantic": _bytes(one.semantic)}
            fields = {"owner": one.owner, "text": one.text, **vectors}
            yield {"_index": _PEER, "_id": one.image_id, "_source": fields}


def _matching(query: Query, operator: str) -> dict[str, Any]:
    match = {"match": {"text": {"query": query.text, "operator": operator}}}
    return {"bool": {"must": match, "filter": _OWN}}


def _near(kind: str, vector: bytes) -> dict[str, Any]:
    return {"knn": {kind: {"vector": _bytes(vector), "k": DEPTH, "filter": _OWN}}}


def _bytes(vector: bytes) -> list[int]:
    numbers: list[int] = np.frombuffer(quantised(vector), np.int8).tolist()
    return numbers


def _nanoseconds(file: Path) -> int:
    """Return a thread's processor time; 0 for one that has just ended."""
    try:
        return int(file.read_text().split()[0])
    except (FileNotFoundError, ProcessLookupError):
        return 0
