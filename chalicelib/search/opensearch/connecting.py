"""An index behind an address."""

from opensearchpy import OpenSearch

from chalicelib.search.opensearch.calls import Calls, Pauses
from chalicelib.search.opensearch.client import Endpoint
from chalicelib.search.opensearch.flavour import Flavour
from chalicelib.search.opensearch.index import PREFIX, OpenSearchIndex
from chalicelib.search.opensearch.register import AliasRegister, DocumentRegister
from chalicelib.search.opensearch.writing import Refresh


def opensearch_index(endpoint: Endpoint, *, timeout: float, pauses: Pauses) -> OpenSearchIndex:
    """Return the repository's index at an address.

    Parameters
    ----------
    timeout
        Seconds that one answer may take.
    pauses
        Between tries.
    """
    return index_of(endpoint.client(timeout), endpoint.flavour, pauses)


def index_of(
    client: OpenSearch,
    flavour: Flavour,
    pauses: Pauses,
    *,
    prefix: str = PREFIX,
    refresh: Refresh = "wait_for",
) -> OpenSearchIndex:
    """Return the index that begins with a prefix, known by aliases where there are any."""
    calls = Calls(client, pauses)
    register = (AliasRegister if flavour.aliases else DocumentRegister)(calls, prefix)
    return OpenSearchIndex(calls, register, flavour=flavour, prefix=prefix, refresh=refresh)
