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
from image_repo.options import register


def kept(first: str, label: str) -> dict[str, Any]:
    return {
        "id": first * 64,
        "owner": "ann",
        "scopes": ["read", "write"],
        "label": label,
        "created_at": "2026-01-01T00:00:00Z",
        "revoked": False,
        "expires_at": None,
        "last_used_at": None,
    }


EXPIRED = kept("b", "") | {
    "expires_at": "2026-01-08T00:00:00Z",
    "last_used_at": "2026-01-02T00:00:00Z",
}
LASTING = kept("c", "laptop") | {"expires_at": "2126-01-01T00:00:00Z"}
KEPT = [kept("a", "laptop"), EXPIRED, LASTING]


@dataclass(frozen=True)
class RecordingSession(Session):
    """Speaks to an API that keeps three tokens, and photographs of one owner."""

    asked: list[httpx.Request] = field(default_factory=list)

    def client(self) -> Client:
        return Client("http://api", "imr_x", transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "DELETE":
            return httpx.Response(204)
        if request.url.path == "/images":
            held = [{"id": "1"}] if request.url.params["owner"] == "ann" else []
            return httpx.Response(200, json={"items": held})
        made = kept("d", "") | {"token": "imr_new"}
        return httpx.Response(200, json={"items": KEPT} if request.method == "GET" else made)

    @property
    def revoked(self) -> list[str]:
        return [one.url.path[-64:-63] for one in self.asked if one.method == "DELETE"]


def ran(*arguments: str) -> tuple[RecordingSession, Any]:
    session = RecordingSession(None, None)
    app = typer.Typer()
    group = typer.Typer()
    register(tokens.COMMANDS, group)
    app.add_typer(group, name="token")

    @app.callback()
    def whole() -> None:
        """Make it a group of commands."""

    return session, CliRunner().invoke(app, ["token", *arguments], obj=session)


def test_a_token_is_asked_for_and_printed_alone() -> None:
    session, result = ran("add", "ann", "--scope", "read", "--label", "laptop", "--days", "7")
    assert result.stdout == "imr_new\n"
    asked = json.loads(session.asked[0].read())
    assert asked == {"owner": "ann", "scopes": ["read"], "label": "laptop", "days": 7}


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("ann", "It opens those of 'ann'."),
        ("anne", "It opens those of 'anne'; 'anne' has none yet."),
    ],
)
def test_whose_photographs_a_token_opens_is_said_beside_it(owner: str, said: str) -> None:
    assert ran("add", owner)[1].stderr == f"{said}\n"


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
    made = "ann\tread,write\tlaptop\t2026-01-01T00:00:00Z"
    assert lines == [
        f"{'a' * 12}\t{made}\tused never\tvalid",
        f"{'b' * 12}\tann\tread,write\t\t2026-01-01T00:00:00Z\tused 2026-01-02T00:00:00Z\t"
        "expired 2026-01-08T00:00:00Z",
        f"{'c' * 12}\t{made}\tused never\tvalid until 2126-01-01T00:00:00Z",
    ]
    assert json.loads(ran("list", "--json")[1].output) == {"items": KEPT}
