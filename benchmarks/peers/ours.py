"""The embedded index, from an encoded segment on disk."""

from collections.abc import Sequence

from benchmarks.peers.engine import Engine
from chalicelib.search import Document, Query
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment, segment_of


class Embedded(Engine):
    """The embedded engine."""

    def fill(self, documents: Sequence[Document]) -> None:
        """Write a segment, as it is published."""
        segment, failed = segment_of(documents)
        assert not failed
        (self.folder / "segment").write_bytes(segment.encoded())

    def open(self) -> None:
        """Load the segment."""
        self.index = EmbeddedIndex([Segment.decoded((self.folder / "segment").read_bytes())])

    def find(self, query: Query) -> Sequence[str]:
        """Search as the API does."""
        return [hit.image_id for hit in self.index.search(query).hits]
