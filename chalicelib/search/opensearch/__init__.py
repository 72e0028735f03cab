"""The engine for many images and several writers: OpenSearch, a domain or Serverless."""

from chalicelib.search.opensearch.calls import Calls, Pauses
from chalicelib.search.opensearch.client import Endpoint
from chalicelib.search.opensearch.index import OpenSearchIndex
from chalicelib.search.opensearch.register import AliasRegister, DocumentRegister, Places

__all__ = [
    "AliasRegister",
    "Calls",
    "DocumentRegister",
    "Endpoint",
    "OpenSearchIndex",
    "Pauses",
    "Places",
]
