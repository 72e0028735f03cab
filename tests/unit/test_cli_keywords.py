"""Keywords on the command line: edited, and told of a photograph."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from image_repo import photographs
from image_repo.client import Client
from image_repo.config import Session

IMAGE = {
    "id": "id-1",
    "name": "rex.jpg",
    "state": "captioned",
    "reason": None,
    "caption": {"text": "our Rex", "source": "file", "model": None, "confidence": None},
    "attributes": [],
    "labels": [],
    "keywords": ["Lake Como", "Rex"],
    "width": 4,
    "height": 3,
    "size": 9,
    "owner": "ann",
    "created_at": "2026-01-02T00:00:00Z",
    "rev": 2,
}


@dataclass(frozen=True)
class RecordingSession(Session):
    """Speaks to an API that answers everything with one photograph."""

    asked: list[httpx.Request] = field(default_factory=list)

    def client(self) -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client("http://api", "imr_x", transport=transport, sleep=lambda _: None)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, json=IMAGE)


def ran(*arguments: str) -> tuple[RecordingSession, Any]:
    session = RecordingSession(None, None)
    app = typer.Typer()
    app.command("show")(photographs.show)
    app.command("edit")(photographs.edit)
    return session, CliRunner().invoke(app, list(arguments), obj=session, env={"COLUMNS": "200"})


@pytest.mark.parametrize(
    ("given", "sent"), [("Lake Como, Rex,", ["Lake Como", "Rex"]), ("", []), (" , ", [])]
)
def test_keywords_are_given_with_commas_and_taken_away_by_none(given: str, sent: list[str]) -> None:
    session, result = ran("edit", "id-1", "--keywords", given)
    assert result.exit_code == 0
    assert json.loads(session.asked[0].read()) == {"keywords": sent}
    assert "our Rex  Lake Como, Rex" in result.output


def test_a_photograph_is_shown_with_its_keywords_and_who_wrote_its_caption() -> None:
    _, result = ran("show", "id-1")
    told = {line.split("  ")[0]: line for line in result.output.splitlines()}
    assert "Lake Como, Rex" in told["keywords"] and "file" in told["caption by"]
