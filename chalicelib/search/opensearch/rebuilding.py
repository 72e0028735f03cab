"""Another index in the place of the live one, while searches and writes go on.

From the moment the new index is created, every write goes to both; then everything older is read
from the catalogue, consistently, into the new one. Whatever reaches it twice, or late, meets its
revision: the newest stays. At the end the two are exchanged at once, and the former one is kept to
roll back to.

An index of another release's mapping goes on answering and taking writes, and whoever notices it
starts its rebuild.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable
from chalicelib.reindexing import UNNOTED, AutomaticReindexing, Progress, batches
from chalicelib.search.opensearch.aliases import EXCHANGED, Aliases, is_current
from chalicelib.search.opensearch.bulk import write
from chalicelib.search.opensearch.index import OpenSearchIndex
from chalicelib.search.port import Document, Held

_logger = logging.getLogger(__name__)


class RebuildingIndex:
    """The index that the indexer writes to.

    Parameters
    ----------
    index
        Of the cluster.
    everything
        Yields every document of the catalogue, removals too, after the one with an id.
    automatic
        Starts the run that an outdated index, or an interrupted run, needs.
    """

    def __init__(
        self,
        index: OpenSearchIndex,
        everything: Callable[[str | None], Iterable[Document]],
        automatic: AutomaticReindexing,
    ) -> None:
        self._index = index
        self._everything = everything
        self._automatic = automatic

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; where there is no index yet, the whole catalogue first."""
        aliases = self._index.aliases.read()
        if aliases.live is None:
            self.rebuild()
        elif aliases.building is not None or not is_current(aliases.live):
            self._automatic.start(roll_back=aliases.rolls_back)
        return self._index.apply(documents)

    def held(self, after: str | None, limit: int) -> Sequence[Held]:
        """Return what the live index holds; see `HoldsRevisions.held`."""
        return self._index.held(after, limit)

    def revisions(self, image_ids: Sequence[str]) -> Mapping[str, int]:
        """Return which revisions the live index holds; see `HoldsRevisions.revisions`."""
        return self._index.revisions(image_ids)

    def rebuild(self, progress: Progress = UNNOTED) -> int:
        """Build an index beside the live one; see `RebuildableIndex.rebuild`.

        An interrupted run is resumed: its index is still there.
        """
        aliases = self._index.aliases.read()
        if aliases.rolls_back:
            aliases = self._moved(aliases, building=None, previous=aliases.building)
        if aliases.building is not None and is_current(aliases.building):
            return self._fill_and_exchange(aliases.building, progress, *progress.stopped)
        return self._fill_and_exchange(self._create(aliases), progress)

    def roll_back(self, progress: Progress = UNNOTED) -> int:
        """Exchange the live index for the former one; see `RebuildableIndex.roll_back`."""
        aliases = self._index.aliases.read()
        if aliases.building is not None and aliases.rolls_back:
            return self._fill_and_exchange(aliases.building, progress, *progress.stopped)
        if aliases.building is not None:
            raise RevisionConflict("a re-index is not finished: resume it first")
        if aliases.previous is None or not is_current(aliases.previous):
            raise NotFound("there is no former search index of this release to roll back to")
        self._moved(aliases, building=aliases.previous, previous=None)
        return self._fill_and_exchange(aliases.previous, progress)

    def _create(self, aliases: Aliases) -> str:
        """Create the index to be built, instead of one of another release's."""
        if aliases.building is not None:
            abandoned = aliases.building
            aliases = self._moved(aliases, building=None)
            self._index.drop(abandoned)
        return str(self._index.aliases.create(aliases).building)

    def _moved(self, aliases: Aliases, **changes: str | None) -> Aliases:
        moved = replace(aliases, **changes)  # type: ignore[arg-type]
        self._index.aliases.move(aliases, moved)
        return moved

    def _fill_and_exchange(
        self, building: str, progress: Progress, records: int = 0, last: str | None = None
    ) -> int:
        if last is None:
            progress.note(0, None)  # whatever an earlier run read is not in this index
        for batch in batches(self._everything(last)):
            self._take(building, batch)
            records += len(batch)
            progress.note(records, batch[-1].image_id)
            _logger.info("building a search index: %d records read", records)
        self._index.refresh(building)
        self._exchange(building)
        return records

    def _exchange(self, building: str) -> None:
        """Let the index that was built be live, and drop all but the former one."""
        aliases = self._index.aliases.read()
        if aliases.live == building:
            return  # another run of the same index was quicker
        if aliases.building != building:
            raise RevisionConflict(EXCHANGED)
        self._moved(aliases, live=building, building=None, previous=aliases.live)
        for name in (aliases.previous, *aliases.others):
            if name is not None:
                self._index.drop(name)

    def _take(self, building: str, batch: Sequence[Document]) -> None:
        outcome = write(self._index.client, building, batch)
        if outcome.throttled:
            raise SearchUnavailable(f"{len(outcome.throttled)} records were not indexed")
        for image_id in outcome.refused:
            _logger.error("record %s is left out of the search index", image_id)
