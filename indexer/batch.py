"""Index a batch of the stream, then publish its events."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.catalogue.recount import Recount
from chalicelib.errors import RevisionConflict, Unavailable
from chalicelib.reconciling.index import Repairing
from chalicelib.reindexing import RunStateStore
from chalicelib.search.port import Document, RebuildableIndex, document_of
from indexer.changes import Change, EventBus

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch's records.

    Attributes
    ----------
    indexed, left_out
        How many are in the index, and how many never can be, as they are.
    unpublished
        Sequence numbers of those whose event the bus did not take: to be delivered again.
    """

    indexed: int
    left_out: int
    unpublished: Sequence[str]


@dataclass(frozen=True, slots=True)
class Indexer:
    """Index batches of the stream, each at least once.

    ``runs`` is the state of re-indexes, ``repairing`` what the reconciler asks for.

    A record whose failure is its own would fail for ever, and hold up all behind it in its shard
    until the stream forgets it, after a day: it is left out, counted, and found by a re-index. All
    other failures are the index's or the bus's, and are tried again.
    https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
    """

    index: RebuildableIndex
    bus: EventBus
    runs: RunStateStore
    counting: Recount
    repairing: Repairing

    def take(self, records: Sequence[Mapping[str, Any]]) -> Taken:
        """Index a batch.

        Raises
        ------
        SearchUnavailable
            The index does not answer; the whole batch must be delivered again.
        """
        changes, documents = _read(records)
        refused = set(self.index.apply(documents))
        unread = len(records) - len(changes)
        left_out = unread + sum(change.after.image_id in refused for change in changes)
        return Taken(len(records) - left_out, left_out, self._publish(changes))

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
        """Publish changes, those that were left out too; return the numbers of those that failed.

        No later delivery would tell of these, and the catalogue has them.
        """
        events = {change.number: event for change in changes if (event := change.event())}
        try:
            self.bus.publish([*events.values()])
        except Unavailable as error:
            _logger.warning("%d events will be published again: %s", len(events), error.detail)
            return [*events]
        return []


def _read(records: Sequence[Mapping[str, Any]]) -> tuple[list[Change], list[Document]]:
    """Return the changes, and their documents, but of those records that cannot be read."""
    changes: list[Change] = []
    documents: list[Document] = []
    for record in records:
        try:
            change = Change.of(record)
            document = document_of(change.after)
        except Exception as error:  # whatever it was, it would be the same at every delivery
            number = record.get("dynamodb", {}).get("SequenceNumber")
            _logger.error("stream record %s cannot be read: %s", number, type(error).__name__)
            continue
        changes.append(change)
        documents.append(document)
    return changes, documents
