"""The published index as its many readers see it."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.snapshot import SnapshotStore
from chalicelib.search.query import Query, Results

FRESH_SECONDS = 1.0
STALE = "freshness: the search index could not be looked at, so newest changes may be missing"

_logger = logging.getLogger(__name__)


class PublishedIndex:
    """Adapter of the port ``Searching`` on the snapshots of a store.

    A snapshot is held in memory, so that processes sharing ``/tmp`` have nothing to collide in.
    A new one takes the old one's place between two queries.

    Parameters
    ----------
    store
        Where the indexer publishes.
    clock
        Seconds, for looking at the store at most once in ``FRESH_SECONDS``.
    """

    def __init__(self, store: SnapshotStore, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._held: EmbeddedIndex | None = None
        self._tag: str | None = None
        self._looked = float("-inf")
        self._stale = False

    def search(self, query: Query) -> Results:
        """Answer a query; see `Searching.search`."""
        answer = self._current().search(query)
        return replace(answer, degraded=(*answer.degraded, STALE)) if self._stale else answer

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        return self._current().count(owner)

    def _current(self) -> EmbeddedIndex:
        if self._held is None or self._clock() - self._looked >= FRESH_SECONDS:
            self._look()
        if self._held is None:
            raise SearchUnavailable("the search index is not open")
        return self._held

    def _look(self) -> None:
        """Take up the current snapshot; keep the held one where the store does not answer."""
        try:
            tag = self._store.tag()
        except SearchUnavailable:
            if self._held is None:
                raise
            _logger.warning("search index not looked at: its store does not answer")
            self._stale = True
        else:
            if self._held is None or tag != self._tag:
                self._take(tag)
            self._stale = False
        self._looked = self._clock()

    def _take(self, tag: str | None) -> None:
        snapshot = None if tag is None else self._store.read()
        if snapshot is None and self._tag is not None:
            raise SearchUnavailable("the published search index is gone; rebuild it")
        self._held = EmbeddedIndex.at() if snapshot is None else EmbeddedIndex.of(snapshot.image)
        self._tag = None if snapshot is None else snapshot.tag
