"""Another index in the place of the live one, while searches and writes go on.

From the moment the new index is created, every write goes to both; then everything older is read
from the catalogue, consistently, into the new one. Whatever reaches it twice, or late, meets its
revision: the newest stays. At the end the two are exchanged at once, if the new one holds as many
documents as were read, and the former one is kept to roll back to.

An interrupted run is resumed where its position was reached in the very filling of the very index
that is there; any other position is worth nothing, and the filling begins anew.

An index of another release's mapping, or of another table, goes on answering and taking writes,
and whoever notices it starts its rebuild.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable
from chalicelib.reindexing import (
    BATCH,
    UNNOTED,
    AutomaticReindexing,
    Position,
    Progress,
    batches,
)
from chalicelib.search.opensearch.aliases import EXCHANGED, Aliases
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
    batch
        Records after which a rebuild tells how far it is.
    """

    def __init__(
        self,
        index: OpenSearchIndex,
        everything: Callable[[str | None], Iterable[Document]],
        automatic: AutomaticReindexing,
        batch: int = BATCH,
    ) -> None:
        self._index = index
        self._batch = batch
        self._everything = everything
        self._automatic = automatic

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; where there is no index yet, the whole catalogue first."""
        aliases = self._index.aliases.read()
        if aliases.live is None:
            self.rebuild()
        elif aliases.building is not None or not self._is_current(aliases.live):
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

        An interrupted run is resumed where its index is still there.
        """
        aliases = self._index.aliases.read()
        if aliases.rolls_back:
            aliases = self._moved(aliases, building=None, previous=aliases.building)
        if aliases.building is not None and self._is_current(aliases.building):
            return self._fill_and_exchange(aliases.building, progress)
        return self._fill_and_exchange(self._create(aliases), progress)

    def roll_back(self, progress: Progress = UNNOTED) -> int:
        """Exchange the live index for the former one; see `RebuildableIndex.roll_back`."""
        aliases = self._index.aliases.read()
        if aliases.building is not None and not aliases.rolls_back:
            raise RevisionConflict("a re-index is not finished: resume it first")
        former = aliases.building or aliases.previous
        if former is None or not self._is_current(former):
            raise NotFound(
                "there is no former search index of this release and table to roll back to"
            )
        if aliases.building is None:
            self._index.aliases.begin_filling(former)  # before writes reach it again
            self._moved(aliases, building=former, previous=None)
        return self._fill_and_exchange(former, progress)

    def _is_current(self, index: str) -> bool:
        return self._index.aliases.is_current(index)

    def _create(self, aliases: Aliases) -> str:
        """Create the index to be built, instead of one of another release's or table's."""
        if aliases.building is not None:
            abandoned = aliases.building
            aliases = self._moved(aliases, building=None)
            self._index.drop(abandoned)
            # Whoever still fills it must not fill the new one, so that has another name.
            aliases = replace(aliases, others=(*aliases.others, abandoned))
        return str(self._index.aliases.create(aliases).building)

    def _moved(self, aliases: Aliases, **changes: str | None) -> Aliases:
        moved = replace(aliases, **changes)  # type: ignore[arg-type]
        self._index.aliases.move(aliases, moved)
        return moved

    def _fill_and_exchange(self, building: str, progress: Progress) -> int:
        filling = self._index.aliases.filling(building)
        is_resumed = filling is not None and progress.stopped.filling == filling
        for start in [progress.stopped] * is_resumed + [Position(filling=filling)]:
            read = self._filled(building, start, progress)
            if read is not None:
                self._exchange(building, filling)
                return read
        raise SearchUnavailable("the new search index does not hold all records that were read")

    def _filled(self, building: str, position: Position, progress: Progress) -> int | None:
        """Read the records after a position; return how many were read in all.

        None where the index holds fewer than that.
        """
        progress.note(position)
        left_out = 0
        for batch in batches(self._everything(position.last), self._batch):
            left_out += self._take(building, batch)
            records, last = position.records + len(batch), batch[-1].image_id
            position = replace(position, records=records, last=last)
            progress.note(position)
            _logger.info("building a search index: %d records read", records)
        self._index.refresh(building)
        held = self._index.size(building)
        if held + left_out >= position.records:
            return position.records
        _logger.error("%s holds %d of %d records", building, held, position.records)
        return None

    def _exchange(self, building: str, filling: str | None) -> None:
        """Let the index that was built be live, and drop all but the former one."""
        aliases = self._index.aliases.read()
        if aliases.live == building:
            return  # another run of the same index was quicker
        # In this order: an index that is filled once more was given another name before.
        if aliases.building != building or self._index.aliases.filling(building) != filling:
            raise RevisionConflict(EXCHANGED)
        self._moved(aliases, live=building, building=None, previous=aliases.live)
        for name in (aliases.previous, *aliases.others):
            if name is not None:
                self._index.drop(name)

    def _take(self, building: str, batch: Sequence[Document]) -> int:
        """Write a batch; return how many of it can never be written."""
        refused = write(self._index.client, building, batch)
        for image_id in refused:
            _logger.error("record %s is left out of the search index", image_id)
        return len(refused)
