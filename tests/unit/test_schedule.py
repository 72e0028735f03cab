"""The reconciler, as EventBridge calls it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from chalice.local import LambdaContext
from chalice.test import Client

import app as entry_point
from chalicelib.errors import Unavailable
from chalicelib.images import State, image_id_of
from chalicelib.queue import Received
from tests.api import Api
from tests.memory.queue import MemoryDeadLetters


def look(detail: Mapping[str, Any] = MappingProxyType({})) -> None:
    with Client(entry_point.app) as client:
        event = client.events.generate_cw_event("aws.events", "Scheduled Event", {**detail}, [])
    entry_point.reconcile(event, LambdaContext("reconciler", 1_536, 300_000))


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


def test_uploads_that_expired_are_counted(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    ended = datetime.now(UTC) - timedelta(hours=1)
    api.enter(state=State.PENDING, visual=None, form_until=ended)
    entry_point.provider.repository = api.repository()
    look()
    assert '"UploadsExpired":[1.0]' in capsys.readouterr().out
    record = api.catalogue.get("id-1")
    assert record and record.state is State.EXPIRED


def test_what_is_due_is_done_though_dead_letters_cannot_be_read(api: Api) -> None:
    class Down(MemoryDeadLetters):
        def receive(self) -> Sequence[Received]:
            raise Unavailable("the dead-letter queue did not answer")

    api.dead_letters = Down()
    ended = datetime.now(UTC) - timedelta(hours=1)
    api.enter(state=State.PENDING, visual=None, form_until=ended)
    entry_point.provider.repository = api.repository()
    with pytest.raises(Unavailable):
        look()
    record = api.catalogue.get("id-1")
    assert record and record.state is State.EXPIRED


def test_a_pass_is_told_of_and_what_it_repairs_is_counted_for_the_alarm(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    api.enter(owner="ann", key="uploads/ann/gone.jpg", size=3, version_id="v1")
    asked = api.call("POST", "/reconcile", {"margin_minutes": 0}, as_="admin").json
    (wanted,) = api.reconciling.asked
    entry_point.provider.repository = api.repository()
    look({"reconcile": wanted.model_dump(mode="json")})
    told = api.call("GET", "/reconcile", as_="admin").json
    assert (told["id"], told["state"], told["examined"]) == (asked["id"], "finished", 1)
    assert told["repaired"] == {"LostFilesRecorded": 1}
    metrics = capsys.readouterr().out
    assert '"LostFilesRecorded":[1.0]' in metrics
    assert '"Repaired":[1.0]' in metrics
