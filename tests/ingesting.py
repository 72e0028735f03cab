"""What tests of ingesting share: a photograph, its events, and a room to take them in."""

from collections.abc import Callable
from datetime import UTC, datetime

from chalicelib.errors import RejectedImage
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Attribute, Image, Prepared, image_id_of
from chalicelib.ingest import Ingest
from chalicelib.transitions import edited, pending
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage

KEY = "uploads/ada/dog.jpg"
BUCKET = "photographs"
ID = image_id_of(BUCKET, KEY)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def prepared(data: bytes) -> Prepared:
    if data == b"no image":
        raise RejectedImage("the file is no JPEG, PNG, WebP or GIF image")
    return Prepared(
        captions=(f"a brown dog {data.decode()}", "an animal"),
        confidence=0.7,
        needs_review=False,
        visual=b"\0" * 512,
        semantic=b"\1" * 512,
        width=4,
        height=3,
        placeholder="#102030",
        content_type="image/jpeg",
        display=b"webp of " + data,
        large=b"large webp of " + data,
    )


class Room:
    def __init__(self, prepare: Callable[[bytes], Prepared] = prepared) -> None:
        self.catalogue = MemoryCatalogue()
        self.storage = MemoryStorage(BUCKET)
        self.ingest = self.with_model("net@1", prepare)

    def with_model(self, model: str, prepare: Callable[[bytes], Prepared] = prepared) -> Ingest:
        return Ingest(
            self.catalogue,
            self.storage,
            prepare,
            model=model,
            clock=lambda: NOW,
            max_bytes=100,
        )

    def put(self, body: bytes) -> None:
        self.storage.write(KEY, body, content_type="image/jpeg")

    def delete(self) -> None:
        self.storage.delete(KEY)

    def record(self) -> Image:
        record = self.catalogue.get(ID)
        assert record is not None
        return record

    def edit(
        self, caption: str | None = None, attributes: tuple[Attribute, ...] | None = None
    ) -> None:
        record = self.catalogue.get(ID) or pending(BUCKET, KEY, NOW)
        changed = edited(record, NOW, caption=caption, attributes=attributes)
        self.catalogue.save(changed, expected_rev=record.rev)

    def derivatives(self) -> list[str]:
        return [found.key for found in self.storage.objects("derived/")]


def created(
    sequencer: str | None, version: str | None = None, *, force: bool = False
) -> ObjectEvent:
    return ObjectEvent(BUCKET, KEY, EventKind.CREATED, version, sequencer, force=force)


def removed(sequencer: str, version: str | None = None) -> ObjectEvent:
    return ObjectEvent(BUCKET, KEY, EventKind.REMOVED, version, sequencer)
