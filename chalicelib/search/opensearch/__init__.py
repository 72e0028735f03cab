"""The engine for many photographs and several writers: an OpenSearch domain.

The API holds an ``OpenSearchIndex``, and the indexer a ``RebuildingIndex`` around another.
"""

from chalicelib.search.opensearch.client import BackOff, RetryingClient, connect
from chalicelib.search.opensearch.index import OpenSearchIndex
from chalicelib.search.opensearch.rebuilding import RebuildingIndex

__all__ = ["BackOff", "OpenSearchIndex", "RebuildingIndex", "RetryingClient", "connect"]
