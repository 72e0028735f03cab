"""Another index in the place of the live one, while searches and writes go on.

From the moment the new index is registered every write goes to both; then everything older is
read from the catalogue, consistently, into the new one. Whatever reaches it twice, or late, meets
its revision: the newest stands. At the end the two are exchanged at once, and the former one is
kept to go back to.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable
from chalicelib.reindexing import Progress, Unnoted, batches
from chalicelib.search.opensearch.index import OpenSearchIndex
from chalicelib.search.opensearch.register import Places
from chalicelib.search.port import Document

_logger = logging.getLogger(__name__)


class RebuildingIndex:
    """What the indexer writes to.

    Parameters
    ----------
    index
        Of the cluster.
    everything
        Yields every document of the catalogue, removals too, after the one with an id.
    """

    def __init__(
        self, index: OpenSearchIndex, everything: Callable[[str | None], Iterable[Document]]
    ) -> None:
        self._index = index
        self._everything = everything

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; where there is no index yet, the whole catalogue first."""
        if self._index.register.read().live is None:
            self.rebuild()
        return self._index.apply(documents)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build an index anew from the catalogue and exchange it for the live one.

        A run that was cut is gone on with: the index it built is still registered.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        SearchUnavailable
            The engine did not take everything in; the live index stands.
        """
        progress = progress or Unnoted()
        places = self._index.register.read()
        if places.goes_back:
            places = replace(places, building=None, previous=places.building)
            self._index.register.write(places)
        if places.building is not None and self._index.is_current(places.building):
            return self._exchanged(places, progress, *progress.stopped)
        return self._exchanged(self._index.begin(places), progress)

    def roll_back(self, progress: Progress | None = None) -> int:
        """Go back to the former index, brought up to date first.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        NotFound
            There is none.
        RevisionConflict
            An index is being built.
        """
        progress = progress or Unnoted()
        places = self._index.register.read()
        if places.goes_back:
            return self._exchanged(places, progress, *progress.stopped)
        if places.previous is None:
            raise NotFound("there is no former search index to go back to")
        if places.building is not None:
            raise RevisionConflict("a re-index is not finished: go on with it first")
        places = replace(places, building=places.previous, previous=None)
        self._index.register.write(places)
        return self._exchanged(places, progress)

    def _exchanged(
        self, places: Places, progress: Progress, records: int = 0, last: str | None = None
    ) -> int:
        building = places.building
        if building is None:
            raise SearchUnavailable("the search index was exchanged meanwhile")
        for batch in batches(self._everything(last)):
            self._take(building, batch)
            records += len(batch)
            progress.note(records, batch[-1].image_id)
            _logger.info("making a search index: %d records read", records)
        self._index.settle(building)
        now = self._index.register.read()
        if now.building != building:
            raise SearchUnavailable("the search index was exchanged meanwhile")
        self._index.register.write(Places(live=building, previous=now.live))
        if now.previous is not None:
            self._index.drop(now.previous)
        return records

    def _take(self, building: str, batch: Sequence[Document]) -> None:
        outcome = self._index.write((building,), batch)
        if outcome.put_off:
            raise SearchUnavailable(f"{len(outcome.put_off)} records were not taken in")
        for image_id in outcome.refused:
            _logger.error("record %s is left out of the search index", image_id)
