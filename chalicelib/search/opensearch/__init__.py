"""The engine for many images and several writers: OpenSearch, a domain or Serverless.

The API holds an ``OpenSearchIndex``, and the indexer a ``RebuildingIndex`` around another.
"""

from chalicelib.search.opensearch.calls import Pauses
from chalicelib.search.opensearch.client import Endpoint
from chalicelib.search.opensearch.connecting import index_of, opensearch_index
from chalicelib.search.opensearch.index import OpenSearchIndex
from chalicelib.search.opensearch.rebuilding import RebuildingIndex

__all__ = [
    "Endpoint",
    "OpenSearchIndex",
    "Pauses",
    "RebuildingIndex",
    "index_of",
    "opensearch_index",
]
