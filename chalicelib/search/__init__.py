"""Search: one query model, one way from a query to its answer, engines that only retrieve."""

from chalicelib.search.port import Document, SearchIndex, Searching
from chalicelib.search.query import Clause, Filters, Group, Hit, Query, Results

__all__ = [
    "Clause",
    "Document",
    "Filters",
    "Group",
    "Hit",
    "Query",
    "Results",
    "SearchIndex",
    "Searching",
]
