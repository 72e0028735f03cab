"""How far a recount is: kept in the bucket now and then, and believed for five minutes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.catalogue.progress import Progress, RecountProgress, Result
from chalicelib.names import RECOUNT_PROGRESS, RECOUNTED
from tests.memory.storage import MemoryStorage

START = datetime(2026, 1, 2, tzinfo=UTC)


class Kept:
    """A bucket and a clock."""

    def __init__(self) -> None:
        self.now = START
        self.storage = MemoryStorage()
        self.progress = RecountProgress(self.storage, lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_of_what_never_began_nothing_is_known(kept: Kept) -> None:
    assert kept.progress.read() is None
    assert kept.progress.result() is None
    assert not kept.progress.is_running(other_than="a")


def test_one_that_began_is_kept_with_the_time(kept: Kept) -> None:
    begun = kept.progress.begun("a", 3, "images")
    assert begun == Progress("a", 3, START, table="images") == kept.progress.read()
    assert kept.storage.content_types[RECOUNT_PROGRESS] == "application/json"


@pytest.mark.parametrize(("seconds", "runs"), [(299.999, True), (300, False)])
def test_one_that_tells_nothing_for_five_minutes_is_abandoned(
    kept: Kept, seconds: float, runs: bool
) -> None:
    kept.progress.begun("a", 3, "images")
    kept.wait(seconds)
    assert kept.progress.is_running(other_than="b") is runs
    assert not kept.progress.is_running(other_than="a")


@pytest.mark.parametrize(("seconds", "is_kept"), [(9.999, False), (10, True)])
def test_it_is_kept_every_ten_seconds(kept: Kept, seconds: float, is_kept: bool) -> None:
    further = replace(kept.progress.begun("a", 3, "images"), records=7)
    kept.wait(seconds)
    told = kept.progress.note(further)
    assert told.records == 7
    assert told.updated_at == (kept.now if is_kept else START)
    found = kept.progress.read()
    assert found is not None and found.records == (7 if is_kept else 0)
    assert kept.progress.note(told) == told  # a moment ago


def test_what_cannot_be_read_is_as_good_as_none(kept: Kept) -> None:
    kept.storage.write(RECOUNT_PROGRESS, b"{", content_type="application/json")
    assert kept.progress.read() is None


def test_at_the_end_the_result_takes_its_place(kept: Kept) -> None:
    kept.progress.end(kept.progress.begun("a", 3, "images"), corrected=2)
    assert kept.progress.read() is None
    assert kept.progress.result() == Result("a", 2)
    assert kept.storage.content_types[RECOUNTED] == "application/json"
