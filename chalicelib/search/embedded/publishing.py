"""The index as its single writer sees it: what is taken in is published before it returns."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from chalicelib.errors import NotFound, SearchUnavailable
from chalicelib.reindexing import Progress, Unnoted
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.schema import OutdatedIndex
from chalicelib.search.embedded.snapshot import Snapshot, SnapshotConflict, SnapshotStore
from chalicelib.search.port import Document

TRIES = 3
REBUILD_BATCH = 1_000

_logger = logging.getLogger(__name__)


class PublishingIndex:
    """Applies batches to a working copy in memory and publishes it.

    The published snapshot is the only state that counts: a copy that could not be published, or
    whose snapshot another writer replaced, is thrown away, and the batch is delivered again.

    Parameters
    ----------
    store
        Where snapshots lie.
    everything
        Yields every document of the catalogue, removals too; read where nothing was published.
    """

    def __init__(self, store: SnapshotStore, everything: Callable[[], Iterable[Document]]) -> None:
        self._store = store
        self._everything = everything
        self._working: EmbeddedIndex | None = None
        self._tag: str | None = None

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents and publish; return the ids of those that are malformed.

        Raises
        ------
        SearchUnavailable
            Nothing was published; the same batch may be tried again.
        """
        for _ in range(TRIES):
            working = self._opened()
            before = working.generation
            try:
                failed = working.apply(documents)
                if working.generation != before:
                    self._tag = self._store.write(working.image(), replacing=self._tag)
            except SnapshotConflict:
                _logger.warning("another writer published an index; starting from that")
                self._forget()
            except BaseException:
                self._forget()
                raise
            else:
                return failed
        raise SearchUnavailable(f"other writers published {TRIES} times meanwhile")

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build the index anew from the catalogue and publish it in one swap.

        Parameters
        ----------
        progress
            Is told how far it is. A run that was cut left nothing to go on with.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        SearchUnavailable
            It could not be published; the old index stands.
        """
        tag = self._store.tag()
        fresh, taken = self._built(progress or Unnoted())
        try:
            self._tag = self._store.write(fresh.image(), replacing=tag)
        except SnapshotConflict as conflict:
            raise SearchUnavailable("another writer published meanwhile") from conflict
        self._working = fresh
        return taken

    def roll_back(self, _progress: Progress | None = None) -> int:
        """Refuse: an index is never anything but what the catalogue makes of it.

        Raises
        ------
        NotFound
            Always.
        """
        raise NotFound("the embedded search engine keeps no former index: make it anew instead")

    def _opened(self) -> EmbeddedIndex:
        """Return the working copy: the held one, else the published, else one built anew."""
        if self._working is None:
            snapshot = self._store.read()
            if snapshot is None:
                self.rebuild()
            else:
                self._take(snapshot)
        if self._working is None:
            raise SearchUnavailable("the search index is not open")
        return self._working

    def _take(self, snapshot: Snapshot) -> None:
        try:
            self._working = EmbeddedIndex.of(snapshot.image)
            self._tag = snapshot.tag
        except OutdatedIndex as outdated:
            _logger.warning("%s", outdated.detail)
            self.rebuild()

    def _built(self, progress: Progress) -> tuple[EmbeddedIndex, int]:
        fresh = EmbeddedIndex.at()
        taken = 0
        for batch in _batches(self._everything()):
            for image_id in fresh.apply(batch):
                _logger.error("record %s is left out of the rebuilt index", image_id)
            taken += len(batch)
            progress.note(taken, batch[-1].image_id)
            _logger.info("rebuilding the search index: %d records read", taken)
        return fresh, taken

    def _forget(self) -> None:
        self._working = None
        self._tag = None


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    ahead = iter(documents)
    while batch := list(islice(ahead, REBUILD_BATCH)):
        yield batch
