"""The embedded engine: SQLite's FTS5 for words, exact vectors, one file, no server.

``EmbeddedIndex`` is the engine on one file or in memory. On AWS the indexer holds a
``PublishingIndex``, which publishes snapshots to the bucket, and every API function a
``PublishedIndex``, which reads them.
"""

from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.published import PublishedIndex
from chalicelib.search.embedded.publishing import PublishingIndex
from chalicelib.search.embedded.s3_store import S3SnapshotStore

__all__ = ["EmbeddedIndex", "PublishedIndex", "PublishingIndex", "S3SnapshotStore"]
