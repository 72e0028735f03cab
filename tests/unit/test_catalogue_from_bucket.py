"""A catalogue that was lost comes back from the bucket, and no finished work is done again."""

import json
from datetime import UTC, datetime

from captioner.batch import BatchProcessor
from chalicelib.errors import RejectedImage
from chalicelib.images import Prepared
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.rebuild import Rebuild, RebuildPage
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
FILES = {
    "a kite+%2B.jpg": b"dog",
    "b.jpg": b"cat",
    "broken.jpg": b"no image",
    "c.jpg": b"bird",
    "descriptions.txt": b"c.jpg a blue boat",
}


class Silent:
    def count(self, what: str) -> None:
        assert what != "error"

    def failed(self, message_id: str) -> None:
        raise AssertionError(message_id)


class Captioner:
    """A catalogue of its own over a shared bucket."""

    def __init__(self, storage: MemoryStorage) -> None:
        self.catalogue = MemoryCatalogue()
        self.queue = MemoryQueue()
        self.prepared: list[bytes] = []
        self.rebuild = Rebuild(self.catalogue, storage, self.queue)
        ingest = Ingest(
            self.catalogue,
            storage,
            self._prepare,
            model="net@1",
            clock=lambda: NOW,
            max_bytes=100,
        )
        imports = Imports(self.catalogue, storage, self.queue, lambda: NOW)
        self.batch = BatchProcessor(ingest, imports, Silent(), self.queue, bucket=BUCKET)

    def _prepare(self, data: bytes) -> Prepared:
        self.prepared.append(data)
        if data == b"no image":
            raise RejectedImage("the file is no JPEG, PNG, WebP or GIF image")
        vector = data.ljust(512, b"\0")
        caption = f"a red {data.decode()}"
        return Prepared((caption,), 0.9, False, vector, vector, 4, 3, "image/jpeg", b"webp")

    def work(self) -> None:
        messages, self.queue.messages = self.queue.messages, []
        bodies = [json.dumps(message) for message in messages]
        records = [{"messageId": body, "body": body} for body in bodies]
        assert self.batch.process(records, lambda: 60_000) == []

    def known(self) -> dict[str, tuple[object, ...]]:
        return {
            record.key: (record.state, record.caption, record.attributes, record.visual)
            for record in self.catalogue.scan()
        }


def bucket() -> MemoryStorage:
    storage = MemoryStorage(BUCKET)
    for name, body in FILES.items():
        storage.write(f"uploads/ada/{name}", body, content_type="image/jpeg")
    return storage


def upload(captioner: Captioner) -> None:
    for name in FILES:
        found = {"key": f"uploads/ada/{name.replace('%', '%25').replace('+', '%2B')}"}
        record = {
            "eventName": "ObjectCreated:Put",
            "s3": {"bucket": {"name": BUCKET}, "object": found | {"sequencer": "01"}},
        }
        captioner.queue.send([{"Records": [record]}])
    captioner.work()


def test_a_lost_catalogue_comes_back_as_it_was() -> None:
    storage = bucket()
    first, second = Captioner(storage), Captioner(storage)
    upload(first)
    assert len(first.known()) == 4
    cursor = second.rebuild.page(None, 2).cursor
    while cursor:
        cursor = second.rebuild.page(cursor, 2).cursor
    second.work()
    assert second.known() == first.known()


def test_a_rebuild_that_was_stopped_does_only_what_is_left() -> None:
    captioner = Captioner(bucket())
    captioner.rebuild.page(None, 3)
    captioner.work()
    assert captioner.prepared == [b"dog", b"cat", b"no image"]
    assert captioner.rebuild.page(None, 9) == RebuildPage(5, 2, 3, None)
    captioner.work()
    assert captioner.prepared == [b"dog", b"cat", b"no image", b"bird"]
    assert captioner.rebuild.page(None, 9) == RebuildPage(5, 0, 5, None)
