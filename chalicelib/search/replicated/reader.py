"""Copies of the published index in memory, which follow what is published, and its many readers."""

import logging
import time
from collections.abc import Callable, Iterable

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.segment import Segment
from chalicelib.search.execution import Searcher
from chalicelib.search.port import View
from chalicelib.search.replicated.manifest import Manifest, Part
from chalicelib.search.replicated.store import (
    DamagedIndex,
    IndexStore,
    MissingPart,
    UnusableIndex,
    verified,
)

TRIES = 3
FRESH_SECONDS = 1.0
STALE = "freshness: the search index could not be looked at, so newest changes may be missing"

_logger = logging.getLogger(__name__)


class Replica:
    """Holds one published state at a time.

    What was published since the held state is loaded before any of it is taken in: whoever asks
    after a step that failed is answered from a state that was published.

    Attributes
    ----------
    index
        The copy; empty where nothing was loaded yet.
    manifest
        What the copy was made from.
    tag
        Of the manifest; None where it is not known which is current.
    """

    def __init__(self, store: IndexStore) -> None:
        self._store = store
        self.index = EmbeddedIndex()
        self.manifest: Manifest | None = None
        self.tag: str | None = None

    def follow(self) -> None:
        """Bring the copy to what is published now, if anything ever was.

        Raises
        ------
        UnusableIndex
            Another version of this program published it, or a part of it is damaged or gone.
        SearchUnavailable
            The store does not answer; what is held stays.
        """
        for _ in range(TRIES):
            published = self._store.manifest()
            if published is None and self.manifest is not None:
                raise DamagedIndex("the published search index is gone; rebuild it")
            if published is None:
                return
            manifest = Manifest.decoded(published.content)
            try:
                index = self._brought_to(manifest)
            except MissingPart:
                # Removed because a newer manifest does without it, or lost.
                if self._store.tag() == published.tag:
                    raise
            else:
                self.become(index, manifest, published.tag)
                return
        raise SearchUnavailable("the published search index changes faster than it can be loaded")

    def loaded(self, manifest: Manifest) -> EmbeddedIndex:
        """Return a copy of what a manifest names, whichever is current.

        Raises
        ------
        DamagedIndex
            A part of it is damaged or gone.
        """
        return EmbeddedIndex(self.segments((manifest.base, *manifest.pending)))

    def become(self, index: EmbeddedIndex, manifest: Manifest, tag: str) -> None:
        """Hold what was just published from this very copy, or from another."""
        self.index, self.manifest, self.tag = index, manifest, tag

    def segments(self, parts: Iterable[Part]) -> list[Segment]:
        """Return what parts hold, all of them verified."""
        return [self._segment(part) for part in parts]

    def _brought_to(self, manifest: Manifest) -> EmbeddedIndex:
        parts = manifest.changes_since(self.manifest)
        if parts is None:
            return self.loaded(manifest)
        for segment in self.segments(parts):
            self.index.take(segment)
        return self.index

    def _segment(self, part: Part) -> Segment:
        content = verified(self._store.part(part.name), part.sha256, part.name)
        try:
            return Segment.decoded(content)
        except ValueError as error:
            raise DamagedIndex(f"{part.name} of the published search index: {error}") from error


class PublishedIndex(Searcher):
    """Adapter of the port ``Searching`` on the published index of a store.

    A copy is held in memory, so that processes sharing ``/tmp`` have nothing to collide in. What
    is published is taken up between two queries, and costs what changed.

    Parameters
    ----------
    on_outdated
        Called where nothing is published, or what is cannot be read, lacks columns of this
        version, or is of another table: starts a re-index.
    clock
        Seconds, for looking at the store at most once in ``FRESH_SECONDS``.
    catalogue
        The name of the table that is indexed.
    """

    def __init__(
        self,
        store: IndexStore,
        on_outdated: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
        *,
        catalogue: str = "",
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._on_outdated = on_outdated
        self._clock = clock
        self._replica = Replica(store)
        self._is_open = False
        self._looked = float("-inf")
        self._stale = False

    def view(self, session: str = "") -> View:  # noqa: ARG002 (there is one copy)
        """Return what is published, as it was within the last second."""
        if not self._is_open or self._clock() - self._looked >= FRESH_SECONDS:
            self._look()
        self._replica.index.degraded = (STALE,) if self._stale else ()
        return self._replica.index

    def _look(self) -> None:
        """Take up what is published; keep the held state where the store does not answer.

        What cannot be read is refused until it is mended, and never answered from.
        """
        try:
            tag = self._store.tag()
            if not self._is_open or tag is None or tag != self._replica.tag:
                self._follow()
            self._is_open, self._stale = True, False
        except UnusableIndex:
            self._is_open = False
            self._on_outdated()
            raise
        except SearchUnavailable:
            if not self._is_open:
                raise
            _logger.warning("search index not looked at: its store does not answer")
            self._stale = True
        self._looked = self._clock()

    def _follow(self) -> None:
        self._replica.follow()
        manifest = self._replica.manifest
        if manifest is None or not manifest.is_current(self._catalogue):
            self._on_outdated()
