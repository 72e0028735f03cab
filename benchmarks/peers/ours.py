"""The embedded index, from an encoded segment on disk."""

from collections.abc import Sequence

from benchmarks.peers.engine import LIMIT, Engine
from benchmarks.search.corpus import OWNER
from chalicelib.search import Document, Query, Searching
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment, segment_of
from chalicelib.search.query import Mode


class Asked:
    """The three questions as queries of Image Repo."""

    index: Searching

    def text(self, words: str) -> Sequence[str]:
        """Find captions."""
        return self._found(Query(OWNER, text=words, limit=LIMIT))

    def image(self, vector: bytes) -> Sequence[str]:
        """Find the nearest."""
        return self._found(Query(OWNER, visual=vector, limit=LIMIT))

    def fused(self, text: str, vector: bytes) -> Sequence[str]:
        """Find by words, attributes and meaning."""
        query = Query(OWNER, text=text, semantic=vector, mode=Mode.FUSED, limit=LIMIT)
        return self._found(query)

    def _found(self, query: Query) -> Sequence[str]:
        return [hit.image_id for hit in self.index.search(query).hits]


class Embedded(Asked, Engine):
    """The embedded engine."""

    def fill(self, documents: Sequence[Document]) -> None:
        """Write a segment, as it is published."""
        segment, failed = segment_of(documents)
        assert not failed
        (self.folder / "segment").write_bytes(segment.encoded())

    def open(self) -> None:
        """Load the segment."""
        self.index = EmbeddedIndex([Segment.decoded((self.folder / "segment").read_bytes())])
