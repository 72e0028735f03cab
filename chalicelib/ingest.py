"""Ingest: apply the events of the bucket to the records of its photographs.

Nothing here knows AWS or a picture's format: the collaborators come in through `Ingest`.
Delivery is at least once and in any order, so that every step may run again: records are saved
only at the revision that was read, and files are stored under names of their content.
"""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.catalogue import Catalogue, update
from chalicelib.errors import PayloadTooLarge, RejectedImage
from chalicelib.event_order import IngestOutcome, is_unchanged, skip_reason
from chalicelib.events import ObjectEvent
from chalicelib.images import Image, ModelRun, Prepared, State, image_id_of
from chalicelib.names import DERIVED
from chalicelib.storage import Storage, object_at
from chalicelib.transitions import (
    captioned_by_model,
    deleted,
    failed,
    pending,
    rejected,
)


class Ingest:
    """Apply events to the catalogue.

    Parameters
    ----------
    prepare
        Decodes and describes a file; raises ``RejectedImage``.
    model
        ``name@version`` of the model behind ``prepare``.
    clock
        Tells the time.
    max_bytes
        Of a photograph.
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
        self._catalogue = catalogue
        self._storage = storage
        self._prepare = prepare
        self._model = model
        self._clock = clock
        self._max_bytes = max_bytes

    def created(self, event: ObjectEvent) -> IngestOutcome:
        """Caption a photograph that was uploaded, or is to be captioned again.

        A file that can never be a photograph ends as a failed record. What may succeed another
        time (storage or catalogue unavailable) is raised.
        """
        record = self._record(event)
        event = _as_of(event, record)
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

    def removed(self, event: ObjectEvent) -> IngestOutcome:
        """Replace a record with a tombstone, which no older event undoes."""
        return self._apply(
            event, lambda record: deleted(record, self._clock(), sequencer=event.sequencer)
        )

    def fail(self, event: ObjectEvent, reason: str) -> IngestOutcome:
        """Record that captioning failed, and why."""
        record = self._record(event)
        event = _as_of(event, record)
        if self._is_deleted(record, event):
            return IngestOutcome.GONE
        return self._apply(event, lambda record: failed(record, event, reason, self._clock()))

    def _is_deleted(self, record: Image | None, event: ObjectEvent) -> bool:
        """Say whether the API deleted the object of this event before the event arrived.

        A deleted version can still be read by its id, so the key is looked up.
        """
        if record is None or record.state is not State.DELETED:
            return False
        return object_at(self._storage, event.key) is None

    def _caption(self, event: ObjectEvent, body: bytes) -> IngestOutcome:
        sha256 = hashlib.sha256(body).hexdigest()
        if is_unchanged(self._record(event), event, sha256, self._model):
            return IngestOutcome.DUPLICATE
        run = ModelRun(self._model, len(body), sha256)
        try:
            prepared = self._prepare(body)
        except (RejectedImage, PayloadTooLarge) as error:
            return self._reject(event, run, error.detail)
        # Named by content: whichever of two workers comes last overwrites nothing newer.
        image_id = image_id_of(event.bucket, event.key)
        derivative = f"{DERIVED}{image_id}/{sha256[:16]}.webp"
        return self._accept(event, run, prepared, derivative)

    def _reject(self, event: ObjectEvent, run: ModelRun, reason: str) -> IngestOutcome:
        return self._apply(
            event, lambda record: rejected(record, event, run, reason, self._clock())
        )

    def _accept(
        self, event: ObjectEvent, run: ModelRun, prepared: Prepared, derivative: str
    ) -> IngestOutcome:
        self._storage.write(derivative, prepared.display, content_type="image/webp")
        outcome = self._apply(
            event,
            lambda record: captioned_by_model(
                record,
                event,
                run,
                prepared,
                derivative_key=derivative,
                now=self._clock(),
            ),
        )
        if outcome is IngestOutcome.STALE:
            self._delete_unused(event, derivative)
        return outcome

    def _apply(self, event: ObjectEvent, transition: Callable[[Image], Image]) -> IngestOutcome:
        """Save a transition unless the event changes nothing, which is checked at each try."""

        def applied(stored: Image | None) -> Image:
            if stored is not None and skip_reason(stored, event, self._model):
                return stored
            return transition(stored or pending(event.bucket, event.key, self._clock()))

        saved = update(self._catalogue, image_id_of(event.bucket, event.key), applied)
        if saved.after is saved.before:
            return skip_reason(saved.before, event, self._model) or IngestOutcome.DUPLICATE
        self._delete_replaced(saved.before, saved.after)
        return IngestOutcome(saved.after.state.value)

    def _delete_replaced(self, before: Image | None, after: Image) -> None:
        replaced = before.derivative_key if before else None
        if replaced and replaced != after.derivative_key:
            self._storage.delete(replaced)

    def _delete_unused(self, event: ObjectEvent, derivative: str) -> None:
        record = self._record(event)
        if record is None or record.derivative_key != derivative:
            self._storage.delete(derivative)

    def _record(self, event: ObjectEvent) -> Image | None:
        return self._catalogue.get(image_id_of(event.bucket, event.key))


def _as_of(event: ObjectEvent, record: Image | None) -> ObjectEvent:
    """Add to a redrive which event the record had come to."""
    if event.sequencer:
        return event
    return replace(event, seen=record.sequencer if record else None)
