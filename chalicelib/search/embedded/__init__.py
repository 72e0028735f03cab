"""The embedded engine: columns in memory, exact vectors, no server."""

from chalicelib.search.embedded.index import EmbeddedIndex

__all__ = ["EmbeddedIndex"]
