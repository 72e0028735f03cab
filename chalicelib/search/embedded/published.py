"""The published index as its many readers see it."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.embedded.replica import Replica
from chalicelib.search.embedded.schema import OutdatedIndex
from chalicelib.search.embedded.snapshot import DamagedIndex, SnapshotStore
from chalicelib.search.query import Query, Results
from chalicelib.search.suggestions import Suggestion

FRESH_SECONDS = 1.0
STALE = "freshness: the search index could not be looked at, so newest changes may be missing"

_logger = logging.getLogger(__name__)


class PublishedIndex:
    """Adapter of the port ``Searching`` on the published index of a store.

    A copy is held in memory, so that processes sharing ``/tmp`` have nothing to collide in. What
    is published is taken up between two queries, and costs what changed.

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
        self._replica = Replica(store)
        self._empty = EmbeddedIndex.at()
        self._open = False
        self._looked = float("-inf")
        self._stale = False

    def search(self, query: Query) -> Results:
        """Answer a query; see `Searching.search`."""
        answer = self._current().search(query)
        return replace(answer, degraded=(*answer.degraded, STALE)) if self._stale else answer

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        return self._current().count(owner)

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what a beginning may become; see `Searching.suggest`."""
        return self._current().suggest(owner, prefix, limit)

    def nearest(self, owner: str | None, words: Sequence[str]) -> Mapping[str, str]:
        """Return what unknown words may have been meant as; see `Searching.nearest`."""
        return self._current().nearest(owner, words)

    def _current(self) -> EmbeddedIndex:
        if not self._open or self._clock() - self._looked >= FRESH_SECONDS:
            self._look()
        return self._replica.index or self._empty

    def _look(self) -> None:
        """Take up what is published; keep the held state where the store does not answer.

        What is damaged is refused until it is mended, and never answered from.
        """
        try:
            tag = self._store.tag()
            if not self._open or tag is None or tag != self._replica.tag:
                self._replica.follow()
            self._open, self._stale = True, False
        except (OutdatedIndex, DamagedIndex):
            self._open = False
            raise
        except SearchUnavailable:
            if not self._open:
                raise
            _logger.warning("search index not looked at: its store does not answer")
            self._stale = True
        self._looked = self._clock()
