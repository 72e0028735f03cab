"""Another index takes the live one's place while writes go on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

from chalicelib.attributes.kinds import PLACE
from chalicelib.errors import NotFound, RevisionConflict, SearchUnavailable
from chalicelib.images import Attribute, State
from chalicelib.reindexing import AutomaticReindexing, Position, Progress, RunStateStore, Stage
from chalicelib.search import Clause, Document, Query
from chalicelib.search.opensearch import RebuildingIndex
from chalicelib.search.opensearch.aliases import Aliases
from chalicelib.search.opensearch.bulk import write
from chalicelib.search.opensearch.schema import definition
from chalicelib.search.query import Direction, Sort
from tests.memory.storage import MemoryStorage
from tests.opensearch import index_with, needs_opensearch, own_prefix, shared_client

pytestmark = needs_opensearch


class Interrupted(Exception):
    """The reading of the catalogue ends, as at a kill."""


@dataclass
class Bench:
    """A catalogue, the index of it, and the runs that are started.

    Attributes
    ----------
    between
        Called after each record that a rebuild reads.
    hours
        That the clock is ahead.
    """

    prefix: str
    catalogue: dict[str, Document] = field(default_factory=dict)
    between: Callable[[str], None] = lambda image_id: None
    runs: RunStateStore = field(default_factory=lambda: RunStateStore(MemoryStorage()))
    started: list[Thread] = field(default_factory=list)
    hours: int = 0

    def __post_init__(self) -> None:
        automatic = AutomaticReindexing(self.runs.newest, self, self.now)
        self.index = index_with(self.prefix, automatic.start)
        self.rebuilding = RebuildingIndex(self.index, self.everything, automatic)

    def rebuild(self, noted: Progress | None = None) -> int:
        """Rebuild as somebody who asked for it."""
        rebuild = self.rebuilding.rebuild
        return self.runs.run(
            "asked", roll_back=False, work=lambda progress: rebuild(noted or progress)
        )

    def roll_back(self) -> int:
        """Roll back as somebody who asked for it."""
        return self.runs.run("asked", roll_back=True, work=self.rebuilding.roll_back)

    @property
    def aliases(self) -> Aliases:
        return self.index.aliases.read()

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(hours=self.hours)

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        """Run elsewhere, as an invoked function would."""
        assert unless_running
        work = self.rebuilding.roll_back if roll_back else self.rebuilding.rebuild

        def run() -> None:
            self.runs.run(run_id, roll_back=roll_back, work=work)

        self.started.append(Thread(target=run))
        self.started[-1].start()

    def wait(self) -> None:
        for thread in self.started:
            thread.join(60)

    def everything(self, after: str | None) -> Iterable[Document]:
        for image_id in sorted(self.catalogue):
            if after is None or image_id > after:
                yield self.catalogue[image_id]
                self.between(image_id)

    def save(self, *documents: Document, deliver: bool = True) -> None:
        """Change the catalogue, and let the stream deliver the change."""
        self.catalogue |= {document.image_id: document for document in documents}
        if deliver:
            assert self.rebuilding.apply(documents) == ()

    def found(self) -> dict[str, str]:
        texts = ("old", "new", "late")
        hits = {text: self.index.search(Query("ann", text=text, limit=100)).hits for text in texts}
        return {hit.image_id: text for text, found in hits.items() for hit in found}

    def indexes(self) -> set[str]:
        return set(shared_client().indices.get(index=f"{self.prefix}-*"))


@pytest.fixture
def bench() -> Iterator[Bench]:
    with own_prefix() as prefix:
        yield Bench(prefix)


def document(number: int, text: str = "old", rev: int = 1) -> Document:
    on_beach = Attribute("dog", places=("beach",))
    return Document(f"{number:03}", rev, "ann", text=text, attributes=(on_beach,))


def removed(number: int, rev: int = 2) -> Document:
    return Document(f"{number:03}", rev, "ann", deleted=True, state=State.DELETED)


def test_the_first_batch_brings_the_whole_catalogue_with_it(bench: Bench) -> None:
    bench.save(*map(document, range(5)), deliver=False)
    bench.save(document(9))
    assert set(bench.found()) == {"000", "001", "002", "003", "004", "009"}


def test_a_search_of_no_index_has_it_built(bench: Bench) -> None:
    bench.save(*map(document, range(5)), deliver=False)
    with pytest.raises(SearchUnavailable, match="no search index"):
        bench.index.search(Query("ann", text="old"))
    bench.wait()
    assert set(bench.found()) == {"000", "001", "002", "003", "004"}


@pytest.mark.fault(20)
def test_what_is_written_while_an_index_is_built_is_in_it(bench: Bench) -> None:
    bench.save(*map(document, range(6)))
    told: set[str] = set()

    def meanwhile(image_id: str) -> None:
        if image_id == "002" and not told:
            told.add(image_id)
            bench.save(document(0, "new", 2), document(5, "new", 2), removed(1), document(7))
            assert bench.found()["005"] == "new"  # in the live index at once
            bench.save(document(4, "new", 2), deliver=False)  # delivered after the exchange

    live = bench.aliases.live
    bench.between = meanwhile
    assert bench.rebuild() == 6  # 007 is read as well, 001 is a removal now
    now = bench.aliases
    assert now.live != live and now.previous == live and now.building is None
    assert bench.found() == {
        "000": "new", "002": "old", "003": "old", "004": "new", "005": "new", "007": "old",
    }  # fmt: skip
    bench.save(document(4, "new", 2), document(1, "late", 1))  # late deliveries change nothing
    assert "001" not in bench.found()


@pytest.mark.fault(20)
def test_rolling_back_loses_nothing_that_was_written_since(bench: Bench) -> None:
    bench.save(*map(document, range(4)))
    first = bench.aliases.live
    bench.rebuild()
    bench.save(document(0, "new", 2), removed(1), document(9))
    assert bench.roll_back() == 5
    assert bench.aliases.live == first
    assert bench.found() == {"000": "new", "002": "old", "003": "old", "009": "old"}
    bench.roll_back()  # and forth again
    assert bench.aliases.previous == first
    assert bench.found() == {"000": "new", "002": "old", "003": "old", "009": "old"}


def test_of_many_exchanges_the_live_index_and_the_one_before_it_stay(bench: Bench) -> None:
    bench.save(document(1))
    for _ in range(3):
        bench.rebuild()
    assert bench.indexes() == {bench.aliases.live, bench.aliases.previous}


def test_an_index_without_a_role_is_in_nobodys_way_and_is_dropped(bench: Bench) -> None:
    left = f"{bench.prefix}-000001-v1"  # as a write to an index that was just dropped makes it
    shared_client().indices.create(index=left)
    bench.save(document(1))
    assert bench.indexes() == {bench.aliases.live}
    assert bench.found() == {"001": "old"}


def test_an_interrupted_run_resumes_where_it_stopped(bench: Bench) -> None:
    bench.save(*map(document, range(3)))
    bench.rebuild()
    reached: list[str] = []

    def interrupt(image_id: str) -> None:
        reached.append(image_id)
        if image_id == "001":
            raise Interrupted

    bench.between = interrupt
    with pytest.raises(Interrupted):
        bench.rebuild(Progress())
    building = bench.aliases.building
    assert building is not None
    bench.save(document(0, "new", 2))  # goes to both
    with pytest.raises(RevisionConflict):
        bench.roll_back()  # one index at a time
    bench.between = reached.append
    assert write(bench.index.client, building, [document(1)]) == ()
    # As the run state has it where that was a whole batch.
    filling = bench.index.aliases.filling(building)
    assert bench.rebuild(Progress(Position(2, "001", filling))) == 3
    assert reached == ["000", "001", "002"]
    assert bench.aliases.live == building
    assert bench.found() == {"000": "new", "001": "old", "002": "old"}


def test_an_interrupted_roll_back_resumes(bench: Bench) -> None:
    bench.save(*map(document, range(3)))
    first = bench.aliases.live
    bench.rebuild()

    def interrupt(image_id: str) -> None:
        raise Interrupted

    bench.between = interrupt
    with pytest.raises(Interrupted):
        bench.roll_back()
    bench.between = lambda image_id: None
    assert bench.roll_back() == 3
    assert bench.aliases.live == first


def test_there_is_no_rolling_back_from_the_first_index(bench: Bench) -> None:
    bench.save(document(1))
    with pytest.raises(NotFound, match="no former"):
        bench.roll_back()


def test_of_two_that_begin_at_once_one_does(bench: Bench) -> None:
    bench.save(document(1))
    seen = bench.aliases
    bench.index.aliases.create(seen)
    with pytest.raises(RevisionConflict, match="another re-index"):
        bench.index.aliases.create(seen)


def test_of_two_that_exchange_at_once_one_does(bench: Bench) -> None:
    bench.save(document(1))
    seen = bench.index.aliases.create(bench.aliases)
    after = Aliases(live=seen.building, previous=seen.live)
    bench.index.aliases.move(seen, after)
    with pytest.raises(RevisionConflict, match="another re-index"):
        bench.index.aliases.move(seen, after)
    assert bench.aliases == after


def test_of_two_runs_of_one_index_both_are_done(bench: Bench) -> None:
    bench.save(*map(document, range(3)))
    told: list[int] = []

    def meanwhile(image_id: str) -> None:
        if image_id == "001" and not told:
            told.append(0)
            told.append(bench.rebuild())

    bench.between = meanwhile
    assert bench.rebuild() == 3 and told == [0, 3]
    newest = bench.runs.newest()
    assert newest is not None and newest.stage is Stage.FINISHED
    assert set(bench.found()) == {"000", "001", "002"} and bench.aliases.building is None


def test_a_run_of_another_release_is_not_resumed(bench: Bench) -> None:
    bench.save(document(1), document(2))
    begun = release(bench, "building", 2, definition())
    bench.rebuild(
        Progress(Position(1, "001", bench.index.aliases.filling(begun)))
    )  # from the beginning
    assert bench.found() == {"001": "old", "002": "old"}
    assert bench.index.aliases.is_current(str(bench.aliases.live)) and begun not in bench.indexes()


def test_the_next_name_has_the_next_number_whatever_digits_are_in_the_prefix() -> None:
    assert Aliases().next("x-123456", "1").startswith("x-123456-000001-v")
    known = Aliases(live="x-123456-000009-v1", others=("x-123456-000011-v2",))
    assert known.next("x-123456", "1").startswith("x-123456-000012-v")


# Another release ---------------------------------------------------------------------------------


def release(bench: Bench, role: str, number: int, body: Mapping[str, Any]) -> str:
    """Create an index as another release would have, and return its name."""
    name = f"{bench.prefix}-{number:06}-v1"
    alias = bench.prefix if role == "live" else f"{bench.prefix}.{role}"
    shared_client().indices.create(index=name, body={**body, "aliases": {alias: {}}})
    bench.index.refresh(name)
    return name


def before_dates() -> Mapping[str, Any]:
    """Return the definition of a release that knew no dates of taking."""
    body: dict[str, Any] = {**definition()}
    properties = {k: v for k, v in body["mappings"]["properties"].items() if k != "taken"}
    return {**body, "mappings": {**body["mappings"], "properties": properties}}


@pytest.mark.fault(35, by="OpenSearch")
def test_an_order_by_dates_that_an_index_does_not_know_leaves_all_equal() -> None:
    with own_prefix() as prefix:
        index = index_with(prefix)
        name = f"{prefix}-000001-v1"
        shared_client().indices.create(index=name, body={**before_dates(), "aliases": {prefix: {}}})
        index.refresh(name)
        index.apply([document(number) for number in range(3)])
        for direction in Direction:
            asked = Query("ann", sort=Sort.TAKEN, direction=direction, limit=2)
            first = index.search(asked)
            rest = index.search(replace(asked, cursor=first.cursor))
            assert {hit.image_id for hit in (*first.hits, *rest.hits)} == {"000", "001", "002"}


def before_places() -> Mapping[str, Any]:
    """Return the definition of a release whose attributes had no places yet."""
    body: dict[str, Any] = {**definition()}
    properties = dict(body["mappings"]["properties"])
    del properties[PLACE.plural]
    nested = {k: v for k, v in properties["attributes"]["properties"].items() if k != PLACE.name}
    properties["attributes"] = {"type": "nested", "properties": nested}
    return {**body, "mappings": {**body["mappings"], "properties": properties}}


def on_beach(bench: Bench) -> int:
    return bench.index.search(Query("ann", attributes=Clause("dog", places=("beach",)))).total


def of_a_later_release() -> Mapping[str, Any]:
    """Return the definition of a release that knows a field more."""
    body: dict[str, Any] = {**definition()}
    properties = body["mappings"]["properties"] | {"altitude": {"type": "integer"}}
    return {**body, "mappings": {**body["mappings"], "properties": properties}}


@pytest.mark.fault(35, by="OpenSearch")
def test_an_index_of_a_later_release_answers_takes_writes_and_is_rebuilt(bench: Bench) -> None:
    """As after a roll-back to this release: what the later one wrote is found meanwhile."""
    later = release(bench, "live", 7, of_a_later_release())
    bench.catalogue = {one.image_id: one for one in map(document, range(3))}
    bench.index.apply([*bench.catalogue.values()])
    assert bench.index.search(Query("ann", text="old")).total == on_beach(bench) == 3
    bench.save(document(0, "new", 2), document(5))
    assert bench.index.count("ann") == 4
    bench.wait()
    assert bench.index.aliases.is_current(str(bench.aliases.live))
    assert bench.aliases.previous == later
    assert bench.found() == {"000": "new", "001": "old", "002": "old", "005": "old"}


@pytest.mark.fault(35, by="OpenSearch")
def test_an_index_of_an_earlier_release_is_rebuilt_under_writes(bench: Bench) -> None:
    old = release(bench, "live", 1, before_places())
    bench.catalogue = {one.image_id: one for one in map(document, range(1_500))}
    bench.index.apply([*bench.catalogue.values()])
    assert bench.index.count("ann") == 1_500
    assert on_beach(bench) == 0  # what the release brings is not there yet
    assert not bench.started

    written = 0

    def meanwhile(image_id: str) -> None:
        nonlocal written
        if int(image_id) % 100 == 50:  # ten and more times while the catalogue is read
            bench.save(document(written, "new", 2), document(2_000 + written, "new"))
            written += 1
            held = Query("ann", text="new", limit=100)
            assert bench.index.search(held).total == 2 * written + 1
            assert bench.index.count("ann") == 1_500 + written

    bench.between = meanwhile
    bench.save(document(1_499, "new", 2))  # notices it
    bench.wait()
    assert len(bench.started) == 1
    assert written >= 10
    newest = bench.runs.newest()
    assert newest is not None and newest.stage is Stage.FINISHED
    assert bench.index.aliases.is_current(str(bench.aliases.live)) and bench.aliases.previous == old
    assert on_beach(bench) == bench.index.count("ann") == 1_500 + written
    assert bench.index.search(Query("ann", text="new")).total == 2 * written + 1
    with pytest.raises(NotFound, match="of this release"):
        bench.roll_back()


@pytest.mark.fault(35, by="OpenSearch")
def test_a_search_notices_an_index_of_an_earlier_release(bench: Bench) -> None:
    release(bench, "live", 1, before_places())
    bench.catalogue = {"001": document(1)}
    bench.index.apply([document(1)])
    assert bench.index.search(Query("ann", text="old")).total == 1
    bench.wait()
    assert on_beach(bench) == 1


@pytest.mark.fault(35, by="OpenSearch")
def test_an_interrupted_rebuild_of_an_earlier_releases_index_is_resumed(bench: Bench) -> None:
    release(bench, "live", 1, before_places())
    bench.save(*map(document, range(3)), deliver=False)

    def interrupted(progress: Progress) -> int:
        bench.index.aliases.create(bench.aliases)
        raise Interrupted

    with pytest.raises(Interrupted):
        bench.runs.run("first", roll_back=False, work=interrupted)
    bench.save(document(3))
    assert not bench.started  # it may be running yet
    bench.hours = 1
    bench.save(document(4))
    bench.wait()
    newest = bench.runs.newest()
    assert newest is not None and (newest.run_id, newest.stage) == ("first", Stage.FINISHED)
    assert bench.index.aliases.is_current(str(bench.aliases.live))
    assert set(bench.found()) == {"000", "001", "002", "003", "004"}


def test_a_request_that_the_engine_refuses_is_not_taken_for_another_re_index() -> None:
    index = index_with("Refused-For-Its-Capitals")
    with pytest.raises(SearchUnavailable, match=r"400 \(invalid_index_name_exception\)"):
        index.aliases.create(Aliases())


def test_of_two_that_create_an_index_at_once_one_learns_of_the_other(bench: Bench) -> None:
    before = bench.index.aliases.read()
    bench.index.aliases.create(before)
    with pytest.raises(RevisionConflict):
        bench.index.aliases.create(before)
