"""How the demo speaks to the API."""

from collections.abc import Iterator

import httpx
import pytest

from local.errors import LocalError
from local.gateway import ATTEMPTS, Gateway

BUSY = httpx.Response(503, headers={"Retry-After": "0"}, json={"title": "Temporarily unavailable"})


def gateway(answers: Iterator[httpx.Response]) -> Gateway:
    transport = httpx.MockTransport(lambda request: next(answers))
    return Gateway(httpx.Client(base_url="http://api", transport=transport))


def test_what_is_unavailable_for_a_moment_is_asked_again() -> None:
    answers = iter([BUSY, BUSY, httpx.Response(200, json={"total": 3})])
    assert gateway(answers).stats() == {"total": 3}


def test_what_stays_unavailable_is_told_after_a_few_tries() -> None:
    with pytest.raises(LocalError, match="503"):
        gateway(iter([BUSY] * ATTEMPTS)).stats()


def test_every_page_is_read() -> None:
    pages = [{"items": [{"id": "a"}], "cursor": "next"}, {"items": [{"id": "b"}], "cursor": None}]
    answers = iter([httpx.Response(200, json=page) for page in pages])
    assert [image["id"] for image in gateway(answers).images()] == ["a", "b"]


def test_a_refusal_is_told_with_its_reason() -> None:
    refusal = httpx.Response(400, json={"detail": "limit: must be at most 100"})
    with pytest.raises(LocalError, match="at most 100"):
        gateway(iter([refusal])).stats()
