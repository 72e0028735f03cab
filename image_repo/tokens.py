"""Commands that make, list and revoke tokens; an administrator's token is needed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from image_repo.config import AsJson, session_of
from image_repo.errors import CommandError
from image_repo.terminal import console, is_terminal, remarks, write_json, write_record

ID_SHOWN = 12
LEAST_ID = 8  # of a token's id, so that no slip of the finger names one


def add_token(
    context: typer.Context,
    owner: Annotated[str, typer.Argument(help="Whose photographs it opens.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(help="read, write, admin; again for more. Without: read and write."),
    ] = None,
    label: Annotated[str, typer.Option(help="To revoke it by.")] = "",
    days: Annotated[
        int | None, typer.Option(min=1, help="How long it is good. Without: until it is revoked.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a token and print it; it cannot be shown again."""
    asked = {"owner": owner, "label": label, "scopes": scope, "days": days}
    with session_of(context).client() as client:
        given = {name: value for name, value in asked.items() if value is not None}
        made = client.call("POST", "tokens", body=given)
        if as_json:
            write_json(made)
        else:
            typer.echo(made["token"])
        held = client.call("GET", "images", query={"owner": owner, "limit": 1})["items"]
    opened = "everyone's photographs" if "admin" in made["scopes"] else f"those of '{owner}'"
    none = "" if held else f"; '{owner}' has none yet"
    remarks.print(f"It opens {opened}{none}.", markup=False, soft_wrap=True)


def revoke_token(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Its label, or 8 characters of its id.")],
) -> None:
    """Revoke tokens; warm functions forget them within seconds."""
    with session_of(context).client() as client:
        found = [one for one in client.call("GET", "tokens")["items"] if _is_named(one, name)]
        if not found:
            raise CommandError(f"no token is labelled '{name}' or has an id that begins so")
        for one in found:
            client.call("DELETE", f"tokens/{one['id']}")
            write_record(one["id"][:ID_SHOWN], one["owner"], "revoked")


def list_tokens(context: typer.Context, as_json: AsJson = False) -> None:
    """List what is known of the tokens; never the tokens themselves."""
    with session_of(context).client() as client:
        told = client.call("GET", "tokens")
    if as_json:
        write_json(told)
        return
    rows = list(map(_row, told["items"]))
    if is_terminal():
        console.print(tokens_table(rows))
        return
    for row in rows:
        write_record(*row)


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    scopes, used = ",".join(one["scopes"]), one["last_used_at"] or "never"
    begun = (one["id"][:ID_SHOWN], one["owner"], scopes, one["label"], one["created_at"])
    return (*begun, f"used {used}", _state(one))


def tokens_table(rows: Sequence[Sequence[str]]) -> Table:
    """Return tokens for 80 columns or more."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("id, label", "owner", "scopes", "made, used, state"):
        table.add_column(column, overflow="fold")
    for token_id, owner, scopes, label, *times in rows:
        named = "\n".join(filter(None, (token_id, label)))
        table.add_row(*map(Text, (named, owner, scopes, "\n".join(times))))
    return table


def _state(token: dict[str, Any]) -> str:
    if token["revoked"]:
        return "revoked"
    if token["expires_at"] is None:
        return "valid"
    is_over = datetime.fromisoformat(token["expires_at"]) <= datetime.now(UTC)
    return f"{'expired' if is_over else 'valid until'} {token['expires_at']}"


def _is_named(token: dict[str, Any], name: str) -> bool:
    # An empty name is no label: it would revoke every token that has none.
    return token["label"] == name != "" or (len(name) >= LEAST_ID and token["id"].startswith(name))


def about_tokens(context: typer.Context) -> None:
    """Make, list and revoke tokens (scope admin)."""


COMMANDS: Mapping[str, Callable[..., None]] = {
    "add": add_token,
    "list": list_tokens,
    "revoke": revoke_token,
}
