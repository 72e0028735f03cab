"""A photograph's life: a bucket that tells of its changes, workers, and a person at the API."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import quote_plus

from captioner.batch import BatchProcessor
from chalicelib.access import Caller, Scope
from chalicelib.api.collection import Collection
from chalicelib.catalogue import Catalogue
from chalicelib.errors import NotFound
from chalicelib.events import redrive
from chalicelib.images import Image, Prepared, State, image_id_of
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.recounting import AutomaticRecounting
from chalicelib.search.port import document_of
from chalicelib.storage import StoredObject
from chalicelib.transitions import edited, pending
from tests.api import FixedIndex, NotedReindexing
from tests.buckets import VersionedStorage
from tests.ingesting import prepared
from tests.memory.queue import MemoryQueue
from tests.plain_index import PlainIndex

KEY = "uploads/ada/dog.jpg"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
ADA = Caller("ada", frozenset({Scope.READ, Scope.WRITE}))
Body = dict[str, Any]


class Killed(BaseException):
    """The process ends here, as by SIGKILL: nothing catches it."""


class Steps:
    """The moments before each call of an adapter, at one of which something else happens."""

    def __init__(self) -> None:
        self.taken = 0
        self._planned: tuple[int, Callable[[], object]] | None = None

    def plan(self, at: int, happens: Callable[[], object]) -> None:
        """Let something happen before the call of that number, from 0 on, counted from now."""
        self.taken = 0
        self._planned = (at, happens)

    def end(self) -> None:
        """Let happen what was planned for a call that was not made."""
        if self._planned:
            (_, happens), self._planned = self._planned, None
            happens()

    def take(self) -> None:
        """Count a call that is about to be made."""
        number, self.taken = self.taken, self.taken + 1
        if self._planned and self._planned[0] == number:
            (_, happens), self._planned = self._planned, None
            happens()


class Stepped:
    """Passes calls on to an adapter, each of them a step."""

    def __init__(self, adapter: Any, steps: Steps) -> None:
        self._adapter = adapter
        self._steps = steps

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            self._steps.take()
            answer = found(*arguments, **named)
            return iter([*answer]) if isinstance(answer, Iterator) else answer

        return call


class Telling:
    """A bucket that keeps S3's messages of what changes under ``uploads/``, in their order."""

    def __init__(self, storage: VersionedStorage) -> None:
        self._storage = storage
        self.messages: list[Body] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        self._storage.write(key, body, content_type=content_type)
        found = self._storage.head(key)
        assert found is not None
        self._tell("ObjectCreated:Put", found.key, version=found.version_id, size=found.size)

    def delete(self, key: str) -> None:
        self._storage.delete(key)
        self._tell("ObjectRemoved:DeleteMarkerCreated", key, version="the marker's")

    def purge(self, key: str, version_id: str | None = None) -> str:
        purged = self._storage.purge(key, version_id)
        self._tell("ObjectRemoved:Delete", key, version=purged)
        return purged

    def _tell(self, name: str, key: str, *, version: str | None, size: int | None = None) -> None:
        if not key.startswith("uploads/"):
            return
        sequencer = f"{len(self.messages) + 1:04X}"
        told = {
            "key": quote_plus(key, safe="/"),
            "versionId": version,
            "sequencer": sequencer,
            "size": size,
        }
        of = {"bucket": {"name": self._storage.bucket}, "object": told}
        self.messages.append({"Records": [{"eventName": name, "s3": of}]})


class Streaming:
    """A catalogue that keeps all revisions which were saved, as a table's stream tells them."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.saved: list[Image] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._catalogue, name)

    def save(self, image: Image, *, expected_rev: int) -> Image:
        self.saved.append(self._catalogue.save(image, expected_rev=expected_rev))
        return self.saved[-1]


class _Counts:
    def __init__(self, counted: Counter[str]) -> None:
        self._counted = counted

    def count(self, what: str) -> None:
        self._counted[what] += 1

    def failed(self, message_id: str) -> None:
        pass


class Life:
    """What happens to one photograph, and to what is kept of it.

    Attributes
    ----------
    counted
        What its workers' messages led to, as their metrics tell.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        storage: VersionedStorage,
        prepare: Callable[[bytes], Prepared] = prepared,
        key: str = KEY,
    ) -> None:
        self.key = key
        self.steps = Steps()
        self.counted: Counter[str] = Counter()
        self._moments = count()
        self.is_answered_deleted = False
        self._delivered: set[int] = set()
        self.bucket = Telling(storage)
        self.stream = Streaming(catalogue)
        self.catalogue: Any = Stepped(self.stream, self.steps)
        self.storage: Any = Stepped(self.bucket, self.steps)
        self.image_id = image_id_of(storage.bucket, key)
        self._worker = self.worker("net@1", prepare)
        counting = AutomaticRecounting(NotedReindexing())
        self._api = Collection(self.catalogue, self.storage, FixedIndex(), counting, lambda: NOW)

    def worker(self, model: str, prepare: Callable[[bytes], Prepared] = prepared) -> BatchProcessor:
        ingest = Ingest(
            self.catalogue, self.storage, prepare, model=model, clock=self._clock, max_bytes=100
        )
        queue = MemoryQueue()
        imports = Imports(self.catalogue, self.storage, queue, lambda: NOW)
        counts = _Counts(self.counted)
        return BatchProcessor(ingest, imports, counts, queue, bucket=self.bucket.bucket)

    def _clock(self) -> datetime:
        """Return a moment that no other worker has."""
        return NOW + timedelta(microseconds=next(self._moments))

    @property
    def messages(self) -> list[Body]:
        return self.bucket.messages

    def enter(self) -> None:
        """Announce the photograph."""
        self.catalogue.save(pending(self.bucket.bucket, self.key, NOW), expected_rev=0)

    def upload(self, body: bytes = b"runs") -> None:
        self.bucket.write(self.key, body, content_type="image/jpeg")

    def delete(self) -> bool:
        """Delete it for good through the API; tell whether there was such a photograph."""
        was_there = self._has(partial(self._api.delete_for_good, rev=None))
        self.is_answered_deleted |= was_there
        return was_there

    def trash(self) -> bool:
        """Move it to the trash through the API; tell whether there was such a photograph."""
        return self._has(partial(self._api.delete, rev=None))

    def restore(self) -> bool:
        """Take it out of the trash through the API; tell whether it was there."""
        return self._has(self._api.restore)

    def _has(self, act: Callable[[Caller, str], object]) -> bool:
        try:
            act(ADA, self.image_id)
        except NotFound:
            return False
        return True

    def undo(self) -> None:
        """Remove the newest version, or delete marker, by hand."""
        self.bucket.purge(self.key)

    def edit(self) -> None:
        """Change the record, if there is one to be seen."""
        with suppress(NotFound):
            record = self.catalogue.get(self.image_id)
            if record:
                after = edited(record, NOW, keywords=(f"revision {record.rev}",))
                self.catalogue.save(after, expected_rev=record.rev)

    def deliver(
        self, message: int | Body, attempt: int = 1, worker: BatchProcessor | None = None
    ) -> None:
        """Deliver one of S3's messages, by its number, or another; it must be done with."""
        body = message
        if isinstance(message, int):
            self._delivered.add(message)
            body = self.messages[message]
        count = {"ApproximateReceiveCount": str(attempt)}
        record = {"messageId": "1", "body": json.dumps(body), "attributes": count}
        assert (worker or self._worker).process([record], lambda: 60_000) == []

    def deliver_the_rest(self) -> None:
        """Deliver what S3 told of and nobody was given yet, the oldest first."""
        for message in range(len(self.messages)):
            if message not in self._delivered:
                self.deliver(message)

    def redrive(self, attempt: int = 1) -> None:
        """Have it captioned again."""
        self.deliver(redrive(self.key, force=True), attempt)

    @property
    def record(self) -> Image | None:
        found: Image | None = self.catalogue.get(self.image_id)
        return found

    @property
    def is_living(self) -> bool:
        return self.record is not None and not self.record.is_hidden

    @property
    def copies(self) -> set[str]:
        """The copies for display that the bucket holds."""
        found: Iterator[StoredObject] = self.bucket.objects(f"derived/{self.image_id}/")
        return {copy.key for copy in found}

    @property
    def is_searchable(self) -> bool:
        """Whether an index holds it that took every revision in, late and more than once."""
        index, told = PlainIndex(), [*map(document_of, self.stream.saved)]
        assert index.apply([*told, *told[::-1]]) == ()
        return index.count(None) == 1

    def assert_deleted_is_deleted(self) -> None:
        """See that nothing is shown once a deletion was answered, before S3 tells of anything."""
        if self.is_answered_deleted and self.bucket.head(self.key) is None:
            assert not self.is_living

    def assert_settled(self) -> None:
        """Hold the record, the copies and the index against what the bucket's key holds."""
        body, record = self.bucket.read(self.key, limit=100), self.record
        if body is None:
            assert record is None or record.state is State.DELETED or not self.messages
            assert self.copies == set() and not self.is_searchable
            return
        assert record is not None and record.state is State.CAPTIONED and self.is_searchable
        assert record.caption and record.caption.text.endswith(body.decode())
        assert record.copies == self.copies
        assert record.derivative_key is not None
        assert self.bucket.read(record.derivative_key, limit=100) == b"webp of " + body
