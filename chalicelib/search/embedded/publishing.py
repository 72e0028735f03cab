"""The index as its single writer sees it: what is taken in is published before it returns."""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from chalicelib.errors import SearchUnavailable
from chalicelib.reindexing import Progress, Unnoted
from chalicelib.search.embedded import delta
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.manifest import DEFAULT_POLICY, Manifest, Policy
from chalicelib.search.embedded.publisher import Publisher, utc_now
from chalicelib.search.embedded.rebuilding import Rebuilding
from chalicelib.search.embedded.replica import TRIES, Replica
from chalicelib.search.embedded.schema import OutdatedIndex
from chalicelib.search.embedded.snapshot import (
    LEGACY,
    DamagedIndex,
    SnapshotConflict,
    SnapshotStore,
)
from chalicelib.search.port import Document

_logger = logging.getLogger(__name__)


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
    policy
        When parts are merged.
    """

    def __init__(
        self,
        store: SnapshotStore,
        everything: Callable[[], Iterable[Document]],
        now: Callable[[], datetime] = utc_now,
        policy: Policy = DEFAULT_POLICY,
    ) -> None:
        self._now = now
        self._policy = policy
        self._replica = Replica(store)
        self._publisher = Publisher(store, self._replica, now)
        self._rebuilding = Rebuilding(store, self._publisher, everything)

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

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build the index anew from the catalogue and publish it in one swap.

        What another writer publishes meanwhile is taken in before the swap. The former index is
        kept to go back to.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        SearchUnavailable
            It could not be published; the old index stands.
        """
        return self._rebuilding.rebuild(progress or Unnoted())

    def roll_back(self, progress: Progress | None = None) -> int:
        """Go back to the index before the last rebuild, brought up to date first.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        NotFound
            There is none.
        SearchUnavailable
            It could not be published; the newer index stands.
        """
        return self._rebuilding.roll_back(progress or Unnoted())

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
        manifest = Manifest(index.lineage, self._publisher.base(index), retired=retired)
        try:
            self._publisher.replace(index, None, manifest, None)
        except SnapshotConflict:
            self._replica.follow()

    def _publish(
        self, documents: Sequence[Document], index: EmbeddedIndex, manifest: Manifest, tag: str
    ) -> tuple[str, ...]:
        try:
            with index.changing(documents) as change:
                if change.entries:
                    before = manifest.generation
                    part = self._publisher.changes(change.entries, before, change.generation)
                    longer = manifest.extended(part, self._policy)
                    self._publisher.replace(index, manifest, longer, tag)
                return change.failed
        except BaseException:
            self._replica.tag = None  # the copy may lack what was published
            raise

    def _tidy(self) -> None:
        """Merge what has become many small parts; a failure is for the next batch to make good."""
        replica = self._replica
        index, manifest = replica.index, replica.manifest
        if index is None or manifest is None:
            return
        try:
            tidier = self._tidier(index, manifest)
            if tidier is not None:
                self._publisher.replace(index, manifest, tidier, replica.tag)
                self._publisher.sweep()
        except (SearchUnavailable, SnapshotConflict) as error:
            _logger.warning("search index not tidied: %s", error)

    def _tidier(self, index: EmbeddedIndex, manifest: Manifest) -> Manifest | None:
        if manifest.is_heavy(self._policy):
            return manifest.with_base(self._publisher.base(index))
        runs = manifest.scattered(self._policy)
        if not runs:
            return None
        entries = delta.merged(entries for _, entries in self._replica.entries(runs))
        return manifest.with_merged(self._publisher.changes(entries, runs[0].after, runs[-1].upto))
