"""The engines that contracts are held against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.search import SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from tests.opensearch import empty_index, needs_opensearch
from tests.searching import ENGINES


@pytest.fixture(
    params=[*ENGINES, "embedded file", pytest.param("opensearch", marks=needs_opensearch)]
)
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """Yield each engine, empty."""
    if request.param == "opensearch":
        with empty_index() as on_node:
            yield on_node
    elif request.param == "embedded file":
        on_disk = EmbeddedIndex.at(tmp_path / "index.sqlite")
        yield on_disk
        on_disk.close()
    else:
        yield ENGINES[request.param]()
