"""How the command line waits for captions."""

import httpx

from image_repo.client import Client
from image_repo.waiting import MAX_POLL_SECONDS, POLL_SECONDS, pause, wait


def test_the_more_photographs_wait_the_more_seldom_it_asks() -> None:
    assert POLL_SECONDS < pause(1) < pause(100) < pause(300)
    assert pause(100_000) == MAX_POLL_SECONDS


def test_it_asks_until_none_waits_and_tells_what_failed() -> None:
    listings = iter([["a", "b", "c"], ["b"], []])

    def answer(request: httpx.Request) -> httpx.Response:
        is_pending = request.url.params["state"] == "pending"
        ids = next(listings) if is_pending else ["b", "other"]
        items = [{"id": one, "reason": "the file is empty"} for one in ids]
        return httpx.Response(200, json={"items": items, "cursor": None})

    slept: list[float] = []
    through: list[int] = []
    with Client("http://repo.test", "imr_x", transport=httpx.MockTransport(answer)) as client:
        failed = wait(client, {"a", "b", "c"}, through.append, sleep=slept.append)
    assert failed == {"b": "the file is empty"}
    assert through == [0, 2, 3]
    assert slept == [pause(3), pause(1)]
