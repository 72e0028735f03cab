"""The index as its single writer sees it: what is taken in is published before it returns."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded import delta
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.manifest import Manifest
from chalicelib.search.embedded.parts import Parts
from chalicelib.search.embedded.replica import TRIES, Replica
from chalicelib.search.embedded.schema import OutdatedIndex
from chalicelib.search.embedded.snapshot import (
    LEGACY,
    DamagedIndex,
    SnapshotConflict,
    SnapshotStore,
)
from chalicelib.search.port import Document

REBUILD_BATCH = 1_000

_logger = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


class PublishingIndex:
    """Applies batches to a copy in memory and publishes what they changed.

    A batch is taken into the copy and published within one transaction: the copy never holds what
    is not published. The manifest is replaced only where it is the one the copy was made from; a
    writer that another one overtook follows it and tries again. Where what is published is damaged
    or of another version, the writer makes it anew from the catalogue.

    Parameters
    ----------
    store
        Where the index is published.
    everything
        Yields every document of the catalogue, removals too; read where nothing was published.
    now
        The time, for keeping parts that may still be loaded.
    """

    def __init__(
        self,
        store: SnapshotStore,
        everything: Callable[[], Iterable[Document]],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._store = store
        self._everything = everything
        self._now = now
        self._replica = Replica(store)
        self._parts = Parts(store)

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents and publish; return the ids of those that are malformed.

        Raises
        ------
        SearchUnavailable
            Whether they were published is not known; the same batch may be tried again.
        """
        for _ in range(TRIES):
            index, manifest, tag = self._opened()
            try:
                failed = self._publish(documents, index, manifest, tag)
            except SnapshotConflict:
                _logger.warning("another writer published an index; going on from that")
            else:
                self._tidy()
                return failed
        raise SearchUnavailable(f"other writers published {TRIES} times meanwhile")

    def rebuild(self) -> int:
        """Build the index anew from the catalogue and publish it in one swap.

        What another writer publishes meanwhile is taken in before the swap.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        SearchUnavailable
            It could not be published; the old index stands.
        """
        tag, old = self._standing()
        fresh, taken = self._built()
        for _ in range(TRIES):
            base = self._parts.base(fresh)
            manifest = Manifest(fresh.lineage, base)
            if old is not None:
                manifest = old.followed_by(manifest, self._now())
            try:
                self._replace(fresh, manifest, tag)
            except SnapshotConflict:
                tag, old = self._caught_up(fresh, old)
            else:
                self._sweep()
                return taken
        raise SearchUnavailable(f"other writers published {TRIES} times meanwhile")

    def _opened(self) -> tuple[EmbeddedIndex, Manifest, str]:
        """Return the copy, brought to what is published where that may have moved."""
        replica = self._replica
        if replica.tag is None:
            try:
                if not replica.follow():
                    self.rebuild()
            except (OutdatedIndex, DamagedIndex) as unusable:
                _logger.error("%s: building it anew", unusable.detail)
                self.rebuild()
        if replica.index is not None and replica.manifest is None:
            self._adopt(replica.index)
        if replica.index is None or replica.manifest is None or replica.tag is None:
            raise SearchUnavailable("the search index is not open")
        return replica.index, replica.manifest, replica.tag

    def _adopt(self, index: EmbeddedIndex) -> None:
        """Publish what an earlier version left as one object; its readers may go on for a while."""
        _logger.info("taking over the search index that an earlier version published")
        retired = ((LEGACY, int(self._now().timestamp())),)
        manifest = Manifest(index.lineage, self._parts.base(index), retired=retired)
        try:
            self._replace(index, manifest, None)
        except SnapshotConflict:
            self._replica.follow()

    def _publish(
        self, documents: Sequence[Document], index: EmbeddedIndex, manifest: Manifest, tag: str
    ) -> tuple[str, ...]:
        self._replica.tag = None  # until it is known which manifest is current
        with index.changing(documents) as change:
            if change.entries:
                before = manifest.generation
                part = self._parts.changes(change.entries, before, change.generation)
                manifest = manifest.extended(part, self._now())
                tag = self._store.publish(manifest.encoded(), replacing=tag)
        self._replica.become(index, manifest, tag)
        return change.failed

    def _replace(self, index: EmbeddedIndex, manifest: Manifest, tag: str | None) -> None:
        self._replica.tag = None
        tag = self._store.publish(manifest.encoded(), replacing=tag)
        self._replica.become(index, manifest, tag)

    def _tidy(self) -> None:
        """Merge what has become many small parts; a failure is for the next batch to make good."""
        replica = self._replica
        index, manifest, tag = replica.index, replica.manifest, replica.tag
        if index is None or manifest is None:
            return
        try:
            if manifest.is_heavy:
                tidier = manifest.with_base(self._parts.base(index), self._now())
            elif runs := manifest.scattered:
                entries = delta.merged(entries for _, entries in replica.entries(runs))
                run = self._parts.changes(entries, runs[0].after, runs[-1].upto)
                tidier = manifest.with_merged(run, self._now())
            else:
                return
            self._replace(index, tidier, tag)
            self._sweep()
        except (SearchUnavailable, SnapshotConflict) as error:
            _logger.warning("search index not tidied: %s", error)

    def _sweep(self) -> None:
        """Remove what no reader can load any more, straight after a manifest was published.

        A part that another writer added before that, for a manifest of its own, is worthless: its
        manifest would replace one that is no longer current.
        """
        manifest = self._replica.manifest
        if manifest is not None and (
            names := manifest.superfluous(self._store.parts(), self._now())
        ):
            self._store.remove(names)

    def _standing(self) -> tuple[str | None, Manifest | None]:
        """Return the current manifest and its tag, as far as they can be read."""
        tag = self._store.tag()
        try:
            published = self._store.manifest()
            return (
                (published.tag, Manifest.decoded(published.content)) if published else (tag, None)
            )
        except (OutdatedIndex, DamagedIndex):
            return tag, None

    def _caught_up(
        self, fresh: EmbeddedIndex, old: Manifest | None
    ) -> tuple[str | None, Manifest | None]:
        """Take what was published since ``old`` into the new index; return what stands now."""
        tag, standing = self._standing()
        parts = None
        if old is not None and standing is not None:
            parts = standing.changes_since(old.lineage, old.generation)
        if parts is None:
            raise SearchUnavailable("another writer published another index meanwhile")
        for _, entries in self._replica.entries(parts):
            fresh.take([entry.unnumbered() for entry in entries], fresh.generation + 1)
        return tag, standing

    def _built(self) -> tuple[EmbeddedIndex, int]:
        fresh = EmbeddedIndex.at()
        taken = 0
        for batch in _batches(self._everything()):
            for image_id in fresh.apply(batch):
                _logger.error("record %s is left out of the rebuilt index", image_id)
            taken += len(batch)
            _logger.info("rebuilding the search index: %d records read", taken)
        return fresh, taken


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    ahead = iter(documents)
    while batch := list(islice(ahead, REBUILD_BATCH)):
        yield batch
