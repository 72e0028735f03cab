"""Kills, time-outs and races between any two calls of the store, in any order.

Whatever happens, a reader sees a state that was published; in the end it sees the catalogue:
nothing is lost, stale, or brought back.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chalicelib.errors import NotFound, SearchUnavailable
from chalicelib.search import Document, Query
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from chalicelib.search.replicated.manifest import GRACE, Manifest, Policy
from chalicelib.search.replicated.store import Published
from tests.memory.index_store import MemoryIndexStore

Call = Callable[[], object]
POLICY = Policy(runs=2, share=0.5, fewest=12, kept=2)
ALL = Query(None, text="dog", limit=100)
IDS = [f"id-{number}" for number in range(5)]


class Killed(BaseException):
    """The process is gone."""


class Failing:
    """A store one of whose next calls fails, before or after it did its work."""

    def __init__(self, store: MemoryIndexStore) -> None:
        self._store = store
        self.left = 0
        self.after = False
        self.error: type[BaseException] | None = None

    def arm(self, left: int, error: type[BaseException] | None, *, after: bool) -> None:
        self.left, self.error, self.after = left, error, after

    def _run(self, name: str, *values: object, **named: object) -> Any:
        self.left -= 1
        failing = self.error is not None and self.left == 0
        if failing and not self.after:
            self._fail()
        answer = getattr(self._store, name)(*values, **named)
        if failing:
            self._fail()
        return answer

    def _fail(self) -> None:
        assert self.error is not None
        raise self.error("told to fail")

    def tag(self) -> str | None:
        return self._run("tag")  # type: ignore[no-any-return]

    def manifest(self) -> Published | None:
        return self._run("manifest")  # type: ignore[no-any-return]

    def publish(self, manifest: bytes, *, replacing: str | None) -> str:
        return self._run("publish", manifest, replacing=replacing)  # type: ignore[no-any-return]

    def add(self, name: str, content: bytes) -> None:
        self._run("add", name, content)

    def part(self, name: str) -> bytes:
        return self._run("part", name)  # type: ignore[no-any-return]

    def parts(self) -> list[tuple[str, datetime]]:
        return self._run("parts")  # type: ignore[no-any-return]

    def remove(self, names: Sequence[str]) -> None:
        self._run("remove", names)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


FAULTS = st.tuples(
    st.integers(1, 8), st.sampled_from([None, None, Killed, SearchUnavailable]), st.booleans()
)
CHANGES = st.lists(st.tuples(st.sampled_from(IDS), st.booleans()), min_size=1, max_size=4)


class PublishedIndexMachine(RuleBasedStateMachine):
    """A catalogue, its stream, writers that die, and readers that come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryIndexStore()
        self.failing = Failing(self.store)
        self.clock = Clock()
        self.catalogue: dict[str, Document] = {}
        self.stream: list[list[Document]] = []
        self.taken: list[list[Document]] = []
        self.manifests: list[tuple[datetime, Manifest]] = []
        self.writers = [self._writer(), self._writer()]
        self.reader = PublishedIndex(self.store, clock=self.clock)

    def _writer(self) -> IndexWriter:
        everything = lambda: list(self.catalogue.values())  # noqa: E731
        return IndexWriter(self.failing, everything, lambda: self.store.now, POLICY)

    @rule(changes=CHANGES)
    def photographs_change(self, changes: list[tuple[str, bool]]) -> None:
        batch = []
        for image_id, deleted in changes:
            known = self.catalogue.get(image_id)
            rev = known.rev + 1 if known else 1
            document = Document(image_id, rev, "ann", text=f"dog {rev}", deleted=deleted)
            self.catalogue[image_id] = document
            batch.append(document)
        self.stream.append(batch)

    @precondition(lambda self: self.stream)
    @rule(fault=FAULTS, who=st.sampled_from([0, 0, 0, 1]))
    def a_batch_is_delivered(self, fault: tuple[int, Any, bool], who: int) -> None:
        batch = self.stream[0]
        if self._survives(lambda: self.writers[who].apply(batch), fault, who):
            self.taken.append(self.stream.pop(0))

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def an_old_batch_is_delivered_again(self, data: st.DataObject) -> None:
        self.failing.arm(0, None, after=False)
        self.writers[0].apply(data.draw(st.sampled_from(self.taken)))

    @rule(fault=FAULTS, who=st.sampled_from([0, 1]))
    def the_index_is_built_anew(self, fault: tuple[int, Any, bool], who: int) -> None:
        self._survives(self.writers[who].rebuild, fault, who)

    @rule(fault=FAULTS)
    def the_former_index_comes_back(self, fault: tuple[int, Any, bool]) -> None:
        self._survives(self.writers[0].roll_back, fault, 0)

    @rule(seconds=st.sampled_from([0.5, 2.0, 200.0]))
    def time_passes(self, seconds: float) -> None:
        self.clock.now += seconds
        self.store.now += timedelta(seconds=seconds)

    def _survives(self, call: Call, fault: tuple[int, Any, bool], who: int) -> bool:
        """Return whether a writer's call ended well; a killed writer is replaced."""
        left, error, after = fault
        self.failing.arm(left, error, after=after)
        try:
            call()
        except Killed:
            self.writers[who] = self._writer()
            return False
        except (SearchUnavailable, NotFound):
            return False
        finally:
            self.failing.arm(0, None, after=False)
        return True

    @invariant()
    def a_reader_that_follows_sees_what_one_that_begins_sees(self) -> None:
        self.clock.now += 1.0
        fresh = PublishedIndex(self.store, clock=self.clock)
        state = _state(fresh)
        assert _state(self.reader) == state
        assert self.reader.count(None) == len(state)

    @invariant()
    def nothing_acknowledged_is_missing_and_nothing_is_newer_than_the_catalogue(self) -> None:
        state = _state(self.reader)
        acknowledged = {one.image_id: one for batch in self.taken for one in batch}
        for image_id, newest in self.catalogue.items():
            shown = state.get(image_id, 0)
            assert shown <= newest.rev
            known = acknowledged.get(image_id)
            if known is not None and not known.deleted and not newest.deleted:
                assert shown >= known.rev or self._was_deleted(image_id, known.rev)

    def _was_deleted(self, image_id: str, since: int) -> bool:
        pending = [one for batch in self.stream for one in batch if one.image_id == image_id]
        return any(one.deleted and one.rev > since for one in pending)

    @invariant()
    def every_part_of_a_manifest_that_a_reader_may_hold_is_there(self) -> None:
        if self.store.held is not None:
            self.manifests.append((self.store.now, Manifest.decoded(self.store.held[0])))
        for seen, manifest in self.manifests:
            if self.store.now - seen < GRACE:
                assert manifest.names <= self.store.stored.keys()

    def teardown(self) -> None:
        """Let everything arrive: the reader then sees the catalogue and nothing else."""
        self.failing.arm(0, None, after=False)
        for batch in self.stream:
            self.writers[0].apply(batch)
        self.clock.now += 1.0
        expected = {one.image_id: one.rev for one in self.catalogue.values() if not one.deleted}
        assert _state(self.reader) == expected
        self._nothing_is_left_behind()

    def _nothing_is_left_behind(self) -> None:
        """After a while the store holds what the manifest names, and a bounded rest."""
        for rev in range(100, 112):
            self.store.now += GRACE
            self.writers[0].apply([Document("id-0", rev, "ann", text=f"dog {rev}")])
        assert self.store.held is not None
        names = Manifest.decoded(self.store.held[0]).names
        assert len(self.store.stored) <= len(names) + 2 * POLICY.runs + 2 * POLICY.kept


def _state(reader: PublishedIndex) -> dict[str, int]:
    """Return the revision of every photograph that can be found, as its caption says it."""
    return dict(_shown(reader))


def _shown(reader: PublishedIndex) -> Iterator[tuple[str, int]]:
    for hit in reader.search(ALL).hits:
        assert hit.highlight is not None
        yield hit.image_id, int(hit.highlight.rsplit(" ", 1)[1])


TestPublishedIndex = PublishedIndexMachine.TestCase
TestPublishedIndex.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
