"""What the logs hold, and what an error tells."""

import json
from typing import Any

import pytest

from chalicelib.images import Caption, Source
from tests.api import Api


@pytest.mark.fault(28)
def test_neither_captions_nor_queries_nor_tokens_are_logged(
    api: Api, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    api.index.problem = RuntimeError("engine broke")
    new = {"name": "a.jpg", "content_type": "image/jpeg", "size": 1, "caption": "secretcaption"}
    api.call("POST", "/images", new)
    assert api.call("GET", "/search", query={"q": "secretquery"}).status == 500
    told = capsys.readouterr()
    logged = (
        told.out
        + told.err
        + caplog.text
        + json.dumps([r.__dict__ for r in caplog.records], default=str)
    )
    assert "engine broke" in logged
    for secret in ("secretcaption", "secretquery", "Bearer ann"):
        assert secret not in logged


@pytest.mark.fault(28)
def test_a_record_that_cannot_be_shown_is_our_fault_and_its_caption_is_not_logged(
    api: Api, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken: Any = ["secretcaption"]
    api.enter(caption=Caption(broken, Source.MODEL))
    assert api.call("GET", "/images/id-1").status == 500
    told = capsys.readouterr()
    assert "ValidationError" in told.out + caplog.text
    assert "secretcaption" not in told.out + told.err + caplog.text


def test_an_unexpected_error_tells_the_client_nothing(api: Api) -> None:
    api.index.problem = RuntimeError("the password is swordfish")
    answer = api.call("GET", "/search", query={"q": "dog"})
    assert answer.status == 500
    assert "swordfish" not in answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
