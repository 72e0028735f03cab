"""Requests, their late copies, uploads, events, deletions and expiry in any order."""

import hashlib
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.api.entering import Entered
from chalicelib.api.requests import ImageEdit, NewImage
from chalicelib.errors import KeyReused
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Image, Prepared, State
from chalicelib.ingest import Ingest
from chalicelib.transitions import expired
from tests.api import CALLERS, Api
from tests.ingesting import NOW

ANN = CALLERS["ann"]
CONTENTS = st.sampled_from([b"one", b"two"])
NAMES = st.sampled_from(["a.jpg", "b.jpg"])
KEYS = st.sampled_from([None, "k1", "k2"])


def prepared(data: bytes) -> Prepared:
    vector = b"\0" * 512
    return Prepared((data.decode(),), 0.9, False, vector, vector, 1, 1, "image/jpeg", data)


@dataclass(frozen=True)
class Request:
    """What a client asks, as often as it likes."""

    content: bytes
    name: str
    key: str | None

    @property
    def body(self) -> NewImage:
        digest = hashlib.sha256(self.content).hexdigest()
        return NewImage(name=self.name, size=len(self.content), sha256=digest)


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.api = Api()
        self.repository = self.api.repository()
        self.ingest = Ingest(
            self.api.catalogue,
            self.api.storage,
            prepared,
            model="net@1",
            clock=lambda: NOW,
            max_bytes=100,
        )
        self.sequence = 0
        self.asked: list[Request] = []
        self.forms: list[tuple[str, bytes]] = []
        self.events: list[ObjectEvent] = []
        self.undelivered: list[ObjectEvent] = []
        self.written: dict[str, str] = {}

    @rule(content=CONTENTS, name=NAMES, key=KEYS)
    def ask(self, content: bytes, name: str, key: str | None) -> None:
        request = Request(content, name, key)
        try:
            entered = self.repository.entering.enter(ANN, request.body, key)
        except KeyReused:
            assert any((r.name, r.key) == (name, key) and r != request for r in self.asked)
            return
        self.asked.append(request)
        self._check(request, entered)

    @precondition(lambda self: self.asked)
    @rule(data=st.data())
    def ask_again(self, data: st.DataObject) -> None:
        request = data.draw(st.sampled_from(self.asked))
        try:
            entered = self.repository.entering.enter(ANN, request.body, request.key)
        except KeyReused:
            return  # the first photograph of this key is gone, and another took its place
        self._check(request, entered)

    def _check(self, request: Request, entered: Entered) -> None:
        image = entered.image
        assert image.sha256 == request.body.sha256
        if entered.form is None:  # whoever is told that it is there may forget the file
            assert self.api.storage.read(image.key, limit=100) == request.content
        else:
            assert image.state is State.PENDING
            self.forms.append((image.key, request.content))

    @precondition(lambda self: self.forms)
    @rule(data=st.data())
    def upload(self, data: st.DataObject) -> None:
        key, content = data.draw(st.sampled_from(self.forms))
        if any(image.key == key for image in self._living()):
            self.api.storage.write(key, content, content_type="image/jpeg")
            found = self.api.storage.head(key)
            self._tell(key, EventKind.CREATED, found.version_id if found else None)

    @precondition(lambda self: self._living())
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self._living()))
        self.repository.collection.delete_for_good(ANN, image.image_id, None)
        self.written.pop(image.image_id, None)
        self._tell(image.key, EventKind.REMOVED, None)

    @precondition(lambda self: self._living())
    @rule(data=st.data())
    def trash(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self._living()))
        self.repository.collection.delete(ANN, image.image_id, None)

    @precondition(lambda self: self._living())
    @rule(data=st.data())
    def edit(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self._living()))
        self.sequence += 1
        text = f"mine {self.sequence}"
        self.repository.collection.edit(ANN, image.image_id, ImageEdit(caption=text), None)
        self.written[image.image_id] = text

    @precondition(lambda self: self._living())
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        image = data.draw(st.sampled_from(self._living()))
        if self.api.storage.head(image.key) is None:
            after = expired(image, NOW)
            if after is not image:
                self.api.catalogue.save(after, expected_rev=image.rev)

    @precondition(lambda self: self.events)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self._deliver(data.draw(st.sampled_from(self.events)))

    @precondition(lambda self: self.undelivered)
    @rule()
    def settle(self) -> None:
        for event in tuple(self.undelivered):
            self._deliver(event)
        for image in self._living():
            body = self.api.storage.read(image.key, limit=100)
            if body is not None:
                assert image.state is State.CAPTIONED
                assert image.sha256 == hashlib.sha256(body).hexdigest()

    @invariant()
    def there_is_one_record_of_a_content(self) -> None:
        contents = [image.sha256 for image in self._living()]
        assert len(contents) == len(set(contents))

    @invariant()
    def what_a_person_wrote_is_never_lost(self) -> None:
        for image_id, text in self.written.items():
            image = self.api.catalogue.get(image_id)
            assert image is not None and image.caption and image.caption.text == text

    def _living(self) -> list[Image]:
        return [image for image in self.api.catalogue.scan() if not image.is_hidden]

    def _tell(self, key: str, kind: EventKind, version: str | None) -> None:
        self.sequence += 1
        event = ObjectEvent(self.api.storage.bucket, key, kind, version, f"{self.sequence:04X}")
        self.events.append(event)
        self.undelivered.append(event)

    def _deliver(self, event: ObjectEvent) -> None:
        if event in self.undelivered:
            self.undelivered.remove(event)
        deliver: Any = self.ingest.removed
        if event.kind is EventKind.CREATED:
            deliver = self.ingest.created
        deliver(event)


Machine.TestCase.settings = settings(max_examples=100, stateful_step_count=30)
TestEntering = Machine.TestCase
