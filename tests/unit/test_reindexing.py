"""How the API has the search index made anew, and how far that is."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import NotFound, SearchUnavailable, StorageUnavailable
from chalicelib.reindexing import (
    RUN_STATE_KEY,
    AutomaticReindexing,
    LambdaReindexing,
    Position,
    Progress,
    RunStateStore,
    Stage,
)
from tests.memory.storage import MemoryStorage

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Functions:
    """A Lambda client that notes what it was asked, or refuses."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.asked: list[dict[str, Any]] = []

    def invoke(self, **asked: Any) -> None:
        self.asked.append(asked)
        if self.refusal:
            raise self.refusal


class Silent(MemoryStorage):
    """A bucket that takes nothing in."""

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        raise StorageUnavailable("the bucket does not answer")


class Watch:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)


def test_the_indexer_is_asked_and_not_waited_for() -> None:
    functions = Functions()
    LambdaReindexing(functions, "indexer").start("seven", roll_back=True)  # type: ignore[arg-type]
    (asked,) = functions.asked
    assert (asked["FunctionName"], asked["InvocationType"]) == ("indexer", "Event")
    wanted = {"id": "seven", "roll_back": True, "unless_running": False}
    assert json.loads(asked["Payload"]) == {"reindex": wanted}


def test_an_indexer_that_cannot_be_asked_is_unavailable() -> None:
    refusal = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    with pytest.raises(SearchUnavailable):
        LambdaReindexing(Functions(refusal), "indexer").start("seven")  # type: ignore[arg-type]


def test_before_the_first_run_there_is_nothing_to_tell() -> None:
    assert RunStateStore(MemoryStorage()).newest() is None


def test_a_run_tells_how_far_it_is_at_most_once_a_second() -> None:
    storage, watch = MemoryStorage(), Watch()
    runs = RunStateStore(storage, watch)
    seen: list[int] = []

    def work(progress: Progress) -> int:
        for records in range(1, 5):
            watch.seconds += 0.5
            progress.note(Position(records, f"id {records}", "a"))
            newest = runs.newest()
            assert newest is not None and newest.stage is Stage.RUNNING
            seen.append(newest.records)
        return 4

    assert runs.run("seven", roll_back=False, work=work) == 4
    assert seen == [0, 2, 2, 4]
    newest = runs.newest()
    assert newest is not None
    assert (newest.stage, newest.records, newest.last) == (Stage.FINISHED, 4, None)
    assert storage.content_types[RUN_STATE_KEY] == "application/json"


def test_a_run_learns_where_the_one_before_it_was_cut() -> None:
    watch = Watch()
    runs = RunStateStore(MemoryStorage(), watch)

    def cut(progress: Progress) -> int:
        watch.seconds += 1
        progress.note(Position(1_000, "id 1000", "a"))
        raise SearchUnavailable("the engine is gone")

    with pytest.raises(SearchUnavailable):
        runs.run("seven", roll_back=False, work=cut)
    failed = runs.newest()
    assert failed is not None
    assert (failed.stage, failed.reason) == (Stage.FAILED, "the engine is gone")
    stopped: list[Position] = []

    def noted(progress: Progress) -> int:
        stopped.append(progress.stopped)
        return 1_001

    for _ in range(2):
        runs.run("8", roll_back=False, work=noted)
    assert stopped == [Position(1_000, "id 1000", "a"), Position()]


def test_an_index_is_made_even_where_its_progress_cannot_be_written_down() -> None:
    assert RunStateStore(Silent()).run("seven", roll_back=False, work=lambda _: 3) == 3


def half_read(progress: Progress) -> int:
    progress.note(Position(1_000, "id 1000", "a"))
    raise SearchUnavailable("the engine is gone")


UNREADABLE = [
    b"{",
    b"\xff",
    b"[]",
    b'{"run_id": "a"}',
    b'{"run_id": "a", "roll_back": false, "started_at": "2026-01-01", "updated_at": "2026-01-01"}',
    b" " * 200_000,
]


@pytest.mark.parametrize("state", UNREADABLE)
def test_a_state_that_cannot_be_read_is_as_good_as_none_and_is_told(
    state: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    storage = MemoryStorage()
    storage.write(RUN_STATE_KEY, state, content_type="application/json")
    runs = RunStateStore(storage)
    assert runs.newest() is None and not runs.is_running(other_than="seven")
    with pytest.raises(NotFound, match=r"index/reindex\.json, cannot be read"):
        runs.known()
    assert "index/reindex.json cannot be read" in caplog.text
    started = Started()
    AutomaticReindexing(runs.newest, started).start()
    assert len(started.runs) == 1
    assert runs.run("seven", roll_back=False, work=lambda _: 3) == 3
    assert runs.known().records == 3


def test_late_words_of_a_run_do_not_hide_a_later_one_that_is_done() -> None:
    watch = Watch()
    runs = RunStateStore(MemoryStorage(), watch)

    def overtaken(progress: Progress) -> int:
        watch.seconds += 2
        runs.run("later", roll_back=False, work=lambda _: 5)
        watch.seconds += 2
        progress.note(Position(1_000, "id 1000", "a"))
        return 1_000

    runs.run("first", roll_back=False, work=overtaken)
    newest = runs.known()
    assert (newest.run_id, newest.stage, newest.records) == ("later", Stage.FINISHED, 5)


def test_a_run_that_another_s_refusal_interrupted_is_told_again() -> None:
    watch = Watch()
    runs = RunStateStore(MemoryStorage(), watch)

    def working(progress: Progress) -> int:
        watch.seconds += 2
        with pytest.raises(SearchUnavailable):
            runs.run("refused", roll_back=True, work=half_read)
        watch.seconds += 2
        progress.note(Position(2_000, "id 2000", "a"))
        assert runs.known().position == Position(2_000, "id 2000", "a")
        return 2_000

    runs.run("first", roll_back=False, work=working)
    assert runs.known().run_id == "first"


# Runs that nobody asked for ----------------------------------------------------------------------


class Started:
    """A `Reindexing` that notes what was started, or cannot be asked."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.refusal = refusal
        self.runs: list[tuple[str, bool]] = []

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        assert unless_running
        self.runs.append((run_id, roll_back))
        if self.refusal:
            raise self.refusal


class Automatic:
    """An automatic re-index with a store of runs, at a time of day that passes as it is told."""

    def __init__(self, refusal: Exception | None = None) -> None:
        self.watch = Watch()
        self.runs = RunStateStore(MemoryStorage(), self.watch)
        self.started = Started(refusal)
        self.reindexing = AutomaticReindexing(self.runs.newest, self.started, self.watch)

    def start_after(self, seconds: float, *, roll_back: bool = False) -> list[tuple[str, bool]]:
        """Return what was started."""
        self.started.runs.clear()
        self.watch.seconds += seconds
        self.reindexing.start(roll_back=roll_back)
        return self.started.runs


def test_an_automatic_run_is_started_once_however_often_it_is_asked_for() -> None:
    automatic = Automatic()
    ((run_id, roll_back),) = automatic.start_after(0)
    assert run_id and not roll_back
    assert automatic.start_after(0) == automatic.start_after(59) == []


def test_no_run_is_started_while_another_may_be_under_way() -> None:
    automatic = Automatic()

    def work(_: Progress) -> int:
        assert automatic.start_after(0) == automatic.start_after(120) == []
        assert len(automatic.start_after(200)) == 1
        return 0

    automatic.runs.run("seven", roll_back=False, work=work)


@pytest.mark.parametrize("work", [half_read, lambda _: 3])
def test_a_minute_after_a_run_another_is_started_where_it_is_needed(
    work: Callable[[Progress], int],
) -> None:
    automatic = Automatic()
    with suppress(SearchUnavailable):
        automatic.runs.run("seven", roll_back=False, work=work)
    assert automatic.start_after(0) == []
    assert len(automatic.start_after(61)) == 1


def test_an_interrupted_run_is_resumed_under_its_id_in_its_direction() -> None:
    automatic = Automatic()
    with pytest.raises(SearchUnavailable):
        automatic.runs.run("seven", roll_back=True, work=half_read)
    assert automatic.start_after(600, roll_back=True) == [("seven", True)]
    ((run_id, roll_back),) = automatic.start_after(600, roll_back=False)
    assert run_id != "seven" and not roll_back


def test_an_indexer_that_cannot_be_asked_is_asked_again_later() -> None:
    automatic = Automatic(SearchUnavailable("the indexer could not be asked"))
    assert len(automatic.start_after(0)) == len(automatic.start_after(60)) == 1


def test_a_run_counts_as_running_for_others_until_it_is_abandoned() -> None:
    automatic = Automatic()

    def work(progress: Progress) -> int:
        assert automatic.runs.is_running(other_than="8")
        assert not automatic.runs.is_running(other_than="seven")
        automatic.watch.seconds += 600
        assert not automatic.runs.is_running(other_than="8")
        return 0

    automatic.runs.run("seven", roll_back=False, work=work)
    assert not automatic.runs.is_running(other_than="8")
