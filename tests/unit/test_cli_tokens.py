"""The token commands: what they ask of the API."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
import typer
from typer.testing import CliRunner

from image_repo import tokens
from image_repo.client import Client
from image_repo.config import Session
from image_repo.errors import CommandError


def kept(first: str, label: str) -> dict[str, Any]:
    return {
        "id": first * 64,
        "owner": "ann",
        "scopes": ["read", "write"],
        "label": label,
        "created_at": "2026-01-01T00:00:00Z",
        "revoked": False,
    }


KEPT = [kept("a", "laptop"), kept("b", ""), kept("c", "laptop")]


@dataclass(frozen=True)
class RecordingSession(Session):
    """Speaks to an API that keeps three tokens."""

    asked: list[httpx.Request] = field(default_factory=list)

    def client(self) -> Client:
        return Client("http://api", "imr_x", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "DELETE":
            return httpx.Response(204)
        made = kept("d", "") | {"token": "imr_new"}
        return httpx.Response(200, json={"items": KEPT} if request.method == "GET" else made)

    @property
    def revoked(self) -> list[str]:
        return [one.url.path[-64:-63] for one in self.asked if one.method == "DELETE"]


def ran(*arguments: str) -> tuple[RecordingSession, Any]:
    session = RecordingSession(None, None)
    app = typer.Typer()
    app.add_typer(tokens.tokens, name="token")

    @app.callback()
    def whole() -> None:
        """Make it a group of commands."""

    return session, CliRunner().invoke(app, ["token", *arguments], obj=session)


def test_a_token_is_asked_for_and_printed_alone() -> None:
    session, result = ran("add", "ann", "--scope", "read", "--label", "laptop")
    assert result.output == "imr_new\n"
    asked = json.loads(session.asked[0].read())
    assert asked == {"owner": "ann", "scopes": ["read"], "label": "laptop"}


def test_which_scopes_a_token_has_without_any_named_is_left_to_the_api() -> None:
    session, _ = ran("add", "ann")
    assert json.loads(session.asked[0].read()) == {"owner": "ann", "label": ""}


@pytest.mark.parametrize(
    ("name", "revoked"), [("laptop", ["a", "c"]), ("b" * 8, ["b"]), ("c" * 64, ["c"])]
)
def test_revoking_takes_a_label_or_the_begin_of_an_id(name: str, revoked: list[str]) -> None:
    session, result = ran("revoke", name)
    assert session.revoked == revoked
    assert result.output.count("revoked") == len(revoked)


@pytest.mark.parametrize("name", ["", "phone", "b" * 7])
def test_a_name_that_names_none_revokes_none(name: str) -> None:
    session, result = ran("revoke", name)
    assert isinstance(result.exception, CommandError)
    assert session.revoked == []


def test_a_list_is_a_line_a_token() -> None:
    _, result = ran("list")
    lines = result.output.splitlines()
    assert len(lines) == len(KEPT)
    assert lines[0].split() == [
        "a" * 12,
        "ann",
        "read,write",
        "laptop",
        KEPT[0]["created_at"],
        "valid",
    ]
    assert json.loads(ran("list", "--json")[1].output) == {"items": KEPT}
