"""Ingest: apply the events of the bucket to the records of its photographs.

Nothing here knows AWS or a picture's format: the collaborators come in through `Ingest`.
Delivery is at least once and in any order, so that every step may run again: `skip_reason` tells
which events no longer change a record, records are saved only at the revision that was read, and
copies for display are stored under names of that revision (`chalicelib.display_copies`).
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from chalicelib.catalogue import Catalogue, update
from chalicelib.display_copies import DisplayCopies
from chalicelib.errors import PayloadTooLarge, RejectedImage
from chalicelib.events import EventKind, ObjectEvent, is_older
from chalicelib.images import Image, ModelRun, Prepared, State, image_id_of
from chalicelib.storage import NULL_VERSION, Storage, StoredObject
from chalicelib.transitions import (
    captioned_by_model,
    deleted,
    failed,
    file_removed,
    pending,
    rejected,
    seen,
    untrashed,
)

NEVER_BEGUN = "captioning could not begin: the event was delivered in vain and given up"


class IngestOutcome(StrEnum):
    """What an event led to: the record's new state, or why it stayed as it was."""

    CAPTIONED = "captioned"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    DELETED = "deleted"
    DUPLICATE = "duplicate"
    STALE = "stale"
    GONE = "gone"


class _Skipped(Exception):  # a signal between two methods of `EventRecorder`
    def __init__(self, outcome: IngestOutcome) -> None:
        self.outcome = outcome


_UNSAVED = frozenset({IngestOutcome.DUPLICATE, IngestOutcome.STALE, IngestOutcome.GONE})


class EventRecorder:
    """Record what events led to without the model: removals and failures.

    Parameters
    ----------
    model
        ``name@version`` whose work counts as finished; empty where no model is at hand.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: Storage,
        *,
        clock: Callable[[], datetime],
        model: str = "",
    ) -> None:
        self._catalogue = catalogue
        self._storage = storage
        self._copies = DisplayCopies(catalogue, storage)
        self._clock = clock
        self._model = model

    def removed(self, event: ObjectEvent) -> IngestOutcome:
        """Replace a record with a tombstone, which no older event undoes.

        S3 sends the same event for whichever version is deleted for good, a delete marker too, so
        the bucket tells whether the key holds a photograph:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
        https://github.com/localstack/localstack/pull/11453 (recorded on AWS)
        """
        found = self._storage.head(event.key)
        if found is not None:
            return self._swept(event, self._still_there(event, found))
        outcome = self._apply(
            event, lambda record: deleted(record, self._clock(), sequencer=event.sequencer)
        )
        self.sweep(event)
        return outcome

    def fail(self, event: ObjectEvent, reason: str) -> IngestOutcome:
        """Record that captioning failed, and why."""
        event, _ = self._begun(event)
        outcome = self._apply(event, lambda record: failed(record, event, reason, self._clock()))
        return self._swept(event, outcome)

    def sweep(self, event: ObjectEvent) -> None:
        """Remove copies for display that attempts at this event left when they were cut."""
        self._copies.sweep(image_id_of(event.bucket, event.key))

    def has_failed(self, event: ObjectEvent) -> bool:
        """Say whether the record tells of a failure of this event, or of a newer one."""
        record = self._record(event)
        if record is None or record.state is not State.FAILED:
            return False
        return not is_older(record.sequencer, event.sequencer)

    def _still_there(self, event: ObjectEvent, found: StoredObject) -> IngestOutcome:
        """Take up what the key holds since a version or a delete marker of it was removed."""
        record = self._record(event)
        if record is not None and _describes(record, found):
            record = self._noted(event, record, found)
        if record is not None:
            if _describes(record, found):
                return IngestOutcome.STALE
            if record.state is State.DELETED and not self._is_removed(event, record):
                return IngestOutcome.STALE
        return self._taken_up(
            replace(event, kind=EventKind.CREATED, version_id=found.version_id, size=found.size)
        )

    def _taken_up(self, event: ObjectEvent) -> IngestOutcome:
        """Record that nobody could describe it: no model is at hand."""
        return self.fail(event, NEVER_BEGUN)

    def _noted(self, event: ObjectEvent, record: Image, found: StoredObject) -> Image:
        """Let no older removal, whose worker looked before this one's, replace the record."""

        def noted(stored: Image | None) -> Image:
            image = stored or record
            return seen(image, event, self._clock()) if _describes(image, found) else image

        return update(self._catalogue, record.image_id, noted).after

    def _is_removed(self, event: ObjectEvent, tombstone: Image) -> bool:
        """Tell whether the file itself was removed, of which the tombstone may learn only now.

        A deletion that was cut leaves a file that must not come back.
        """
        if tombstone.removed_at is not None:
            return True
        if event.version_id not in (None, tombstone.version_id):
            return False
        update(
            self._catalogue,
            tombstone.image_id,
            lambda stored: file_removed(stored or tombstone, self._clock()),
        )
        return True

    def _begun(self, event: ObjectEvent) -> tuple[ObjectEvent, Image | None]:
        """Return the record, and the event; a redrive with which event the record had come to."""
        record = self._record(event)
        if event.sequencer or record is None:
            return event, record
        return replace(event, seen=record.sequencer), record

    def _skip_reason(self, record: Image | None, event: ObjectEvent) -> IngestOutcome | None:
        reason = skip_reason(record, event, self._model)
        if reason is None and record is not None and self._is_deleted(record, event):
            return IngestOutcome.GONE
        return reason

    def _is_deleted(self, record: Image, event: ObjectEvent) -> bool:
        """Say whether the file of this event was there when its photograph was deleted.

        A tombstone of the API's knows no sequencer of the file's removal, and a version under a
        delete marker can still be read by its id. So only the version that the key holds now brings
        a photograph back, and not the one that a deletion met and has not removed yet.
        """
        if record.state is not State.DELETED or event.kind is EventKind.REMOVED:
            return False
        found = self._storage.head(event.key)
        if found is None or not _is_same(found.version_id, event.version_id):
            return True
        return record.removed_at is None and _is_same(record.version_id, event.version_id)

    def _is_replaced(self, record: Image, event: ObjectEvent) -> bool:
        """Say whether the key holds another file than when its photograph went to the trash.

        It is this event's, which brings the photograph back; an older event does not, nor the work
        of a model that was late. A redrive names no version, and is of whatever is there.
        """
        if record.trashed_at is None or event.kind is EventKind.REMOVED:
            return False
        found = self._storage.head(event.key)
        if found is None or found.version == record.trashed_version:
            return False
        return event.sequencer is None or _is_same(found.version_id, event.version_id)

    def _apply(self, event: ObjectEvent, transition: Callable[[Image], Image]) -> IngestOutcome:
        """Save a transition unless the event changes nothing, which is checked at each try."""

        def applied(stored: Image | None) -> Image:
            skipped = self._skip_reason(stored, event)
            if skipped:
                raise _Skipped(skipped)
            record = stored or pending(event.bucket, event.key, self._clock())
            if self._is_replaced(record, event):
                record = untrashed(record, self._clock())
            return transition(record)

        try:
            saved = update(self._catalogue, image_id_of(event.bucket, event.key), applied)
        except _Skipped as skipped:
            return skipped.outcome
        if saved.after is saved.before:
            return IngestOutcome.DUPLICATE
        if saved.before:
            self._copies.remove(saved.before.copies - saved.after.copies)
        return IngestOutcome(saved.after.state.value)

    def _swept(self, event: ObjectEvent, outcome: IngestOutcome) -> IngestOutcome:
        """Sweep after an event that saved nothing: copies of an earlier attempt may be left."""
        if outcome in _UNSAVED:
            self.sweep(event)
        return outcome

    def _record(self, event: ObjectEvent) -> Image | None:
        return self._catalogue.get(image_id_of(event.bucket, event.key))


class Ingest(EventRecorder):
    """Apply events to the catalogue.

    Parameters
    ----------
    prepare
        Decodes and describes a file; raises ``RejectedImage``.
    model
        ``name@version`` of the model behind ``prepare``.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: Storage,
        prepare: Callable[[bytes], Prepared],
        *,
        model: str,
        clock: Callable[[], datetime],
        max_bytes: int,
    ) -> None:
        super().__init__(catalogue, storage, clock=clock, model=model)
        self._prepare = prepare
        self._max_bytes = max_bytes

    def created(self, event: ObjectEvent) -> IngestOutcome:
        """Caption a photograph that was uploaded, or is to be captioned again.

        A file that can never be a photograph ends as a failed record. What may succeed another
        time (storage or catalogue unavailable) is raised.
        """
        return self._swept(event, self._created(event))

    def _created(self, event: ObjectEvent) -> IngestOutcome:
        event, record = self._begun(event)
        skipped = self._skip_reason(record, event)
        if skipped:
            return skipped
        try:
            body = self._storage.read(event.key, version_id=event.version_id, limit=self._max_bytes)
        except PayloadTooLarge as error:
            return self._reject(event, ModelRun(self._model, event.size, None), error.detail)
        if body is None:
            return IngestOutcome.GONE
        return self._caption(event, body)

    def _taken_up(self, event: ObjectEvent) -> IngestOutcome:
        """Describe it."""
        return self._created(event)

    def _caption(self, event: ObjectEvent, body: bytes) -> IngestOutcome:
        sha256 = hashlib.sha256(body).hexdigest()
        run = ModelRun(self._model, len(body), sha256)
        if self._is_unchanged(event, run):
            return IngestOutcome.DUPLICATE
        try:
            prepared = self._prepare(body)
        except (RejectedImage, PayloadTooLarge) as error:
            return self._reject(event, run, error.detail)
        return self._accept(event, run, prepared, sha256)

    def _is_unchanged(self, event: ObjectEvent, run: ModelRun) -> bool:
        """Say whether a redrive without ``force`` finds a file that is described already."""
        if event.sequencer or event.force:
            return False
        record = self._record(event)
        if record is None:
            return False
        return _is_finished(record, run.model) and record.sha256 == run.sha256

    def _reject(self, event: ObjectEvent, run: ModelRun, reason: str) -> IngestOutcome:
        return self._apply(
            event, lambda record: rejected(record, event, run, reason, self._clock())
        )

    def _accept(
        self, event: ObjectEvent, run: ModelRun, prepared: Prepared, sha256: str
    ) -> IngestOutcome:
        written: set[str] = set()

        def described(record: Image) -> Image:
            self._copies.remove(written - record.copies)  # for a revision that another took
            keys = self._copies.write(record, sha256, prepared)
            written.update(keys.values())
            return captioned_by_model(record, event, run, prepared, **keys, now=self._clock())

        return self._apply(event, described)


def skip_reason(record: Image | None, event: ObjectEvent, model: str) -> IngestOutcome | None:
    """Return why an event changes nothing, or None where it does.

    Parameters
    ----------
    model
        ``name@version`` whose work counts as finished.
    """
    if record is None:
        return None
    is_removed = event.kind is EventKind.REMOVED
    is_of_another_version = None not in (event.version_id, record.version_id) and (
        event.version_id != record.version_id
    )
    if event.sequencer is None:
        # A redrive is never later than a deletion, nor than an event that was applied since its
        # processing began: what it read may be the file that was replaced.
        is_late = record.state is State.DELETED or record.sequencer != event.seen
        return IngestOutcome.STALE if is_late or is_of_another_version else None
    if is_older(event.sequencer, record.sequencer):
        return IngestOutcome.STALE
    if is_older(record.sequencer, event.sequencer):
        return None
    is_done = record.state is State.DELETED if is_removed else _is_finished(record, model)
    return IngestOutcome.DUPLICATE if is_done else None


def _describes(record: Image, found: StoredObject) -> bool:
    return record.processed_by is not None and _is_same(record.version_id, found.version_id)


def _is_same(version_id: str | None, other: str | None) -> bool:
    """Compare ids of versions; events name none of an object that has the null version."""
    return (version_id or NULL_VERSION) == (other or NULL_VERSION)


def _is_finished(record: Image, model: str) -> bool:
    return record.state is State.DELETED or record.processed_by == model
