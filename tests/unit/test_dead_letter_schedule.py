"""The hourly look at dead letters, as EventBridge calls it."""

import json

import pytest
from chalice.local import LambdaContext
from chalice.test import Client

import app as entry_point
from chalicelib.images import State, image_id_of
from tests.api import Api
from tests.memory.queue import MemoryDeadLetters


def look() -> None:
    with Client(entry_point.app) as client:
        event = client.events.generate_cw_event("aws.events", "Scheduled Event", {}, [])
    entry_point.settle_dead_letters(event, LambdaContext("dead-letters", 1_536, 300_000))


def test_an_hour_without_dead_letters_writes_no_metric(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    look()
    assert "DeadLettersSettled" not in capsys.readouterr().out


def test_dead_letters_that_were_settled_are_counted(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "uploads/ann/0123/a.png"
    api.dead_letters = MemoryDeadLetters(json.dumps({"redrive": {"key": key}}))
    api.storage.write(key, b"png", content_type="image/png")
    api.enter(image_id_of("photographs", key), key=key, state=State.PENDING, visual=None)
    entry_point.provider.repository = api.repository()
    look()
    assert '"DeadLettersSettled":[1.0]' in capsys.readouterr().out
