"""The published index as its many readers see it."""

import logging
import time
from collections.abc import Callable

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.index import EmbeddedIndex
from chalicelib.search.execution import Searcher
from chalicelib.search.port import View
from chalicelib.search.replicated.replica import Replica
from chalicelib.search.replicated.store import IndexStore, UnusableIndex

FRESH_SECONDS = 1.0
STALE = "freshness: the search index could not be looked at, so newest changes may be missing"

_logger = logging.getLogger(__name__)


class PublishedIndex(Searcher):
    """Adapter of the port ``Searching`` on the published index of a store.

    A copy is held in memory, so that processes sharing ``/tmp`` have nothing to collide in. What
    is published is taken up between two queries, and costs what changed.

    Parameters
    ----------
    store
        Where the indexer publishes.
    on_outdated
        Called where nothing is published, or what is cannot be read or lacks columns of this
        version: starts a re-index.
    clock
        Seconds, for looking at the store at most once in ``FRESH_SECONDS``.
    """

    def __init__(
        self,
        store: IndexStore,
        on_outdated: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._on_outdated = on_outdated
        self._clock = clock
        self._replica = Replica(store)
        self._empty = EmbeddedIndex()
        self._is_open = False
        self._looked = float("-inf")
        self._stale = False

    def view(self, session: str = "") -> View:  # noqa: ARG002 (there is one copy)
        """Return what is published, as it was within the last second."""
        if not self._is_open or self._clock() - self._looked >= FRESH_SECONDS:
            self._look()
        index = self._replica.index or self._empty
        index.degraded = (STALE,) if self._stale else ()
        return index

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
        is_published = self._replica.follow()
        manifest = self._replica.manifest
        if not is_published or (manifest is not None and not manifest.is_current):
            self._on_outdated()
