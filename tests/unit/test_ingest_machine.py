"""Uploads, deletions, edits, imports and redrives in any order, delivered as often as they like."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.errors import RejectedImage
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Image, Prepared, Source, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.transitions import deleted, edited
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = st.sampled_from(["a.jpg", "b.jpg"])
FILE = "uploads/ada/descriptions.txt"


def key_of(name: str) -> str:
    return f"uploads/ada/{name}"


def prepared(data: bytes) -> Prepared:
    if data.startswith(b"bad"):
        raise RejectedImage("the image is damaged")
    vector = b"\0" * 512
    more: dict[str, Any] = {"large": data} if data.endswith(b"1") else {}
    if data.endswith(b"2"):
        more = {"embedded_caption": f"in {data.decode()}", "keywords": (data.decode(),)}
    return Prepared((data.decode(),), 0.9, False, vector, vector, 1, 1, "image/jpeg", data, **more)


@dataclass
class Truth:
    """What a key's newest state in the bucket is."""

    body: bytes | None
    sequencer: str
    is_undone: bool = False


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.catalogue = MemoryCatalogue()
        self.storage = MemoryStorage(BUCKET)
        self.ingest = Ingest(
            self.catalogue,
            self.storage,
            prepared,
            model="net@1",
            clock=lambda: NOW,
            max_bytes=100,
        )
        self.imports = Imports(self.catalogue, self.storage, MemoryQueue(), lambda: NOW)
        self.count = 0
        self.events: list[ObjectEvent] = []
        self.undelivered: list[ObjectEvent] = []
        self.truth: dict[str, Truth] = {}
        self.written: dict[str, str] = {}
        self.deleted: set[str] = set()

    def _tell(
        self, key: str, kind: EventKind, body: bytes | None, version: str | None = None
    ) -> None:
        sequencer = f"{self.count:04X}"
        event = ObjectEvent(BUCKET, key, kind, version, sequencer)
        self.events.append(event)
        self.undelivered.append(event)
        is_undone = kind is EventKind.REMOVED and version is not None
        self.truth[key] = Truth(body, sequencer, is_undone)

    @rule(name=NAMES, good=st.booleans())
    def upload(self, name: str, good: bool) -> None:
        self.count += 1
        self.deleted.discard(key_of(name))
        body = f"{'photo' if good else 'bad'} {self.count}".encode()
        self.storage.write(key_of(name), body, content_type="image/jpeg")
        found = self.storage.head(key_of(name))
        assert found is not None
        self._tell(key_of(name), EventKind.CREATED, body, found.version_id)

    @rule(name=NAMES)
    def delete(self, name: str) -> None:
        if key_of(name) in self.truth:
            self.count += 1
            self.storage.delete(key_of(name))
            self._tell(key_of(name), EventKind.REMOVED, None)

    @rule(name=NAMES)
    def undo_the_newest_version(self, name: str) -> None:
        key = key_of(name)
        if key in self.truth and self.storage.versions(key):
            self.count += 1
            self.deleted.discard(key)
            undone = self.storage.purge(key)
            body = self.storage.read(key, limit=100)
            self._tell(key, EventKind.REMOVED, body, undone)

    @rule(name=NAMES)
    def delete_through_the_api(self, name: str) -> None:
        record = self._record(key_of(name))
        if record and record.state is not State.DELETED:
            self.catalogue.save(deleted(record, NOW), expected_rev=record.rev)
            for copy in tuple(self.storage.objects(f"derived/{record.image_id}/")):
                self.storage.delete(copy.key)
            self.written.pop(record.key, None)
            self.deleted.add(record.key)
            self.delete(name)

    @rule(caption=st.sampled_from(["a dog", "a cat"]))
    def describe(self, caption: str) -> None:
        self.count += 1
        content = f"a.jpg {caption} {self.count}\n".encode()
        self.storage.write(FILE, content, content_type="text/plain")
        event = ObjectEvent(BUCKET, FILE, EventKind.CREATED, None, f"{self.count:04X}")
        self.imports.descriptions_changed(event, lambda: False)

    @rule(name=NAMES)
    def edit(self, name: str) -> None:
        record = self._record(key_of(name))
        if record is None or record.state is State.DELETED:
            return
        self.count += 1
        text = f"mine {self.count}"
        self.catalogue.save(edited(record, NOW, caption=text), expected_rev=record.rev)
        self.written[key_of(name)] = text

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.events))
        self._deliver(event)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def fail(self, data: st.DataObject) -> None:
        event = data.draw(st.sampled_from(self.events))
        if event.kind is EventKind.CREATED:
            self.ingest.fail(event, "out of memory")

    def _deliver(self, event: ObjectEvent) -> None:
        if event in self.undelivered:
            self.undelivered.remove(event)
        if event.kind is EventKind.REMOVED:
            self.ingest.removed(event)
        else:
            self.ingest.created(event)
            self.imports.caption(event.key)
        record = self._record(event.key)
        if record and record.state is State.DELETED:
            self.written.pop(event.key, None)

    @precondition(lambda self: self.undelivered)
    @rule()
    def settle(self) -> None:
        for event in tuple(self.undelivered):
            self._deliver(event)
        for key, truth in self.truth.items():
            record = self._record(key)
            assert record is not None
            assert truth.is_undone or record.sequencer == truth.sequencer
            if truth.body is None:
                assert record.state is State.DELETED and record.visual is None
            elif truth.body.startswith(b"bad"):
                assert record.state is State.FAILED and record.reason
            else:
                assert record.state is State.CAPTIONED and record.visual
                self._what_stood_in_a_file_went_with_it(record, truth.body.decode())

    def _what_stood_in_a_file_went_with_it(self, record: Image, newest: str) -> None:
        if record.caption and record.caption.source is Source.FILE:
            assert record.caption.text == f"in {newest}"
        assert record.keywords == ((newest,) if newest.endswith("2") else ())

    @invariant()
    def a_users_caption_is_never_lost(self) -> None:
        for key, text in self.written.items():
            record = self._record(key)
            assert record is not None and record.caption and record.caption.text == text

    @invariant()
    def a_tombstone_holds_nothing_to_find(self) -> None:
        for record in self.catalogue.scan():
            if record.state is State.DELETED:
                assert record.caption is None and record.semantic is None

    @invariant()
    def what_the_api_deleted_stays_deleted(self) -> None:
        for key in self.deleted:
            record = self._record(key)
            assert record is not None and record.state is State.DELETED

    @invariant()
    def every_copy_for_display_belongs_to_a_record(self) -> None:
        used = {key for record in self.catalogue.scan() for key in record.copies}
        assert {found.key for found in self.storage.objects("derived/")} == used

    def _record(self, key: str) -> Image | None:
        return self.catalogue.get(image_id_of(BUCKET, key))


Machine.TestCase.settings = settings(max_examples=100, stateful_step_count=25)
TestIngest = Machine.TestCase
