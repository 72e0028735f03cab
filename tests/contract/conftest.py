"""The engines that contracts are held against."""

from collections.abc import Iterator

import pytest

from chalicelib.search import SearchIndex
from tests.opensearch import empty_index, needs_opensearch
from tests.searching import ENGINES


@pytest.fixture(params=[*ENGINES, pytest.param("opensearch", marks=needs_opensearch)])
def index(request: pytest.FixtureRequest) -> Iterator[SearchIndex]:
    """Yield each engine, empty."""
    if request.param == "opensearch":
        with empty_index() as on_node:
            yield on_node
    else:
        yield ENGINES[request.param]()
