"""Re-indexes, killed before any call, doubled and late: what is searched is never a part."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from opensearchpy import Urllib3HttpConnection

from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable
from chalicelib.reindexing import AutomaticReindexing, Position, Progress, RunStateStore, Stage
from chalicelib.search import Document
from chalicelib.search.conditions import Living
from chalicelib.search.opensearch import (
    BackOff,
    OpenSearchIndex,
    RebuildingIndex,
    RetryingClient,
    connect,
)
from chalicelib.search.opensearch.bulk import write
from chalicelib.search.port import Retrieval
from tests.corpora import START
from tests.memory.storage import MemoryStorage
from tests.opensearch import index_with, needs_opensearch, own_prefix, shared_client, shared_url
from tests.scheduled import Worker, before_a_call

pytestmark = needs_opensearch


class PausingConnection(Urllib3HttpConnection):
    """A connection on which a worker stops before each request."""

    def perform_request(self, *asked: Any, **more: Any) -> Any:
        before_a_call()
        return super().perform_request(*asked, **more)


class PausingStorage(MemoryStorage):
    """A bucket on which a worker stops before each reading and writing."""

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        before_a_call()
        return super().read(key, version_id=version_id, limit=limit)

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        before_a_call()
        super().write(key, body, content_type=content_type)


class Never:
    """Starts no run by itself."""

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        raise AssertionError(run_id)


@dataclass
class Room:
    """A catalogue, its index on the node, and runs that go on as they are told.

    Attributes
    ----------
    index
        Of the stream's deliveries, which nothing interrupts.
    """

    prefix: str
    catalogue: dict[str, Document] = field(default_factory=dict)
    storage: PausingStorage = field(default_factory=PausingStorage)
    moments: Iterator[int] = field(default_factory=count)
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.index = index_with(self.prefix)
        self.runs = RunStateStore(self.storage, self.now)
        client = connect(shared_url(), 60, connection_class=PausingConnection)
        paused = OpenSearchIndex(RetryingClient(client, BackOff(tries=1)), prefix=self.prefix)
        automatic = AutomaticReindexing(lambda: None, Never())
        self.rebuilding = RebuildingIndex(paused, self.everything, automatic, batch=2)

    def now(self) -> datetime:
        """Return a moment that is later than any before, so that each position is written."""
        return START + timedelta(seconds=next(self.moments))

    def everything(self, after: str | None) -> Iterable[Document]:
        for image_id in sorted(self.catalogue):
            if after is None or image_id > after:
                yield self.catalogue[image_id]

    def run(self, run_id: str, *, roll_back: bool = False) -> None:
        """Do a run to its end, or to its refusal."""
        work = self.rebuilding.roll_back if roll_back else self.rebuilding.rebuild
        with suppress(NotFound, RevisionConflict, SearchUnavailable):
            self.runs.run(run_id, roll_back=roll_back, work=work)

    def begin(self, run_id: str, *, roll_back: bool = False) -> Worker:
        self.workers.append(Worker(lambda: self.run(run_id, roll_back=roll_back)))
        return self.workers[-1]

    def save(self, number: int) -> None:
        """Write a record, and let the stream deliver it."""
        image_id = f"{number:03}"
        held = self.catalogue.get(image_id)
        rev = held.rev + 1 if held else 1
        is_removed = rev % 3 == 0
        changed = Document(image_id, rev, "ann", is_removed, text=f"revision {rev}")
        self.catalogue[image_id] = changed
        assert self.index.apply([changed]) == ()

    def check(self) -> None:
        """Hold the live index against the catalogue, record by record."""
        live = str(self.index.aliases.read().live)
        shared_client().indices.refresh(index=live)
        (found,) = self.index.view().retrieve([Retrieval(Living(), size=1_000, stored=True)])
        told = {one.image_id: one.text for one in found.stored.values()}
        assert told == {d.image_id: d.text for d in self.catalogue.values() if not d.deleted}


@pytest.fixture
def room() -> Iterator[Room]:
    with own_prefix() as prefix:
        yield filled(Room(prefix))


def filled(room: Room, records: int = 7) -> Room:
    """Let a catalogue be indexed."""
    room.catalogue = {f"{n:03}": Document(f"{n:03}", 1, "ann", text="new") for n in range(records)}
    room.rebuilding.rebuild()
    room.check()
    return room


# Who goes on for so many calls, is begun or killed, or what is written.
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("begin"), st.booleans(), st.sampled_from("abc")),
        st.tuples(st.just("go on"), st.integers(0, 3), st.integers(1, 25)),
        st.tuples(st.just("kill"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("save"), st.integers(0, 9), st.just(0)),
    ),
    min_size=4,
    max_size=16,
)
# A run is overtaken in its middle, and its last words are late.
_LATE = [
    ("begin", False, "a"), ("go on", 0, 20), ("begin", False, "b"), ("go on", 1, 60),
    ("go on", 0, 25), ("begin", False, "c"), ("go on", 2, 60),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.fault(19)
@pytest.mark.fault(20)
@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=_STEPS)
@example(steps=_LATE)
def test_however_runs_meet_and_end_the_searched_index_is_the_catalogue(
    steps: list[tuple[str, Any, Any]],
) -> None:
    with own_prefix() as prefix:
        room = filled(Room(prefix))
        for step, which, more in steps:
            if step == "begin":
                room.begin(more, roll_back=which)
            elif step == "save":
                room.save(which)
            elif which < len(room.workers):
                worker = room.workers[which]
                for _ in range(more):
                    worker.step()
                if step == "kill":
                    worker.kill()
            room.check()
        for worker in room.workers:
            worker.finish()
            room.check()
        room.run("the last")
        room.check()


@pytest.mark.fault(19)
def test_a_position_in_another_index_is_worth_nothing(room: Room) -> None:
    """Late words of a run whose index another one finished are no reason to leave records out."""
    elsewhere = Position(4, "003", room.index.aliases.filling(str(room.index.aliases.read().live)))
    assert room.rebuilding.rebuild(Progress(elsewhere)) == 7
    room.check()


@pytest.mark.fault(19)
def test_a_run_that_is_killed_before_any_call_is_resumed_by_the_next(room: Room) -> None:
    calls = 0
    while True:
        worker = room.begin("one")
        for _ in range(calls):
            worker.step()
        if worker.ended:
            break
        worker.kill()
        room.check()
        calls += 1
        assert calls < 100
    room.check()
    newest = room.runs.newest()
    assert newest is not None and (newest.stage, newest.records) == (Stage.FINISHED, 7)
    assert calls > 10


def test_an_index_that_lacks_what_was_read_is_filled_once_more(room: Room) -> None:
    """A position may be wrong all the same: what the index holds is counted before it is live."""
    building = str(room.index.aliases.create(room.index.aliases.read()).building)
    assert write(room.index.client, building, [room.catalogue["003"]]) == ()
    told = Position(4, "003", room.index.aliases.filling(building))
    assert room.rebuilding.rebuild(Progress(told)) == 7
    room.check()


def test_an_index_that_never_holds_all_is_not_made_live(room: Room) -> None:
    twice = [Document("007", 1, "ann", text="new")] * 3  # as no catalogue has it
    automatic = AutomaticReindexing(lambda: None, Never())
    live = room.index.aliases.read().live
    rebuilding = RebuildingIndex(room.index, lambda _after: twice, automatic)
    with pytest.raises(SearchUnavailable, match="does not hold all records"):
        rebuilding.rebuild()
    assert room.index.aliases.read().live == live
    room.check()


@pytest.mark.fault(20)
def test_a_position_of_an_earlier_filling_of_the_same_index_is_worth_nothing(room: Room) -> None:
    former = str(room.index.aliases.read().live)
    filling = room.index.aliases.filling(former)
    room.run("another")
    room.save(1)  # the former index takes no writes
    assert room.rebuilding.roll_back(Progress(Position(4, "003", filling))) == 7
    assert room.index.aliases.read().live == former
    room.check()


@pytest.mark.fault(20)
def test_an_old_run_does_not_bring_an_index_back_that_missed_writes(room: Room) -> None:
    """Between the two roll-backs the index was out of use; the old one read it full before."""
    room.run("between")
    old = room.begin("old", roll_back=True)
    stepped_until(old, lambda: room.index.aliases.read().building is not None)
    for _ in range(7):
        old.step()
    another = room.begin("another")  # instead of the roll-back
    stepped_until(another, lambda: room.index.aliases.read().building is None)
    another.kill()
    room.save(1)
    later = room.begin("later", roll_back=True)
    stepped_until(later, lambda: room.index.aliases.read().building is not None)
    old.finish()
    room.check()
    later.finish()
    room.check()


def stepped_until(worker: Worker, is_so: Callable[[], bool]) -> None:
    while not is_so():
        assert not worker.ended
        worker.step()
