"""How the API has the search index made anew, and how far that is."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.errors import SearchUnavailable, StorageUnavailable
from chalicelib.reindexing import RUN_STATE_KEY, LambdaReindexing, Progress, RunStateStore, Stage
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
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_indexer_is_asked_and_not_waited_for() -> None:
    functions = Functions()
    LambdaReindexing(functions, "indexer").start("seven", roll_back=True)  # type: ignore[arg-type]
    (asked,) = functions.asked
    assert (asked["FunctionName"], asked["InvocationType"]) == ("indexer", "Event")
    assert json.loads(asked["Payload"]) == {"reindex": {"id": "seven", "roll_back": True}}


def test_an_indexer_that_cannot_be_asked_is_unavailable() -> None:
    refusal = ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")
    with pytest.raises(SearchUnavailable):
        LambdaReindexing(Functions(refusal), "indexer").start("seven")  # type: ignore[arg-type]


def test_before_the_first_run_there_is_nothing_to_tell() -> None:
    assert RunStateStore(MemoryStorage()).newest() is None


def test_a_run_tells_how_far_it_is_at_most_once_a_second() -> None:
    storage, watch = MemoryStorage(), Watch()
    runs = RunStateStore(storage, lambda: NOON, watch)
    seen: list[int] = []

    def work(progress: Progress) -> int:
        for records in range(1, 5):
            watch.seconds += 0.5
            progress.note(records, f"id {records}")
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
    runs = RunStateStore(MemoryStorage(), lambda: NOON, watch)

    def cut(progress: Progress) -> int:
        watch.seconds += 1
        progress.note(1_000, "id 1000")
        raise SearchUnavailable("the engine is gone")

    with pytest.raises(SearchUnavailable):
        runs.run("seven", roll_back=False, work=cut)
    failed = runs.newest()
    assert failed is not None
    assert (failed.stage, failed.reason) == (Stage.FAILED, "the engine is gone")
    stopped: list[tuple[int, str | None]] = []

    def noted(progress: Progress) -> int:
        stopped.append(progress.stopped)
        return 1_001

    for _ in range(2):
        runs.run("8", roll_back=False, work=noted)
    assert stopped == [(1_000, "id 1000"), (0, None)]


def test_an_index_is_made_even_where_its_progress_cannot_be_written_down() -> None:
    assert RunStateStore(Silent()).run("seven", roll_back=False, work=lambda _: 3) == 3
