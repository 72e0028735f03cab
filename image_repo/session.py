"""What every command shares: the options that say which repository is meant."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from image_repo.client import Client
from image_repo.config import Connection, connection

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@dataclass(frozen=True, slots=True)
class Session:
    """The options given before the command."""

    url: str | None
    token: str | None

    def connection(self) -> Connection:
        """Return the repository that is meant."""
        return connection(self.url, self.token, os.environ, Path.cwd())

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Yield a client of it."""
        found = self.connection()
        with Client(found.url, found.token) as client:
            yield client


def session_of(context: typer.Context) -> Session:
    """Return the session the command runs in."""
    session: Session = context.find_root().obj
    return session
