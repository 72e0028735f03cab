"""One real OpenSearch node for all tests of a run, and an index of their own for each."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from opensearchpy import OpenSearch

from chalicelib.search.opensearch import BackOff, OpenSearchIndex, RetryingClient, connect
from chalicelib.search.opensearch.aliases import Aliases
from local.opensearch import OpenSearchNode, lacking

MISSING = lacking()
needs_opensearch = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))
IMPATIENT = BackOff(first=0.01, longest=0.05)


@cache
def shared_url() -> str:
    """Start the shared node at the first call; it ends with the test run.

    ``IMAGE_REPO_TEST_OPENSEARCH`` names one that runs already, to save the wait.
    """
    running = os.environ.get("IMAGE_REPO_TEST_OPENSEARCH")
    if running:
        return running
    folder = Path(tempfile.mkdtemp(prefix="image-repo-opensearch-"))
    node = OpenSearchNode.passing(folder)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(node.stop)
    return node.start()


@cache
def shared_client() -> OpenSearch:
    """Return the client of the shared node."""
    client = connect(shared_url(), timeout=60)
    atexit.register(client.close)
    return client


def index_with(prefix: str, on_outdated: Callable[[], None] = lambda: None) -> OpenSearchIndex:
    """Return the index of a prefix on the shared node; whatever it writes is found at once."""
    client = RetryingClient(shared_client(), IMPATIENT)
    return OpenSearchIndex(client, prefix=prefix, refresh="true", on_outdated=on_outdated)


@contextmanager
def empty_index() -> Iterator[OpenSearchIndex]:
    """Yield an empty index of one's own on the shared node."""
    with own_prefix() as prefix:
        index = index_with(prefix)
        create_live(index)
        yield index


def create_live(index: OpenSearchIndex) -> None:
    """Create the index that is searched."""
    created = index.aliases.create(index.aliases.read())
    index.refresh(str(created.building))
    index.aliases.move(created, Aliases(live=created.building))


@contextmanager
def own_prefix() -> Iterator[str]:
    """Yield a prefix that no other test has, and forget all that begins with it."""
    own = f"test-{uuid4().hex[:12]}"
    client = shared_client()
    try:
        yield own
    finally:
        client.indices.delete(index=f"{own}*", params={"ignore_unavailable": "true"})
