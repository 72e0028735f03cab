"""Takes a batch of the stream into the index, then tells the event bus."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from chalicelib.errors import Unavailable
from chalicelib.reindexing import Journal, Progress
from chalicelib.search.port import Document, document_of
from indexer.announcing import EventPublisher, announcement_of
from indexer.changes import Change

_logger = logging.getLogger(__name__)


class Index(Protocol):
    """What the indexer needs: ``replicated.IndexWriter``, ``opensearch.RebuildingIndex``."""

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents durably; return the ids of malformed ones."""

    def rebuild(self, progress: Progress | None = None) -> int:
        """Build the index anew from the catalogue; return how many records were read."""

    def roll_back(self, progress: Progress | None = None) -> int:
        """Go back to the index before this one; return how many records were read."""


class Indexer:
    """One batch after another, at least once each.

    Parameters
    ----------
    index
        The search index.
    events
        Where transitions are told.
    journal
        Where it is written down how far a re-index is.
    """

    def __init__(self, index: Index, events: EventPublisher, journal: Journal) -> None:
        self._index = index
        self._events = events
        self._journal = journal

    def take(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Take in a batch; return the sequence numbers of what must be delivered again.

        Raises
        ------
        SearchUnavailable
            The index took nothing in; the whole batch must be delivered again.
        """
        changes, unread = _read(records)
        refused = set(self._index.apply([document_of(change.after) for change in changes]))
        failed = unread + [c.number for c in changes if c.after.image_id in refused]
        taken = [change for change in changes if change.after.image_id not in refused]
        return failed + self._tell(taken)

    def reindex(self, run_id: str, *, roll_back: bool) -> int:
        """Build the index anew, or go back; return how many records were read."""
        work = self._index.roll_back if roll_back else self._index.rebuild
        return self._journal.carried_out(run_id, roll_back=roll_back, work=work)

    def _tell(self, changes: Sequence[Change]) -> list[str]:
        """Tell of the changes, now that they are searchable; return which could not be told."""
        told = [(change.number, announcement_of(change)) for change in changes]
        due = [(number, announcement) for number, announcement in told if announcement]
        if not due:
            return []
        try:
            self._events.publish([announcement for _, announcement in due])
        except Unavailable as error:
            _logger.warning("%d events will be told again: %s", len(due), error.detail)
            return [number for number, _ in due]
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
