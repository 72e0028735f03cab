"""A domain that has no index yet: a new one, or one after another engine."""

from typing import Any, cast

import pytest
from opensearchpy import OpenSearch

from chalicelib.errors import SearchUnavailable
from chalicelib.search.opensearch import BackOff, OpenSearchIndex, RetryingClient


class Refusing:
    """A client whose every search is answered with one error."""

    def __init__(self, status: int, kind: str) -> None:
        self._answer = {"status": status, "error": {"type": kind}}

    def msearch(self, **_: Any) -> Any:
        return {"responses": [self._answer]}


def search(refusing: Refusing) -> list[str]:
    """Return whether a search asked for a re-index, once for each time."""
    asked: list[str] = []
    client = RetryingClient(cast(OpenSearch, refusing), BackOff(first=0.01, longest=0.05))
    index = OpenSearchIndex(client, on_outdated=lambda: asked.append("re-index"))
    with pytest.raises(SearchUnavailable):
        index.view().stored([1])
    return asked


def test_a_search_where_there_is_no_index_has_it_built() -> None:
    assert search(Refusing(404, "index_not_found_exception")) == ["re-index"]


def test_a_search_that_fails_otherwise_has_nothing_built() -> None:
    assert search(Refusing(400, "parsing_exception")) == []
