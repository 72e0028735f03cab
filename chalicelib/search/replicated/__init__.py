"""The published index: one writer publishes parts to a store, many readers follow them."""

from chalicelib.search.replicated.reader import PublishedIndex
from chalicelib.search.replicated.store import S3IndexStore
from chalicelib.search.replicated.writer import IndexWriter

__all__ = ["IndexWriter", "PublishedIndex", "S3IndexStore"]
