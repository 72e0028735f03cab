"""What tests of the published index share: time, photographs, and who writes and reads."""

from chalicelib.search import Document, Query
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from chalicelib.search.replicated.manifest import Manifest
from tests.memory.index_store import MemoryIndexStore

QUERY = Query("ann", text="dog")


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def document(image_id: str, rev: int = 1, *, deleted: bool = False) -> Document:
    return Document(image_id, rev, "ann", text="a dog", deleted=deleted)


def writer(store: MemoryIndexStore, *catalogue: Document) -> IndexWriter:
    return IndexWriter(store, lambda: catalogue)


def found(reader: PublishedIndex) -> set[str]:
    return {hit.image_id for hit in reader.search(QUERY).hits}


def standing(store: MemoryIndexStore) -> Manifest:
    assert store.held is not None
    return Manifest.decoded(store.held[0])
