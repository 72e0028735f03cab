"""The index as its single writer sees it: what is taken in is published before it returns."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from chalicelib.errors import NotFound, SearchUnavailable
from chalicelib.reindexing import UNNOTED, Position, Progress, batches
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment, segment_of
from chalicelib.search.port import Document, Held
from chalicelib.search.replicated.manifest import (
    DEFAULT_POLICY,
    VERSION,
    Manifest,
    Part,
    Policy,
)
from chalicelib.search.replicated.reader import TRIES, Replica
from chalicelib.search.replicated.store import IndexStore, ManifestConflict, UnusableIndex, digest

_logger = logging.getLogger(__name__)


class IndexWriter:
    """Takes batches in and publishes what they changed.

    A batch is published before the writer's own copy takes it in: the copy never holds what is
    not published. The manifest is replaced only where it is the one the copy was made from; a
    writer that another one overtook follows it and tries again. Where what is published is
    damaged, or was published by another version or from another table, the writer builds it anew
    from the catalogue.

    Parameters
    ----------
    everything
        Yields every document of the catalogue, removals too; read where nothing was published.
    now
        The time, for keeping parts that may still be loaded.
    catalogue
        The name of the table that is indexed.
    """

    def __init__(
        self,
        store: IndexStore,
        everything: Callable[[], Iterable[Document]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        policy: Policy = DEFAULT_POLICY,
        *,
        catalogue: str = "",
    ) -> None:
        self._store = store
        self._everything = everything
        self._now = now
        self._policy = policy
        self._catalogue = catalogue
        self._replica = Replica(store)

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents and publish; return the ids of those that are malformed.

        Raises
        ------
        SearchUnavailable
            Whether they were published is not known; the same batch may be tried again.
        """
        segment, failed = segment_of(documents)
        for _ in range(TRIES):
            index, manifest, tag = self._opened()
            newer = index.newer(segment)
            try:
                if newer.ids:
                    self._publish_run(newer, index, manifest, tag)
                elif self._store.tag() != tag:
                    # Only of what is published it is known that nothing here is newer.
                    self._replica.tag = None
                    raise ManifestConflict
            except ManifestConflict:
                _logger.warning("another writer published an index; following it")
            else:
                self._merge_parts()
                return failed
        raise SearchUnavailable(f"other writers published {TRIES} times meanwhile")

    def held(self, after: str | None, limit: int) -> Sequence[Held]:
        """Return what is published of photographs; see `HoldsRevisions.held`."""
        return self._opened()[0].held(after, limit)

    def revisions(self, image_ids: Sequence[str]) -> Mapping[str, int]:
        """Return which revisions are published; see `HoldsRevisions.revisions`."""
        return self._opened()[0].revisions(image_ids)

    def rebuild(self, progress: Progress = UNNOTED) -> int:
        """Build and publish the index anew in one swap; see `RebuildableIndex.rebuild`.

        What another writer publishes meanwhile is taken in before the swap.
        """
        tag, standing = self._standing()
        fresh = EmbeddedIndex()
        taken = self._fill(fresh, progress)
        self._exchange(fresh, standing, tag, VERSION)
        return taken

    def roll_back(self, progress: Progress = UNNOTED) -> int:
        """Publish the index before the last rebuild; see `RebuildableIndex.roll_back`."""
        tag, standing = self._standing()
        if standing is None or standing.previous is None:
            raise NotFound("there is no former search index to go back to")
        if standing.previous.catalogue != self._catalogue:
            raise NotFound("the former search index is another table's")
        former = self._replica.loaded(standing.previous)
        taken = self._fill(former, progress)
        self._exchange(former, standing, tag, standing.previous.version)
        return taken

    def _opened(self) -> tuple[EmbeddedIndex, Manifest, str]:
        """Return the copy, brought to what is published where that may have moved."""
        replica = self._replica
        if replica.tag is None:
            try:
                replica.follow()
            except UnusableIndex as unusable:
                _logger.error("%s: building it anew", unusable.detail)
                self.rebuild()
        if replica.manifest is None or not replica.manifest.is_current(self._catalogue):
            _logger.info("no search index of this version and table is published: building it")
            self.rebuild()
        if replica.manifest is None or replica.tag is None:
            raise SearchUnavailable("the search index is not open")
        return replica.index, replica.manifest, replica.tag

    def _publish_run(
        self, segment: Segment, index: EmbeddedIndex, manifest: Manifest, tag: str
    ) -> None:
        part = self._added("run", segment, manifest.generation, manifest.generation + 1)
        self._replace(index, manifest, replace(manifest, runs=(*manifest.runs, part)), tag)
        index.take(segment)

    def _merge_parts(self) -> None:
        """Merge what has become many small parts; a failure is for the next batch to make good."""
        replica = self._replica
        if replica.manifest is None:
            return
        try:
            merged = self._merged(replica.index, replica.manifest)
            if merged is not None:
                self._replace(replica.index, replica.manifest, merged, replica.tag)
                self._sweep()
        except (SearchUnavailable, ManifestConflict) as error:
            _logger.warning("parts of the search index not merged: %s", error)

    def _merged(self, index: EmbeddedIndex, manifest: Manifest) -> Manifest | None:
        if manifest.is_heavy(self._policy):
            base = self._added("base", index.segment(), 0, manifest.generation)
            return manifest.with_base(base, self._policy)
        runs = manifest.scattered(self._policy)
        if not runs:
            return None
        merged = EmbeddedIndex(self._replica.segments(runs)).segment()
        return manifest.with_merged(self._added("run", merged, runs[0].after, runs[-1].upto))

    def _standing(self) -> tuple[str | None, Manifest | None]:
        """Return the current manifest and its tag, as far as they can be read."""
        tag = self._store.tag()
        try:
            published = self._store.manifest()
            if published is not None:
                return published.tag, Manifest.decoded(published.content)
        except UnusableIndex as unusable:
            _logger.warning("%s", unusable.detail)
        return tag, None

    def _fill(self, index: EmbeddedIndex, progress: Progress) -> int:
        taken = 0
        for batch in batches(self._everything()):
            for image_id in index.apply(batch):
                _logger.error("record %s is left out of the search index", image_id)
            taken += len(batch)
            progress.note(Position(taken))  # what is in memory is not in for good
            _logger.info("building a search index: %d records read", taken)
        return taken

    def _exchange(
        self, index: EmbeddedIndex, standing: Manifest | None, tag: str | None, version: int
    ) -> None:
        for _ in range(TRIES):
            base = self._added("base", index.segment(), 0, 0)
            previous = standing and replace(standing, retired=(), previous=None)
            manifest = Manifest(
                uuid4().hex, base, version=version, catalogue=self._catalogue, previous=previous
            )
            try:
                self._replace(index, standing, manifest, tag)
            except ManifestConflict:
                tag, standing = self._caught_up(index, standing)
            else:
                self._sweep()
                return
        raise SearchUnavailable(f"other writers published {TRIES} times meanwhile")

    def _caught_up(
        self, index: EmbeddedIndex, seen: Manifest | None
    ) -> tuple[str | None, Manifest | None]:
        """Take in what was published since a manifest was seen; return what stands now."""
        tag, standing = self._standing()
        parts = standing.changes_since(seen) if standing else None
        if parts is None:
            raise SearchUnavailable("another writer published another index meanwhile")
        for segment in self._replica.segments(parts):
            index.take(segment)
        return tag, standing

    def _added(self, kind: str, segment: Segment, after: int, upto: int) -> Part:
        """Add the changes after one generation up to another; a base holds all up to its own.

        Its name was never used: none is removed and published again.
        """
        content = segment.encoded()
        sha256 = digest(content)
        name = f"{kind}-{upto}-{sha256[:12]}-{uuid4().hex[:8]}"
        self._store.add(name, content)
        return Part(name, sha256, len(content), after, upto, len(segment.ids))

    def _replace(
        self, index: EmbeddedIndex, old: Manifest | None, new: Manifest, tag: str | None
    ) -> None:
        """Publish a manifest in the place of another; the replica is then what it says.

        Raises
        ------
        ManifestConflict
            ``old``, with this tag, is no longer the current one; nothing was published.
        """
        self._replica.tag = None  # until it is known which manifest is current
        new = new.after(old, self._now())
        self._replica.become(index, new, self._store.publish(new.encoded(), replacing=tag))

    def _sweep(self) -> None:
        """Remove what no reader can load any more, straight after a manifest was published.

        A part that another writer added before that, for a manifest of its own, is worthless: its
        manifest would replace one that is no longer current.
        """
        manifest = self._replica.manifest
        if manifest is not None:
            names = manifest.superfluous(self._store.parts(), self._now())
            if names:
                self._store.remove(names)
