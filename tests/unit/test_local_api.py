"""How the local stack waits for its API."""

from collections.abc import Iterator
from itertools import repeat

import httpx
import pytest

from image_repo import Client
from local.errors import LocalError
from local.recovery import wait_until_healthy


def client(answers: Iterator[httpx.Response | Exception]) -> Client:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/health"
        found = next(answers)
        if isinstance(found, Exception):
            raise found
        return found

    transport = httpx.MockTransport(answer)
    return Client("http://api", "imr_x", transport=transport, sleep=lambda _: None)


def test_the_api_is_waited_for() -> None:
    # A gateway without an API behind it answers 404, and before that nothing listens.
    nothing, gateway = httpx.ConnectError("refused"), httpx.Response(404, text="no such API")
    answers: Iterator[httpx.Response | Exception] = iter(
        [nothing, gateway, gateway, httpx.Response(200, json={"status": "ok"})]
    )
    wait_until_healthy(client(answers), poll=0)
    assert list(answers) == []


def test_an_api_that_never_answers_is_told_of_with_what_it_said() -> None:
    answers = repeat(httpx.Response(404, json={"message": "no such API"}))
    with pytest.raises(LocalError, match="no such API") as raised:
        wait_until_healthy(client(answers), seconds=0, poll=0)
    assert "ministack.log" in raised.value.remedy
