"""Which events no longer change a record, so that any order and any repetition is safe."""

from enum import StrEnum

from chalicelib.events import EventKind, ObjectEvent, is_older
from chalicelib.images import Image, State


class IngestOutcome(StrEnum):
    """What an event led to: the record's new state, or why it stayed as it was."""

    CAPTIONED = "captioned"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    DELETED = "deleted"
    DUPLICATE = "duplicate"
    STALE = "stale"
    GONE = "gone"


def skip_reason(record: Image | None, event: ObjectEvent, model: str) -> IngestOutcome | None:
    """Return why an event changes nothing, or None where it does.

    Parameters
    ----------
    record
        As it is stored now.
    model
        ``name@version`` whose work counts as finished.
    """
    if record is None:
        return None
    if event.sequencer is None:
        return _skip_redrive(record, event)
    if record.sequencer and is_older(event.sequencer, record.sequencer):
        return IngestOutcome.STALE
    if event.kind is EventKind.REMOVED:
        return _skip_removal(record, event)
    if record.sequencer is None or is_older(record.sequencer, event.sequencer):
        return None
    return IngestOutcome.DUPLICATE if _is_finished(record, model) else None


def is_unchanged(record: Image | None, event: ObjectEvent, sha256: str, model: str) -> bool:
    """Say whether a redrive without ``force`` finds a file that is described already."""
    if record is None or event.sequencer or event.force:
        return False
    return _is_finished(record, model) and record.sha256 == sha256


def _skip_redrive(record: Image, event: ObjectEvent) -> IngestOutcome | None:
    """Return why a redrive changes nothing.

    It is never later than a deletion, nor than an event that was applied since its processing
    began: what it read may be the file that was replaced.
    """
    is_late = record.state is State.DELETED or record.sequencer != event.seen
    return IngestOutcome.STALE if is_late or _is_of_another_version(record, event) else None


def _skip_removal(record: Image, event: ObjectEvent) -> IngestOutcome | None:
    if _is_of_another_version(record, event):
        # An older version was purged; the photograph stands.
        return IngestOutcome.STALE
    same = record.sequencer == event.sequencer
    return IngestOutcome.DUPLICATE if same and record.state is State.DELETED else None


def _is_of_another_version(record: Image, event: ObjectEvent) -> bool:
    return None not in (event.version_id, record.version_id) and (
        event.version_id != record.version_id
    )


def _is_finished(record: Image, model: str) -> bool:
    return record.state is State.DELETED or record.is_processed_by(model)
