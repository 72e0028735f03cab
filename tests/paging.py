"""Going through all pages of a search."""

from collections.abc import Iterator
from dataclasses import replace

from chalicelib.search.port import Searching
from chalicelib.search.query import Query, Results


def pages(index: Searching, query: Query) -> Iterator[Results]:
    """Yield a query's pages, each asked for when the one before it was read."""
    page = index.search(query)
    yield page
    while page.cursor is not None:
        page = index.search(replace(query, cursor=page.cursor))
        yield page
