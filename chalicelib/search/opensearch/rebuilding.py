"""Another index in the place of the live one, while searches and writes go on.

From the moment the new index is created, every write goes to both; then everything older is read
from the catalogue, consistently, into the new one. Whatever reaches it twice, or late, meets its
revision: the newest stays. At the end the two are exchanged at once, and the former one is kept to
roll back to.

An index of another release's mapping goes on answering and taking writes, and whoever notices it
starts its rebuild.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable, Unavailable
from chalicelib.reindexing import Journal, Progress, Reindexing, Run, Stage, Unnoted, batches
from chalicelib.search.opensearch.aliases import EXCHANGED, Aliases, is_current
from chalicelib.search.opensearch.bulk import write
from chalicelib.search.opensearch.index import OpenSearchIndex
from chalicelib.search.port import Document

# A run that lives notes its progress after every batch: a second or two, minutes with back-off.
_ABANDONED_AFTER = timedelta(minutes=5)
_LOOK_INTERVAL_SECONDS = 60.0

_logger = logging.getLogger(__name__)


class AutomaticReindexing:
    """Starts a re-index that nobody asked for, or resumes one that was interrupted.

    Parameters
    ----------
    runs
        The state of the newest run: while it is written to, nothing is started.
    reindexing
        Starts the run elsewhere.
    now, clock
        The time of day; monotonic seconds, by which it looks once in a minute at most.
    """

    def __init__(
        self,
        runs: Journal,
        reindexing: Reindexing,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runs = runs
        self._reindexing = reindexing
        self._now = now
        self._clock = clock
        self._next_look = float("-inf")

    def start(self, *, roll_back: bool = False) -> None:
        """Start a run unless one is under way; never fail, since it is asked again."""
        if self._clock() < self._next_look:
            return
        self._next_look = self._clock() + _LOOK_INTERVAL_SECONDS
        try:
            newest = self._runs.newest()
            if newest is None or self._now() - newest.updated_at >= _ABANDONED_AFTER:
                self._reindexing.start(_run_id(newest, roll_back), roll_back=roll_back)
        except Unavailable as error:
            _logger.warning("no re-index was started: %s", error.detail)


def _run_id(newest: Run | None, roll_back: bool) -> str:
    """Return the id of the interrupted run that is resumed, or a new one."""
    if newest and newest.stage is not Stage.FINISHED and newest.roll_back == roll_back:
        return newest.run_id
    return str(uuid4())


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

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build an index from the catalogue and exchange it for the live one.

        An interrupted run is resumed: its index is still there.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        SearchUnavailable
            The engine did not take everything in; the live index stays.
        """
        progress = progress or Unnoted()
        aliases = self._index.aliases.read()
        if aliases.rolls_back:
            aliases = self._moved(aliases, building=None, previous=aliases.building)
        if aliases.building is not None and is_current(aliases.building):
            return self._fill_and_exchange(aliases.building, progress, *progress.stopped)
        return self._fill_and_exchange(self._create(aliases), progress)

    def roll_back(self, progress: Progress | None = None) -> int:
        """Go back to the former index, brought up to date first.

        Returns
        -------
        int
            How many records were read.

        Raises
        ------
        NotFound
            There is none of this release's mapping.
        RevisionConflict
            An index is being built.
        """
        progress = progress or Unnoted()
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
        if aliases.building != building:
            raise SearchUnavailable(EXCHANGED)
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
