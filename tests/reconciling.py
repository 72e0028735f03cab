"""A repository in which things get lost, with the reconciler, and what must hold at rest."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import events
from chalicelib.catalogue import Catalogue
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import DESCRIBED, Image, State, image_id_of
from chalicelib.ingest import Ingest
from chalicelib.names import DERIVED, UPLOADS
from chalicelib.reconciling.counting import Counting
from chalicelib.reconciling.index import Repairing
from chalicelib.reconciling.reconciler import Asked, Reconciler
from chalicelib.reconciling.repairs import Repair, Repairs
from chalicelib.reconciling.report import Report, ReportStore
from chalicelib.reindexing import Stage
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import Document, document_of
from chalicelib.transitions import deleted, expired, pending
from tests.buckets import VersionedStorage
from tests.ingesting import prepared
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.queue import MemoryQueue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"
Before = Callable[[str], None]


class Killed(BaseException):
    """The process ended."""


class Interrupting:
    """Does something at one of the calls to adapters; every later one fails if it kills."""

    def __init__(self, at: int, what: Callable[[], None] | None = None) -> None:
        self._at = at
        self._what = what
        self.calls = 0

    def __call__(self, name: str) -> None:
        self.calls += 1
        if self._what is None and self.calls >= self._at:
            raise Killed
        if self._what is not None and self.calls == self._at:
            self._what()


class Watched:
    """An adapter of which something is told before each call."""

    def __init__(self, adapter: Any, before: Before) -> None:
        self._adapter = adapter
        self._before = before

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        if not callable(found):
            return found

        def called(*arguments: Any, **named: Any) -> Any:
            self._before(name)
            return found(*arguments, **named)

        return called


class World:
    """Everything, with hands that lose things."""

    def __init__(
        self,
        catalogue: Catalogue | None = None,
        storage: VersionedStorage | None = None,
    ) -> None:
        self.now = datetime.now(UTC).replace(microsecond=0)
        self.catalogue = catalogue or MemoryCatalogue()
        self.storage = storage or MemoryStorage(BUCKET, self._clock)
        self.queue = MemoryQueue()
        self.index = EmbeddedIndex()
        self.wrong_counters = 0
        self.rebuilt = 0
        self._streamed: dict[str, int] = {}
        self._sequence = 0
        self.ingest = Ingest(
            self.catalogue,
            self.storage,
            prepared,
            model="net@1",
            clock=self._clock,
            max_bytes=100,
        )

    def _clock(self) -> datetime:
        return self.now

    # ---- What goes on -------------------------------------------------------------------------

    def upload(self, name: str, body: bytes = b"rex", *, told: bool = True) -> str:
        """Store a photograph, and unless the event is lost caption it; return its id."""
        self.storage.write(key_of(name), body, content_type="image/jpeg")
        if told:
            self.ingest.created(self._event(name, EventKind.CREATED))
            self.stream()
        return self.id_of(name)

    def remove(self, name: str, *, told: bool = True) -> None:
        """Remove a photograph's file by hand."""
        self.storage.delete(key_of(name))
        if told:
            self.ingest.removed(self._event(name, EventKind.REMOVED))
            self.stream()

    def stream(self, *, lost: bool = False) -> None:
        """Let the indexer take in what changed, or lose it."""
        changed = [
            record
            for record in self.catalogue.scan()
            if self._streamed.get(record.image_id) != record.rev
        ]
        self._streamed |= {record.image_id: record.rev for record in changed}
        if not lost:
            self.index.apply([*map(document_of, changed)])

    def work(self) -> None:
        """Let the captioner and the indexer do all that waits."""
        messages, self.queue.messages[:] = [*self.queue.messages], []
        for message in messages:
            for event in events.read(_text(message), self.storage.bucket):
                assert isinstance(event, ObjectEvent)
                self.ingest.created(event)
        self.stream()

    def save(self, record: Image) -> None:
        self.catalogue.save(record, expected_rev=record.rev)

    def id_of(self, name: str) -> str:
        return image_id_of(self.storage.bucket, key_of(name))

    def record(self, name: str) -> Image:
        record = self.catalogue.get(self.id_of(name))
        assert record is not None
        return record

    def _event(self, name: str, kind: EventKind) -> ObjectEvent:
        self._sequence += 1
        found = self.storage.head(key_of(name))
        version = found.version_id if found else None
        return ObjectEvent(
            self.storage.bucket, key_of(name), kind, version, f"{self._sequence:016X}"
        )

    # ---- The reconciler -----------------------------------------------------------------------

    def recount(self, run_id: str, *, unless_running: bool = False) -> None:
        progress = RecountProgress(self.storage, self._clock)
        progress.end(progress.begun(run_id, 1, "images"), self.wrong_counters)
        self.wrong_counters = 0

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        """Build the index anew, as the indexer does when asked."""
        self.rebuilt += 1
        self.index = EmbeddedIndex()
        self.index.apply([*map(document_of, self.catalogue.scan())])

    def reconcile(
        self,
        before: Before = lambda _: None,
        is_late: Callable[[], bool] = lambda: False,
        asked: Asked | None = None,
    ) -> dict[str, int]:
        """Run the reconciler once; return what it repaired."""
        watched = [
            Watched(adapter, before)
            for adapter in (
                self.catalogue,
                self.storage,
                self.queue,
                Repairing(self.index, self.catalogue),
            )
        ]
        catalogue, storage, queue, index = watched
        progress: Any = Watched(RecountProgress(self.storage, self._clock), before)
        itself: Any = Watched(self, before)
        counting = Counting(itself, progress, self._clock, self._sleep)
        arguments: Any = (catalogue, storage, queue, index, counting, itself, self._clock)
        done = Repairs()
        Reconciler(*arguments).run(is_late, done, asked)
        return {name: count for name, count in done.items() if count}

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def finish(self) -> Report:
        """Go on until the pass is over, as the schedule does; return its report."""
        for _ in range(100):
            self.now += timedelta(minutes=30)
            self.reconcile()
            report = self.report()
            if report.stage is not Stage.RUNNING:
                return report
        raise AssertionError("the pass does not come to its end")

    def report(self) -> Report:
        report = ReportStore(self.storage).newest()
        assert report is not None
        return report

    # ---- What must hold -----------------------------------------------------------------------

    def assert_whole(self) -> None:
        """Every file has one record with its copies, each record its file, and the index all."""
        records = {record.key: record for record in self.catalogue.scan()}
        described = {key: one for key, one in records.items() if one.state in DESCRIBED}
        there = {file.key: file for file in self.storage.newest_versions(UPLOADS)}
        assert described.keys() == there.keys()
        for key, record in described.items():
            body = self.storage.read(key, limit=100)
            assert body and record.caption and body.decode() in record.caption.text, key
        copies = {copy.key for copy in self.storage.objects(DERIVED)}
        assert copies == {key for record in described.values() for key in record.copies}
        living = {held.image_id for held in self.index.held(None, 999) if not held.deleted}
        assert living == {record.image_id for record in described.values()}
        held = self.index.revisions([record.image_id for record in records.values()])
        assert held == {record.image_id: record.rev for record in records.values()}


def key_of(name: str) -> str:
    return f"{UPLOADS}ada/{name}"


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message)


# What can be lost: how, and as what it is repaired ---------------------------------------------


def an_event(world: World) -> None:
    world.upload("event.jpg", told=False)


def an_overwritten_files_event(world: World) -> None:
    world.upload("overwritten.jpg", b"dog")
    world.upload("overwritten.jpg", b"cat", told=False)


def an_event_of_the_same_bytes(world: World) -> None:
    world.upload("same.jpg", b"dog")
    world.upload("same.jpg", b"dog", told=False)


def a_removal(world: World) -> None:
    world.upload("removed.jpg")
    world.remove("removed.jpg", told=False)


def a_copy(world: World) -> None:
    world.upload("copyless.jpg")
    world.storage.delete(str(world.record("copyless.jpg").large_key))


def a_record(world: World) -> None:
    """Leave the copy of a photograph of which nothing is known."""
    world.storage.write(
        f"{DERIVED}{world.id_of('nobody.jpg')}/x.webp", b"w", content_type="image/webp"
    )


def a_sweep(world: World) -> None:
    """Leave the copy that a worker wrote who was killed."""
    image_id = world.upload("swept.jpg")
    world.storage.write(f"{DERIVED}{image_id}/ab-r1.webp", b"w", content_type="image/webp")


def a_stream_record(world: World) -> None:
    world.upload("unindexed.jpg")
    world.save(replace(world.record("unindexed.jpg"), keywords=("Rex",)))
    world.stream(lost=True)


def a_document_of_nothing(world: World) -> None:
    world.index.apply([Document("nobody", 7, "ada", text="a ghost")])


def an_undone_removals_event(world: World) -> None:
    world.upload("back.jpg")
    world.remove("back.jpg")
    world.storage.purge(key_of("back.jpg"))


def the_end_of_a_deletion(world: World) -> None:
    world.upload("cut.jpg")
    world.save(deleted(world.record("cut.jpg"), world.now))
    world.stream()


def a_late_files_event(world: World) -> None:
    record = pending(world.storage.bucket, key_of("late.jpg"), world.now, size=3)
    world.save(record)
    world.save(expired(world.record("late.jpg"), world.now))
    world.stream()
    world.upload("late.jpg", told=False)


def counts(world: World) -> None:
    world.wrong_counters = 3


LOSSES: dict[Callable[[World], None], dict[Repair, int]] = {
    an_event: {Repair.RESENT: 1},
    an_overwritten_files_event: {Repair.RESENT: 1},
    an_event_of_the_same_bytes: {Repair.RESENT: 1},
    a_removal: {Repair.REMOVED: 1},
    a_copy: {Repair.COPIES_MADE: 1},
    a_record: {Repair.COPIES_REMOVED: 1},
    a_sweep: {Repair.COPIES_REMOVED: 1},
    a_stream_record: {Repair.INDEXED: 1},
    a_document_of_nothing: {Repair.UNINDEXED: 1},
    an_undone_removals_event: {Repair.RESTORED: 1},
    the_end_of_a_deletion: {Repair.DELETED: 1},
    a_late_files_event: {Repair.RESENT: 1},
    counts: {Repair.RECOUNTED: 3},
}


def everything_lost(world: World) -> World:
    """Let a repository of some photographs lose one of each."""
    for name in ("one.jpg", "two.jpg", "three.jpg"):
        world.upload(name, name.encode())
    for loss in LOSSES:
        loss(world)
    world.now += timedelta(hours=3)
    return world


def all_repairs() -> Repairs:
    return sum((Repairs(found) for found in LOSSES.values()), Repairs())


def states(world: World) -> dict[str, State]:
    return {record.key: record.state for record in world.catalogue.scan()}
