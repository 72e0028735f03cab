"""A command line's session that speaks to no network, and remembers what it asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import typer
from typer.testing import CliRunner

from image_repo.client import Client
from image_repo.config import Session
from image_repo.options import register


@dataclass(frozen=True)
class RecordingSession(Session):
    """Speaks to an API that answers everything alike."""

    answer: Any = None
    asked: list[httpx.Request] = field(default_factory=list)

    def client(self) -> Client:
        transport = httpx.MockTransport(self._answer)
        return Client("http://api", "imr_x", transport=transport, sleep=lambda _: None)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(200, json=self.answer)


def run(
    commands: dict[str, Callable[..., None]],
    answer: Any,
    arguments: tuple[str, ...],
    kind: type[RecordingSession] = RecordingSession,
) -> tuple[RecordingSession, Any]:
    """Run one of several commands, 200 columns wide; return its session and result."""
    session = kind(None, None, answer=answer)
    app = typer.Typer()
    register(commands, app)
    return session, CliRunner().invoke(app, [*arguments], obj=session, env={"COLUMNS": "200"})
