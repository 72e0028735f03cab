"""How the local stack waits for its API."""

from collections.abc import Iterator

import httpx
import pytest

from image_repo import Client
from local.api import wait_until_healthy
from local.errors import LocalError


def client(answers: Iterator[httpx.Response | Exception]) -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/health"
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    transport = httpx.MockTransport(answer)
    return Client("http://api", "imr_x", transport=transport, sleep=lambda _: None)


class Clock:
    """Ten seconds pass between any two looks at it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 10
        return self.now


def test_the_api_is_waited_for() -> None:
    # A gateway without an API behind it answers 404, and before that nothing listens.
    nothing, gateway = httpx.ConnectError("refused"), httpx.Response(404, text="no such API")
    answers: Iterator[httpx.Response | Exception] = iter(
        [nothing, gateway, gateway, httpx.Response(200, json={"status": "ok"})]
    )
    wait_until_healthy(client(answers), 60, Clock(), lambda _: None)
    assert list(answers) == []


def test_an_api_that_never_answers_is_told_of_with_what_it_said() -> None:
    answers = iter([httpx.Response(404, json={"message": "no such API"})] * 10)
    with pytest.raises(LocalError, match="no such API") as raised:
        wait_until_healthy(client(answers), 30, Clock(), lambda _: None)
    assert "ministack.log" in raised.value.remedy
