"""Another published index in the place of the current one: built anew, or the one before it."""

import logging
from collections.abc import Callable, Iterable

from chalicelib.errors import NotFound, SearchUnavailable
from chalicelib.reindexing import Progress, batches
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.manifest import Manifest
from chalicelib.search.embedded.publisher import Publisher
from chalicelib.search.embedded.replica import TRIES, Replica
from chalicelib.search.embedded.schema import OutdatedIndex
from chalicelib.search.embedded.snapshot import DamagedIndex, SnapshotConflict, SnapshotStore
from chalicelib.search.port import Document

_logger = logging.getLogger(__name__)


class Rebuilding:
    """Exchanges the published index.

    Parameters
    ----------
    store
        Where it is published.
    everything
        Yields every document of the catalogue, removals too.
    """

    def __init__(
        self,
        store: SnapshotStore,
        publisher: Publisher,
        everything: Callable[[], Iterable[Document]],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._everything = everything

    def rebuild(self, progress: Progress) -> int:
        """Build the index anew; see `PublishingIndex.rebuild`."""
        tag, standing = self._standing()
        fresh = EmbeddedIndex.at()
        taken = self._fill(fresh, progress)
        self._exchange(fresh, standing, tag)
        return taken

    def roll_back(self, progress: Progress) -> int:
        """Go back to the former index; see `PublishingIndex.roll_back`."""
        tag, standing = self._standing()
        if standing is None or standing.previous is None:
            raise NotFound("there is no former search index to go back to")
        former = Replica(self._store).loaded(standing.previous.as_manifest())
        taken = self._fill(former, progress)
        self._exchange(former, standing, tag)
        return taken

    def _standing(self) -> tuple[str | None, Manifest | None]:
        """Return the current manifest and its tag, as far as they can be read."""
        tag = self._store.tag()
        try:
            published = self._store.manifest()
            if published is not None:
                return published.tag, Manifest.decoded(published.content)
        except (OutdatedIndex, DamagedIndex) as unusable:
            _logger.warning("%s", unusable.detail)
        return tag, None

    def _fill(self, index: EmbeddedIndex, progress: Progress) -> int:
        taken = 0
        for batch in batches(self._everything()):
            for image_id in index.apply(batch):
                _logger.error("record %s is left out of the search index", image_id)
            taken += len(batch)
            progress.note(taken, None)  # what is in memory is not in for good
            _logger.info("making a search index: %d records read", taken)
        return taken

    def _exchange(self, index: EmbeddedIndex, standing: Manifest | None, tag: str | None) -> None:
        for _ in range(TRIES):
            manifest = Manifest(index.lineage, self._publisher.base(index))
            if standing is not None:
                manifest = manifest.instead_of(standing)
            try:
                self._publisher.replace(index, standing, manifest, tag)
            except SnapshotConflict:
                tag, standing = self._caught_up(index, standing)
            else:
                self._publisher.sweep()
                return
        raise SearchUnavailable(f"other writers published {TRIES} times meanwhile")

    def _caught_up(
        self, index: EmbeddedIndex, seen: Manifest | None
    ) -> tuple[str | None, Manifest | None]:
        """Take in what was published since a manifest was seen; return what stands now."""
        tag, standing = self._standing()
        parts = None
        if seen is not None and standing is not None:
            parts = standing.changes_since(seen.lineage, seen.generation)
        if parts is None:
            raise SearchUnavailable("another writer published another index meanwhile")
        for _, entries in Replica(self._store).entries(parts):
            index.take([entry.unnumbered() for entry in entries], index.generation + 1)
        return tag, standing
