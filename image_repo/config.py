"""Which repository a command speaks to, and with which token."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import httpx
import typer

from image_repo.client import Client
from image_repo.errors import CommandError

_STACK = Path(".local") / "stack.json"
_HELP = (
    "no repository is known here: run 'make demo' for one on this machine, log in to another"
    " with 'image-repo login URL', or give --url and --token (or IMAGE_REPO_URL and"
    " IMAGE_REPO_TOKEN)"
)


@dataclass(frozen=True, slots=True)
class Connection:
    """Address and token of a repository."""

    url: str
    token: str

    @property
    def gallery_url(self) -> str:
        """The gallery's address, which carries the token in its fragment."""
        return f"{self.url.rstrip('/')}/#token={self.token}"


def connection(
    url: str | None, token: str | None, environment: Mapping[str, str], here: Path
) -> Connection:
    """Return the repository meant: the command line's, else the environment's, else a file's.

    A token that stands beside an address, in the environment or a file, is for that host alone.

    Parameters
    ----------
    here
        Folder from which ``.local/stack.json`` is looked for upwards.

    Raises
    ------
    CommandError
        None is known, or no token for its host.
    """
    named = environment.get("IMAGE_REPO_URL")
    if not token and _is_for(url, named):
        token = environment.get("IMAGE_REPO_TOKEN")
    url = url or named
    if url and token:
        return Connection(url, token)
    stacks = [(folder / _STACK, "api_url") for folder in (here, *here.parents)]
    for path, address in [*stacks, (_profile_path(environment), "url")]:
        stored = _stored(path, address)
        if stored and (token or _is_for(url, stored.url)):
            return Connection(url or stored.url, token or stored.token)
    if url:
        raise CommandError(
            f"no token is kept for {url}: give --token, or log in with 'image-repo login {url}'"
        )
    raise CommandError(_HELP)


def _is_for(url: str | None, known: str | None) -> bool:
    """Tell whether what is kept for the address ``known`` may be sent to ``url``, if one is said.

    Host, port and scheme must be the same: a token for HTTPS is not sent in the clear.
    """
    return not url or not known or _origin(url) == _origin(known)


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise CommandError(f"'{url}' is no address: {error}") from error
    return parts.scheme, parts.host, parts.port


def log_in(url: str, token: str, environment: Mapping[str, str]) -> Path:
    """Keep address and token for later commands, readable by their owner alone."""
    path = _profile_path(environment)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)  # it may have been there with other rights
    path.write_text(json.dumps({"url": url, "token": token}))
    return path


def _stored(path: Path, address: str) -> Connection | None:
    try:
        told = json.loads(path.read_text())
        return Connection(told[address], told["token"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    except (KeyError, TypeError) as error:
        raise CommandError(
            f"{path} does not say '{address}' and 'token': delete it, then run 'make demo' or"
            " 'image-repo login' again"
        ) from error


def _profile_path(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")) / ".config")
    return Path(base).expanduser() / "image-repo" / "config.json"


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@dataclass(frozen=True, slots=True)
class Session:
    """The options given before the command."""

    url: str | None
    token: str | None

    def connection(self) -> Connection:
        """Return the repository that is meant."""
        return connection(self.url, self.token, os.environ, Path.cwd())

    def client(self) -> Client:
        """Return a client of it."""
        found = self.connection()
        return Client(found.url, found.token)


def session_of(context: typer.Context) -> Session:
    """Return the session the command runs in."""
    session: Session = context.find_root().obj
    return session
