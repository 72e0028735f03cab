"""Index a batch of the stream, then publish its events."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.catalogue.recount import Recount
from chalicelib.errors import RevisionConflict, Unavailable
from chalicelib.reconciling.index import Repairing
from chalicelib.reindexing import RunStateStore
from chalicelib.search.port import RebuildableIndex, document_of
from indexer.changes import Change, EventBus

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Indexer:
    """Index batches of the stream, each at least once.

    ``runs`` is the state of re-indexes, ``repairing`` what the reconciler asks for.
    """

    index: RebuildableIndex
    bus: EventBus
    runs: RunStateStore
    counting: Recount
    repairing: Repairing

    def take(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Index a batch; return the sequence numbers of what must be delivered again.

        Raises
        ------
        SearchUnavailable
            Nothing was indexed; the whole batch must be delivered again.
        """
        changes, unread = _read(records)
        refused = set(self.index.apply([document_of(change.after) for change in changes]))
        failed = unread + [c.number for c in changes if c.after.image_id in refused]
        indexed = [change for change in changes if change.after.image_id not in refused]
        return failed + self._publish(indexed)

    def reindex(self, run_id: str, *, roll_back: bool, unless_running: bool = False) -> int:
        """Rebuild the index, or roll it back; return how many records were read.

        Raises
        ------
        RevisionConflict
            Another run is under way, and ``unless_running`` was asked.
        """
        if unless_running and self.runs.is_running(other_than=run_id):
            raise RevisionConflict("another re-index is running")
        work = self.index.roll_back if roll_back else self.index.rebuild
        return self.runs.run(run_id, roll_back=roll_back, work=work)

    def _publish(self, changes: Sequence[Change]) -> list[str]:
        """Publish changes that are searchable now; return the numbers of those that failed."""
        events = {change.number: event for change in changes if (event := change.event())}
        try:
            self.bus.publish([*events.values()])
        except Unavailable as error:
            _logger.warning("%d events will be published again: %s", len(events), error.detail)
            return [*events]
        return []


def _read(records: Sequence[Mapping[str, Any]]) -> tuple[list[Change], list[str]]:
    """Return the changes, and the sequence numbers of records that cannot be read."""
    changes: list[Change] = []
    unread: list[str] = []
    for record in records:
        try:
            changes.append(Change.of(record))
        except (KeyError, TypeError, ValueError) as error:
            number = str(record["dynamodb"]["SequenceNumber"])
            _logger.error("stream record %s cannot be read: %s", number, type(error).__name__)
            unread.append(number)
    return changes, unread
