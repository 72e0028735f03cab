"""Ingest: apply the events of the bucket to the records of its photographs.

Nothing here knows AWS or a picture's format: the collaborators come in through `Ingest`.
Delivery is at least once and in any order, so that every step may run again: `skip_reason` tells
which events no longer change a record, records are saved only at the revision that was read, and
files are stored under names of their content.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from chalicelib.catalogue import Catalogue, update
from chalicelib.errors import PayloadTooLarge, RejectedImage
from chalicelib.events import EventKind, ObjectEvent, is_older
from chalicelib.images import Image, ModelRun, Prepared, State, image_id_of
from chalicelib.names import DERIVED
from chalicelib.storage import Storage, StoredObject
from chalicelib.transitions import captioned_by_model, deleted, failed, pending, rejected


class IngestOutcome(StrEnum):
    """What an event led to: the record's new state, or why it stayed as it was."""

    CAPTIONED = "captioned"
    NEEDS_REVIEW = "needs_review"
    FAILED = "failed"
    DELETED = "deleted"
    DUPLICATE = "duplicate"
    STALE = "stale"
    GONE = "gone"


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
            return self._still_there(event, found)
        return self._apply(
            event, lambda record: deleted(record, self._clock(), sequencer=event.sequencer)
        )

    def fail(self, event: ObjectEvent, reason: str) -> IngestOutcome:
        """Record that captioning failed, and why."""
        event, record = self._begun(event)
        if self._is_deleted(record, event):
            return IngestOutcome.GONE
        return self._apply(event, lambda record: failed(record, event, reason, self._clock()))

    def has_failed(self, event: ObjectEvent) -> bool:
        """Say whether the record tells of a failure of this event, or of a newer one."""
        record = self._record(event)
        if record is None or record.state is not State.FAILED:
            return False
        return not is_older(record.sequencer, event.sequencer)

    def _still_there(self, event: ObjectEvent, found: StoredObject) -> IngestOutcome:  # noqa: ARG002
        """Leave it to the reconciler (`chalicelib.reconciling`): no model is at hand."""
        return IngestOutcome.STALE

    def _begun(self, event: ObjectEvent) -> tuple[ObjectEvent, Image | None]:
        """Return the record, and the event; a redrive with which event the record had come to."""
        record = self._record(event)
        if event.sequencer or record is None:
            return event, record
        return replace(event, seen=record.sequencer), record

    def _is_deleted(self, record: Image | None, event: ObjectEvent) -> bool:
        """Say whether the API deleted the object of this event before the event arrived.

        A deleted version can still be read by its id, so the key is looked up.
        """
        is_tombstone = record is not None and record.state is State.DELETED
        return is_tombstone and self._storage.head(event.key) is None

    def _apply(self, event: ObjectEvent, transition: Callable[[Image], Image]) -> IngestOutcome:
        """Save a transition unless the event changes nothing, which is checked at each try."""

        def applied(stored: Image | None) -> Image:
            if stored is not None and skip_reason(stored, event, self._model):
                return stored
            return transition(stored or pending(event.bucket, event.key, self._clock()))

        saved = update(self._catalogue, image_id_of(event.bucket, event.key), applied)
        if saved.after is saved.before:
            return skip_reason(saved.before, event, self._model) or IngestOutcome.DUPLICATE
        if saved.before:
            self._remove(saved.before.copies - saved.after.copies)
        return IngestOutcome(saved.after.state.value)

    def _remove(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._storage.delete(key)

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
        event, record = self._begun(event)
        skipped = skip_reason(record, event, self._model)
        if skipped:
            return skipped
        if self._is_deleted(record, event):
            return IngestOutcome.GONE
        try:
            body = self._storage.read(event.key, version_id=event.version_id, limit=self._max_bytes)
        except PayloadTooLarge as error:
            return self._reject(event, ModelRun(self._model, event.size, None), error.detail)
        if body is None:
            return IngestOutcome.GONE
        return self._caption(event, body)

    def _still_there(self, event: ObjectEvent, found: StoredObject) -> IngestOutcome:
        """Describe what the key holds since a version or a delete marker of it was removed."""
        record = self._record(event)
        if record is not None:
            is_described = record.state is not State.DELETED
            if is_described and found.version_id == record.version_id:
                return IngestOutcome.STALE
            if not is_described and not _tells_of_removal(event, record):
                return IngestOutcome.STALE
        return self.created(
            replace(event, kind=EventKind.CREATED, version_id=found.version_id, size=found.size)
        )

    def _caption(self, event: ObjectEvent, body: bytes) -> IngestOutcome:
        sha256 = hashlib.sha256(body).hexdigest()
        run = ModelRun(self._model, len(body), sha256)
        if self._is_unchanged(event, run):
            return IngestOutcome.DUPLICATE
        try:
            prepared = self._prepare(body)
        except (RejectedImage, PayloadTooLarge) as error:
            return self._reject(event, run, error.detail)
        # Named by content: whichever of two workers comes last overwrites nothing newer.
        stem = f"{DERIVED}{image_id_of(event.bucket, event.key)}/{sha256[:16]}"
        return self._accept(event, run, prepared, stem)

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
        self, event: ObjectEvent, run: ModelRun, prepared: Prepared, stem: str
    ) -> IngestOutcome:
        copies = {"derivative_key": (f"{stem}.webp", prepared.display)}
        if prepared.large:
            copies["large_key"] = (f"{stem}-large.webp", prepared.large)
        for key, body in copies.values():
            self._storage.write(key, body, content_type="image/webp")
        keys = {field: key for field, (key, _) in copies.items()}
        outcome = self._apply(
            event,
            lambda record: captioned_by_model(
                record, event, run, prepared, **keys, now=self._clock()
            ),
        )
        if outcome is IngestOutcome.STALE:
            record = self._record(event)
            self._remove(set(keys.values()) - (record.copies if record else set()))
        return outcome


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
    is_purge = is_removed and is_of_another_version and record.state is State.DELETED
    if is_purge or is_older(event.sequencer, record.sequencer):
        return IngestOutcome.STALE
    if is_older(record.sequencer, event.sequencer):
        return None
    is_done = record.state is State.DELETED if is_removed else _is_finished(record, model)
    return IngestOutcome.DUPLICATE if is_done else None


def _tells_of_removal(event: ObjectEvent, tombstone: Image) -> bool:
    """Tell whether the file itself was removed before, not only its record by the API.

    The API deletes the record first: cut in between, it leaves a file that must not come back.
    """
    return tombstone.removed_at is not None or event.version_id in (None, tombstone.version_id)


def _is_finished(record: Image, model: str) -> bool:
    return record.state is State.DELETED or record.processed_by == model
