"""Having the indexer count the records anew."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.errors import SearchUnavailable
from chalicelib.recounting import AutomaticRecounting
from chalicelib.reindexing import LambdaReindexing


class Functions:
    """A Lambda client that notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def invoke(self, **asked: Any) -> None:
        self.asked.append(asked)


class Started:
    """Notes the recounts that were started, or cannot be asked."""

    def __init__(self) -> None:
        self.runs: list[str] = []
        self.refusal: Exception | None = None

    def recount(self, run_id: str, *, unless_running: bool = False) -> None:
        assert unless_running
        if self.refusal:
            raise self.refusal
        self.runs.append(run_id)


def test_the_indexer_is_asked_and_not_waited_for() -> None:
    functions = Functions()
    LambdaReindexing(functions, "indexer").recount("seven")  # type: ignore[arg-type]
    (asked,) = functions.asked
    assert (asked["FunctionName"], asked["InvocationType"]) == ("indexer", "Event")
    wanted = {"recount": {"id": "seven", "unless_running": False}}
    assert json.loads(asked["Payload"]) == wanted


def test_one_that_nobody_asked_for_is_started_once_a_minute_and_never_fails() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    started = Started()
    automatic = AutomaticRecounting(started, lambda: now)
    automatic.start()
    automatic.start()
    assert len(started.runs) == 1
    now += timedelta(minutes=1)
    started.refusal = SearchUnavailable("the indexer could not be asked")
    automatic.start()
    now += timedelta(minutes=1)
    started.refusal = None
    automatic.start()
    assert len({*started.runs}) == 2
