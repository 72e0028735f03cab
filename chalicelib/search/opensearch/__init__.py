"""The engine for many photographs and several writers: an OpenSearch domain.

The API holds an ``OpenSearchIndex``, and the indexer a ``RebuildingIndex`` around another.
"""

from chalicelib.search.opensearch.client import BackOff, Endpoint, RetryingClient
from chalicelib.search.opensearch.index import OpenSearchIndex, opensearch_index
from chalicelib.search.opensearch.rebuilding import RebuildingIndex

__all__ = [
    "BackOff",
    "Endpoint",
    "OpenSearchIndex",
    "RebuildingIndex",
    "RetryingClient",
    "opensearch_index",
]
