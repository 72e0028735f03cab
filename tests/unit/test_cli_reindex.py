"""The command line follows a re-index to its end."""

from typing import Any

import httpx
import pytest

from chalicelib.reconciling.repairs import Repair
from image_repo.client import Client
from image_repo.errors import ApiProblem, Unreachable
from image_repo.upkeep import RECONCILE, REINDEX, REPAIRS, follow


class Repository:
    """Answers ``GET /reindex`` with what it is given, the last of it again and again."""

    def __init__(self, *answers: dict[str, Any] | int) -> None:
        self._answers = list(answers)
        self.seconds = 0.0

    def followed(self) -> dict[str, Any]:
        transport = httpx.MockTransport(self._answer)
        client = Client("http://api/stage", "imr_x", transport=transport, sleep=self.sleep)
        return follow(client, REINDEX, "seven", 7, self.sleep, lambda: self.seconds)

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = self._answers[0] if len(self._answers) == 1 else self._answers.pop(0)
        if isinstance(answer, int):
            return httpx.Response(answer, json={"type": "x", "detail": "not found"})
        return httpx.Response(200, json=answer)


def run(state: str, records: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": "seven", "state": state, "records": records, "reason": None, **more}


def test_it_waits_for_its_own_run_and_tells_how_far_that_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    earlier = run("finished", 9, id="six")
    repository = Repository(404, earlier, run("running"), run("running", 4), run("finished", 8))
    assert repository.followed()["records"] == 8
    told = capsys.readouterr().err
    assert "4 of about 7 records read" in told
    assert "8 of about 8 records read" in told


@pytest.mark.parametrize("answers", [(404,), (run("running", 3),)])
def test_it_does_not_wait_for_ever_for_a_run_that_says_nothing(answers: tuple[Any, ...]) -> None:
    repository = Repository(*answers)
    with pytest.raises(Unreachable, match="nothing is heard"):
        repository.followed()
    assert repository.seconds > REINDEX.silent_seconds


def test_a_run_that_failed_says_why() -> None:
    repository = Repository(run("failed", reason="there is no former search index to go back to"))
    with pytest.raises(ApiProblem, match="no former search index") as failed:
        repository.followed()
    assert failed.value.exit_code == 1


def test_what_is_not_to_be_seen_is_not_taken_for_a_run_that_has_not_begun() -> None:
    with pytest.raises(ApiProblem):
        Repository(403).followed()


def test_a_pass_of_the_reconciler_is_waited_for_beyond_the_half_hour_and_says_why_it_failed() -> (
    None
):
    assert RECONCILE.silent_seconds > 30 * 60
    failed = httpx.MockTransport(
        lambda _: httpx.Response(
            200, json={"id": "seven", "state": "failed", "examined": 3, "reason": "no bucket"}
        )
    )
    client = Client("http://api/stage", "imr_x", transport=failed)
    with pytest.raises(ApiProblem, match="was not compared: no bucket") as problem:
        follow(client, RECONCILE, "seven", 7)
    assert problem.value.exit_code == 1


def test_every_repair_is_told_in_words() -> None:
    assert {*REPAIRS} == {*Repair}
