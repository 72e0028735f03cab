"""The reconciler deletes for good what has been in the trash for thirty days, and nothing else."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.deletion import Deletion
from chalicelib.errors import NotFound
from chalicelib.images import Image, State
from chalicelib.names import DERIVED, UPLOADS
from chalicelib.reconciling.repairs import REPAIRED, Repair, Repairs, told
from chalicelib.transitions import kept, untrashed
from tests.reconciling import Interrupting, Killed, World, key_of

A_DAY = timedelta(days=1)
ITS_TIME = timedelta(days=30)


def world_with_trash() -> World:
    world = World()
    world.upload("whole.jpg")
    world.upload("trash.jpg", b"dog")
    deletion = Deletion(world.catalogue, world.storage, lambda: world.now)
    world.save(deletion.trashed(world.record("trash.jpg"), world.now))
    world.stream()
    return world


def restore(world: World) -> bool:
    """Restore as the API does; tell whether it was there."""
    with suppress(NotFound):
        world.save(untrashed(kept(world.record("trash.jpg")), world.now))
        return True
    return False


def files(world: World) -> set[str]:
    """Return what is stored of the photograph in the trash."""
    copies = world.storage.objects(f"{DERIVED}{world.id_of('trash.jpg')}/")
    there = world.storage.newest_versions(UPLOADS)
    return {file.key for file in (*copies, *there)} - {key_of("whole.jpg")}


def calls_of_a_pass() -> range:
    counting = Interrupting(0, lambda: None)
    world = world_with_trash()
    world.now += ITS_TIME
    world.reconcile(counting)
    return range(1, counting.calls + 1)


def assert_is_gone(record: Image, world: World) -> None:
    assert (record.state, record.caption, record.trashed_at) == (State.DELETED, None, None)
    assert files(world) == set()


def test_what_is_in_the_trash_is_left_alone_for_thirty_days_and_then_deleted_for_good() -> None:
    world = world_with_trash()
    before = world.record("trash.jpg")
    world.now += ITS_TIME - timedelta(minutes=1)
    assert world.reconcile() == {}
    assert world.record("trash.jpg") == before
    assert files(world) == {before.key, *before.copies}
    world.now += A_DAY
    assert world.reconcile() == {Repair.PURGED: 1}
    assert world.report().repaired == {Repair.PURGED: 1}
    assert_is_gone(world.record("trash.jpg"), world)
    world.stream()
    world.assert_whole()
    world.now += A_DAY
    assert world.reconcile() == {}


def test_that_the_trash_is_emptied_is_no_reason_for_an_alarm() -> None:
    assert told(Repairs({Repair.PURGED: 20}))[REPAIRED] == 0


def test_what_is_restored_in_time_stays() -> None:
    world = world_with_trash()
    world.now += ITS_TIME - A_DAY
    assert restore(world)
    world.stream()
    world.now += 2 * A_DAY
    assert world.reconcile() == {}
    world.assert_whole()


def test_what_was_restored_and_trashed_again_has_its_whole_time_again() -> None:
    world = world_with_trash()
    world.now += ITS_TIME - A_DAY
    restore(world)
    deletion = Deletion(world.catalogue, world.storage, lambda: world.now)
    world.save(deletion.trashed(world.record("trash.jpg"), world.now))
    world.stream()
    world.now += ITS_TIME - A_DAY
    assert world.reconcile() == {}


@pytest.mark.fault(19)
def test_a_pass_that_is_killed_at_any_call_leaves_it_whole_or_gone_after_another_day() -> None:
    for at in calls_of_a_pass():
        world = world_with_trash()
        world.now += ITS_TIME
        with pytest.raises(Killed):
            world.reconcile(Interrupting(at))
        world.finish()
        world.now += A_DAY
        world.reconcile()
        assert_is_gone(world.record("trash.jpg"), world)
        world.stream()
        world.assert_whole()


def test_a_photograph_that_is_restored_at_any_call_of_a_pass_is_whole_or_was_gone_before() -> None:
    for at in calls_of_a_pass():
        world = world_with_trash()
        world.now += ITS_TIME
        is_back: list[bool] = []
        world.reconcile(Interrupting(at, partial(_note_restored, world, is_back)))
        world.stream()
        assert [world.record("trash.jpg").state is State.CAPTIONED] == is_back
        world.assert_whole()


def _note_restored(world: World, is_back: list[bool]) -> None:
    is_back.append(restore(world))


@pytest.mark.parametrize("is_told", [True, False])
def test_another_file_that_came_meanwhile_is_not_deleted(is_told: bool) -> None:
    world = world_with_trash()
    world.now += ITS_TIME
    world.upload("trash.jpg", b"cat", told=is_told)
    world.now += A_DAY
    assert world.reconcile() == ({} if is_told else {Repair.RESENT: 1})
    world.work()
    assert not world.record("trash.jpg").is_hidden
    world.assert_whole()


def test_a_file_in_the_trash_that_is_gone_leaves_a_tombstone() -> None:
    world = world_with_trash()
    world.remove("trash.jpg", told=False)
    world.now += A_DAY
    assert world.reconcile() == {Repair.REMOVED: 1}
    assert_is_gone(world.record("trash.jpg"), world)
