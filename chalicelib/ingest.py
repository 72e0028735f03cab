"""From an event about an object to the record of its photograph.

Nothing here knows AWS or a picture's format: the collaborators come in through `Ingest`.
Delivery is at least once and in any order, so that every step may run again: records are saved
only at the revision that was read, and files are stored under names of their content.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.attributes import extract
from chalicelib.catalogue import Catalogue
from chalicelib.errors import PayloadTooLarge, RejectedImage, RevisionConflict
from chalicelib.events import ObjectEvent
from chalicelib.images import HUMAN_SOURCES, Caption, Image, Source, State, image_id_of
from chalicelib.storage import DERIVED, Storage, owner_of
from chalicelib.verdicts import Outcome, is_unchanged, verdict

NO_CAPTION = "the model found no caption"
UNSURE = "the model is not sure of its caption"
_MAX_CONFLICTS = 20
_DESCRIBED = frozenset({State.CAPTIONED, State.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the model and the decoder make of a file.

    Attributes
    ----------
    captions
        The model's, best first; may be empty.
    confidence
        0 to 1, of the best.
    visual, semantic
        256 float16 numbers each; None where they could not be computed.
    width, height
        Of the upright original.
    display
        The metadata-free WebP to show.
    """

    captions: tuple[str, ...]
    confidence: float | None
    needs_review: bool
    visual: bytes | None
    semantic: bytes | None
    width: int
    height: int
    content_type: str
    display: bytes
    labels: tuple[tuple[str, float], ...] = ()
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class _File:
    size: int
    sha256: str
    prepared: Prepared


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

    def created(self, event: ObjectEvent) -> Outcome:
        """Caption the photograph an event tells of.

        A file that can never be a photograph ends as a record that says so. What may succeed
        another time (storage or catalogue unavailable) is raised.
        """
        record = self._record(event)
        event = _as_of(event, record)
        judged = self._verdict(record, event)
        if judged:
            return judged
        try:
            body = self._storage.read(event.key, version_id=event.version_id, limit=self._max_bytes)
        except PayloadTooLarge as error:
            return self._reject(event, error.detail, size=event.size)
        if body is None:
            return Outcome.GONE
        sha256 = hashlib.sha256(body).hexdigest()
        if is_unchanged(self._record(event), event, sha256, self._model):
            return Outcome.DUPLICATE
        try:
            prepared = self._prepare(body)
        except (RejectedImage, PayloadTooLarge) as error:
            return self._reject(event, error.detail, size=len(body), sha256=sha256)
        return self._accept(event, _File(len(body), sha256, prepared))

    def removed(self, event: ObjectEvent) -> Outcome:
        """Leave a tombstone, which no older event brings back to life."""

        def buried(record: Image) -> Image:
            return record.changed(
                self._clock(),
                {
                    "state": State.DELETED,
                    "caption": None,
                    "attributes": (),
                    "attributes_source": None,
                    "visual": None,
                    "semantic": None,
                    "reason": None,
                    "derivative_key": None,
                    "processed_by": None,
                    "sequencer": event.sequencer or record.sequencer,
                },
            )

        return self._apply(event, buried)

    def fail(self, event: ObjectEvent, reason: str) -> Outcome:
        """Say in the record why its photograph could not be captioned, so far.

        ``processed_by`` stays empty: the event, sent again after a fix, is tried again. A
        photograph that is captioned already loses nothing by a second look that fails.
        """
        stored = self._record(event)
        if stored and stored.state in _DESCRIBED and event.sequencer is None:
            return Outcome.DUPLICATE

        def failed(record: Image) -> Image:
            changes: dict[str, object] = {
                "state": State.FAILED,
                "reason": reason,
                "processed_by": None,
            }
            return self._seen(record, event, changes)

        return self._apply(_as_of(event, stored), failed)

    def _reject(
        self, event: ObjectEvent, reason: str, *, size: int | None, sha256: str | None = None
    ) -> Outcome:
        changes = {
            "state": State.FAILED,
            "reason": reason,
            "sha256": sha256,
            "size": size,
            "width": None,
            "height": None,
            "content_type": None,
            "visual": None,
            "semantic": None,
            "derivative_key": None,
            "processed_by": self._model,
        }
        return self._apply(event, lambda record: self._seen(record, event, changes))

    def _accept(self, event: ObjectEvent, file: _File) -> Outcome:
        prepared = file.prepared
        # Named by content: whichever of two workers comes last overwrites nothing newer.
        image_id = image_id_of(event.bucket, event.key)
        derivative = f"{DERIVED}{image_id}/{file.sha256[:16]}.webp"
        self._storage.write(derivative, prepared.display, content_type="image/webp")
        measured = {
            "size": file.size,
            "sha256": file.sha256,
            "width": prepared.width,
            "height": prepared.height,
            "content_type": prepared.content_type,
            "visual": prepared.visual,
            "semantic": prepared.semantic,
            "derivative_key": derivative,
            "processed_by": self._model,
        }

        def captioned(record: Image) -> Image:
            changes = measured | self._described(record, prepared)
            if event.version_id is None and record.sha256 != file.sha256:
                # The newest version was read, whose id the record does not know.
                changes |= {"version_id": None}
            return self._seen(record, event, changes)

        outcome = self._apply(event, captioned)
        if outcome is Outcome.STALE:
            self._drop_unused(image_id, derivative)
        return outcome

    def _described(self, record: Image, prepared: Prepared) -> dict[str, object]:
        if record.caption and record.caption_is_human:
            caption: Caption | None = _beside(record.caption, prepared.captions)
            state, reason = State.CAPTIONED, None
        else:
            caption = self._own_caption(prepared)
            state, reason = _judged(prepared)
        changes: dict[str, object] = {"caption": caption, "state": state, "reason": reason}
        if record.attributes_source not in HUMAN_SOURCES:
            found = tuple(extract(caption.text)) if caption else ()
            changes |= {"attributes": found, "attributes_source": Source.MODEL if found else None}
        return changes

    def _own_caption(self, prepared: Prepared) -> Caption | None:
        if not prepared.captions:
            return None
        best, *others = prepared.captions
        return Caption(best, Source.MODEL, self._model, prepared.confidence, tuple(others))

    def _seen(self, record: Image, event: ObjectEvent, changes: Mapping[str, object]) -> Image:
        seen: dict[str, object] = {
            "version_id": event.version_id or (None if event.sequencer else record.version_id),
            "sequencer": event.sequencer or record.sequencer,
        }
        return record.changed(self._clock(), {**seen, **changes})

    def _apply(self, event: ObjectEvent, change: Callable[[Image], Image]) -> Outcome:
        """Save a change at the revision that was read; read and judge anew where it is gone."""
        for _ in range(_MAX_CONFLICTS):
            stored = self._record(event)
            judged = self._verdict(stored, event)
            if judged:
                return judged
            record = stored or self._new(event)
            try:
                saved = self._catalogue.save(change(record), expected_rev=record.rev)
            except RevisionConflict:
                continue
            if record.derivative_key and record.derivative_key != saved.derivative_key:
                self._storage.delete(record.derivative_key)
            return Outcome(saved.state.value)
        raise RevisionConflict("the record changes faster than it can be saved")

    def _verdict(self, record: Image | None, event: ObjectEvent) -> Outcome | None:
        return verdict(record, event, self._model)

    def _drop_unused(self, image_id: str, derivative: str) -> None:
        record = self._catalogue.get(image_id)
        if record is None or record.derivative_key != derivative:
            self._storage.delete(derivative)

    def _record(self, event: ObjectEvent) -> Image | None:
        return self._catalogue.get(image_id_of(event.bucket, event.key))

    def _new(self, event: ObjectEvent) -> Image:
        now = self._clock()
        return Image(
            image_id=image_id_of(event.bucket, event.key),
            owner=owner_of(event.key),
            bucket=event.bucket,
            key=event.key,
            created_at=now,
            updated_at=now,
        )


def _as_of(event: ObjectEvent, record: Image | None) -> ObjectEvent:
    """Note in a request to look again which event the record had come to."""
    if event.sequencer:
        return event
    return replace(event, seen=record.sequencer if record else None)


def _judged(prepared: Prepared) -> tuple[State, str | None]:
    if not prepared.captions:
        return State.NEEDS_REVIEW, NO_CAPTION
    if prepared.needs_review:
        return State.NEEDS_REVIEW, UNSURE
    return State.CAPTIONED, None


def _beside(caption: Caption, others: tuple[str, ...]) -> Caption:
    """Return a person's caption with the model's as alternatives."""
    alternatives = tuple(text for text in others if text != caption.text)
    return Caption(caption.text, caption.source, alternatives=alternatives)
