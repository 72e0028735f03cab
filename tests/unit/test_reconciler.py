"""The reconciler finds what was lost, whatever ends it or comes between."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from chalicelib.errors import CatalogueUnavailable, StorageUnavailable
from chalicelib.images import Image, State
from chalicelib.reconciling.reconciler import HELD, MOST_STUMBLES, Asked
from chalicelib.reconciling.repairs import REPAIRED, Repair, Repairs, told
from chalicelib.reconciling.report import Digests, Part, ReportStore
from chalicelib.reconciling.waiting import LOST_AFTER
from chalicelib.reindexing import Stage
from chalicelib.search.port import Document
from chalicelib.transitions import deleted, edited
from tests.memory.catalogue import MemoryCatalogue
from tests.reconciling import (
    LOSSES,
    Interrupting,
    Killed,
    World,
    all_repairs,
    everything_lost,
    key_of,
)

A_DAY = timedelta(days=1)


@pytest.mark.fault(32)
@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)
def test_what_was_lost_is_found_told_and_repaired_once(loss: Callable[[World], None]) -> None:
    world = World()
    world.upload("whole.jpg")
    loss(world)
    world.now += timedelta(hours=3)
    assert world.reconcile() == LOSSES[loss]
    assert world.report().repaired == LOSSES[loss]
    world.work()
    world.assert_whole()
    world.now += A_DAY
    assert world.reconcile() == {}


@pytest.mark.fault(32)
def test_one_pass_repairs_everything_and_tells_how_many_records_it_compared() -> None:
    world = everything_lost(World())
    assert Repairs(world.reconcile()) == all_repairs()
    report = world.report()
    assert (report.stage, report.examined) == (Stage.FINISHED, len([*world.catalogue.scan()]))
    world.work()
    world.assert_whole()


def test_a_pass_runs_once_a_day_or_when_asked() -> None:
    world = World()
    first = (world.reconcile(), world.report())[1]
    world.now += A_DAY - timedelta(minutes=1)
    world.reconcile()
    assert world.report() == first
    world.reconcile(asked=Asked(id="seven"))
    assert (world.report().run_id, world.report().stage) == ("seven", Stage.FINISHED)
    world.now += A_DAY
    world.reconcile()
    assert world.report().run_id not in {"seven", first.run_id}


def test_what_changed_within_the_hour_is_left_alone_unless_another_margin_is_asked_for() -> None:
    world = World()
    for loss in LOSSES:
        loss(world)
    world.now += timedelta(minutes=59)
    assert world.reconcile() == {Repair.UNINDEXED: 1, Repair.RECOUNTED: 3}
    found = world.reconcile(asked=Asked(id="at once", margin=timedelta(minutes=5)))
    # A copy may be a worker's of this hour, whatever is asked for.
    assert Repairs(found) + Repairs({"StrayCopiesRemoved": 2}) == all_repairs() - Repairs(
        {Repair.UNINDEXED: 1, Repair.RECOUNTED: 3}
    )


def test_a_pass_that_has_no_time_does_a_page_at_a_call_and_comes_to_its_end() -> None:
    world = everything_lost(World())
    parts = []
    for _ in range(30):
        world.reconcile(is_late=lambda: True)
        parts.append(world.report().part)
        if world.report().stage is Stage.FINISHED:
            break
        world.now += timedelta(minutes=1)
    assert world.report().stage is Stage.FINISHED
    assert [*dict.fromkeys(parts)] == [*Part]
    assert Repairs(world.report().repaired) == all_repairs()
    world.work()
    world.assert_whole()


def calls_of_a_pass() -> range:
    counting = Interrupting(0, lambda: None)
    everything_lost(World()).reconcile(counting)
    assert counting.calls > 60
    return range(1, counting.calls + 1)


@pytest.mark.fault(19)
@pytest.mark.fault(32)
def test_a_pass_that_is_killed_before_any_call_is_resumed_and_all_is_repaired() -> None:
    for at in calls_of_a_pass():
        world = everything_lost(World())
        with pytest.raises(Killed):
            world.reconcile(Interrupting(at))
        report = world.finish()
        assert report.stage is Stage.FINISHED
        world.work()
        world.now += LOST_AFTER  # killed when a record awaited its file, before that was sent
        world.reconcile()
        world.work()
        world.assert_whole()


def test_while_one_works_on_a_pass_another_leaves_it_alone_until_that_was_surely_killed() -> None:
    world = everything_lost(World())
    with pytest.raises(Killed):
        world.reconcile(Interrupting(60))
    assert world.reconcile() == {}
    assert world.report().stage is Stage.RUNNING
    world.now += HELD
    world.reconcile()
    assert world.report().stage is Stage.FINISHED


def an_upload(world: World) -> None:
    world.upload("new.jpg", b"new")


def a_replacement(world: World) -> None:
    world.upload("one.jpg", b"newer")


def a_deletion(world: World) -> None:
    record = world.record("one.jpg")
    world.save(deleted(record, world.now))
    world.remove("one.jpg")


def a_removal_told_later(world: World) -> None:
    world.remove("two.jpg", told=False)


def an_edit(world: World) -> None:
    world.save(edited(world.record("copyless.jpg"), world.now, caption="my rex"))


def an_upload_where_one_was_removed(world: World) -> None:
    world.upload("removed.jpg", b"again")


CHANGES = (
    an_upload,
    a_replacement,
    a_deletion,
    a_removal_told_later,
    an_edit,
    an_upload_where_one_was_removed,
)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_people_do_before_any_call_of_a_pass_stands(
    change: Callable[[World], None],
) -> None:
    for at in calls_of_a_pass():
        world = everything_lost(World())
        world.reconcile(Interrupting(at, lambda world=world: change(world)))  # type: ignore[misc]
        if change is a_removal_told_later:
            world.remove("two.jpg")
        world.work()
        if change is an_edit:
            caption = world.record("copyless.jpg").caption
            assert caption and caption.text == "my rex", at
        world.now += A_DAY
        world.reconcile()
        world.work()
        assert_stands(world, change)


def assert_stands(world: World, change: Callable[[World], None]) -> None:
    world.assert_whole()
    after: dict[Callable[[World], None], dict[str, State]] = {
        an_upload: {"new.jpg": State.CAPTIONED},
        a_replacement: {"one.jpg": State.CAPTIONED},
        a_deletion: {"one.jpg": State.DELETED},
        a_removal_told_later: {"two.jpg": State.DELETED},
        an_edit: {"copyless.jpg": State.CAPTIONED},
        an_upload_where_one_was_removed: {"removed.jpg": State.CAPTIONED},
    }
    expected = after[change]
    assert {name: world.record(name).state for name in expected} == expected


@pytest.mark.fault(37)
def test_a_catalogue_set_back_to_a_backup_has_the_index_built_anew() -> None:
    world = World()
    world.upload("a.jpg")
    world.index.apply([Document(world.id_of("a.jpg"), 99, "ada", text="a later caption")])
    world.now += timedelta(hours=3)
    assert world.reconcile() == {Repair.REINDEXED: 1}
    assert world.rebuilt == 1
    world.assert_whole()
    world.now += A_DAY
    assert world.reconcile() == {}


@pytest.mark.fault(37)
def test_photographs_whose_records_a_backup_lacks_are_taken_in_and_none_is_doubled() -> None:
    world = World()
    for number in range(5):
        world.upload(f"{number}.jpg")
    world.catalogue = MemoryCatalogue()
    world.ingest = World(world.catalogue, world.storage).ingest
    world.now += timedelta(hours=3)
    repaired = world.reconcile()
    assert (repaired[Repair.RESENT], repaired[Repair.UNINDEXED]) == (5, 5)
    world.work()
    for _ in range(2):
        world.now += A_DAY
        world.reconcile()
        world.work()
    world.assert_whole()
    assert len([*world.catalogue.scan()]) == 5


class Unreadable(MemoryCatalogue):
    """A catalogue in which something else is stored under some ids."""

    def __init__(self) -> None:
        super().__init__()
        self.spoilt: set[str] = set()

    def get(self, image_id: str) -> Image | None:
        if image_id in self.spoilt:
            raise ValueError("no record, by its state")
        return super().get(image_id)

    def get_many(self, image_ids: Any, *, consistent: bool = True) -> Any:
        return super().get_many([i for i in image_ids if i not in self.spoilt])

    def scan(self, after: str | None = None, *, consistent: bool = True) -> Any:
        return (image for image in super().scan(after) if image.image_id not in self.spoilt)


def test_nothing_of_a_record_that_cannot_be_read_is_removed_and_it_is_counted() -> None:
    catalogue = Unreadable()
    world = everything_lost(World(catalogue))
    catalogue.spoilt = {world.id_of("one.jpg")}
    found = world.reconcile()
    # Its file, its two copies and its document are each looked at.
    assert found.pop(Repair.PASSED_OVER) == 4
    assert Repairs(found) == all_repairs()
    catalogue.spoilt = set()
    world.work()
    world.assert_whole()


def test_a_record_that_cannot_be_saved_is_counted_and_the_others_are_repaired() -> None:
    class Refusing(MemoryCatalogue):
        refused = ""

        def save(self, image: Image, *, expected_rev: int) -> Image:
            if image.image_id == self.refused:
                raise CatalogueUnavailable("the catalogue refused: ValidationException")
            return super().save(image, expected_rev=expected_rev)

    catalogue = Refusing()
    world = everything_lost(World(catalogue))
    catalogue.refused = world.id_of("removed.jpg")
    found = world.reconcile()
    assert found.pop(Repair.PASSED_OVER) == 1
    assert Repairs(found) == all_repairs() - Repairs({Repair.REMOVED: 1})


def test_a_bucket_that_does_not_answer_ends_a_call_and_after_many_the_pass() -> None:
    world = everything_lost(World())
    listed = count()

    def down(name: str) -> None:
        if name == "newest_versions":
            next(listed)
            raise StorageUnavailable("the bucket did not answer")

    for number in range(MOST_STUMBLES):
        assert number == 0 or world.report().stage is Stage.RUNNING
        with pytest.raises(StorageUnavailable):
            world.reconcile(down)
    report = world.report()
    assert (report.stage, report.reason) == (Stage.FAILED, "the bucket did not answer")
    world.now += A_DAY
    world.reconcile()
    world.work()
    world.assert_whole()


def test_a_photograph_awaited_is_neither_missed_nor_sent_twice() -> None:
    world = World()
    world.upload("a.jpg", told=False)
    world.now += timedelta(hours=3)
    assert world.reconcile() == {Repair.RESENT: 1}
    assert [message["redrive"]["key"] for message in world.queue.messages] == [key_of("a.jpg")]


def test_the_alarms_metric_leaves_out_what_is_usual() -> None:
    done = Repairs({Repair.EXPIRED: 40, Repair.PASSED_OVER: 2, Repair.RESENT: 3, Repair.INDEXED: 4})
    assert told(done)[REPAIRED] == 7


def test_digests_know_what_was_added_after_they_were_kept_too() -> None:
    digests = Digests()
    digests.add(map(str, range(1_000)))
    again = Digests(digests.encoded())
    again.add(["é", "\ud800"])
    assert not any(again.lack(text) for text in (*map(str, range(1_000)), "é", "\ud800"))
    assert all(again.lack(str(number)) for number in range(1_000, 3_000))
    assert Digests().lack("")


def test_what_was_kept_of_another_pass_is_not_resumed() -> None:
    world = everything_lost(World())
    world.reconcile(is_late=lambda: True)
    store, report = ReportStore(world.storage), world.report()
    other = replace(report, run_id="other", part=Part.FILES)
    assert store.resumption(report).seen
    assert not store.resumption(other).seen
