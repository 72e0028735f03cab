"""Commands of an operator: rebuild, caption again, counts, tokens, logging in."""

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from image_repo.client import Client
from image_repo.config import log_in
from image_repo.errors import CommandError
from image_repo.output import console, progress, remarks, write_json
from image_repo.session import Json, session_of

if TYPE_CHECKING:
    from chalicelib.access import TokenStore

tokens = typer.Typer(
    no_args_is_help=True,
    help="Make and revoke tokens; needs rights on the tokens' table, which IMAGE_REPO_TOKENS_TABLE"
    " or --table names, and no token.",
)
TokensTable = Annotated[
    str, typer.Option(envvar="IMAGE_REPO_TOKENS_TABLE", help="The stack's output TokensTable.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("rebuild")(rebuild)
    app.command("recaption")(recaption)
    app.command("stats")(stats)
    app.command("login")(login)
    app.command("open")(open_gallery)
    app.add_typer(tokens, name="token")


def rebuild(
    context: typer.Context,
    after: Annotated[str | None, typer.Option(help="Go on after this key.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Finished photographs too.")] = False,
    index: Annotated[
        bool, typer.Option("--index", help="The search index from the catalogue instead.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send everything in the bucket through the captioner again that is not finished.

    A rebuild that was cut can simply be begun again: finished work is left alone.
    """
    with session_of(context).client() as client:
        if index:
            told = client.call("POST", "reindex", body={})
        else:
            told = _paged(client, "rebuild", {"force": force}, "after", after)
    if as_json:
        write_json(told)
    elif index:
        console.print("The index is being made anew; searches answer from the old one until then.")
    else:
        console.print(
            f"{told['examined']} looked at, {told['queued']} queued, {told['skipped']} done"
        )


def recaption(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
    state: Annotated[str | None, typer.Option(help="All in this state: needs_review.")] = None,
    as_json: Json = False,
) -> None:
    """Have photographs captioned again with the current model; people's captions stand."""
    if bool(ids) == bool(state):
        raise CommandError("name photographs by id, or all in a --state")
    with session_of(context).client() as client:
        if state:
            told = _paged(client, "recaption", {"state": state}, "cursor", None)
        else:
            told = client.call("POST", "recaption", body={"ids": ids})
    if as_json:
        write_json(told)
    else:
        console.print(f"{told['queued']} queued")


def _paged(
    client: Client, path: str, body: dict[str, Any], position: str, start: str | None
) -> dict[str, Any]:
    totals = {"examined": 0, "queued": 0, "skipped": 0}
    with progress() as bars:
        task = bars.add_task("Going through the bucket", total=None)
        while True:
            asked = body | ({position: start} if start else {})
            page = client.call("POST", path, body=asked)
            totals = {name: total + page[name] for name, total in totals.items()}
            bars.update(task, completed=totals["examined"])
            start = page["cursor"]
            if start is None:
                return totals
            remarks.print(f"[dim]{totals['examined']} looked at; now after {escape(start)}[/]")


def stats(context: typer.Context, as_json: Json = False) -> None:
    """Count the photographs by state, and those that can be found."""
    with session_of(context).client() as client:
        told = client.call("GET", "stats")
    if as_json:
        write_json(told)
        return
    table = Table.grid(padding=(0, 2))
    for state, count in told["images"].items():
        table.add_row(state, str(count))
    searchable = told["searchable"]
    table.add_row(
        "[bold]searchable[/]", "index unavailable" if searchable is None else str(searchable)
    )
    table.add_row("[bold]in all[/]", str(told["total"]))
    console.print(table)


def login(
    url: Annotated[str, typer.Argument(help="The API's address: the stack's output ApiUrl.")],
    token: Annotated[str, typer.Option(prompt=True, hide_input=True)],
) -> None:
    """Remember a repository for later commands."""
    with Client(url, token) as client:
        client.call("GET", "stats")
    path = log_in(url, token, os.environ)
    console.print(f"Logged in; kept in {path}, which only you can read.")


def open_gallery(context: typer.Context) -> None:
    """Print the gallery's address; it carries the token, so keep it to yourself."""
    console.print(session_of(context).connection().gallery_url, soft_wrap=True)


@tokens.command("add")
def add_token(
    owner: Annotated[str, typer.Argument(help="Whose photographs it opens.")],
    table: TokensTable,
    scope: Annotated[
        list[str] | None, typer.Option(help="read, write, admin; again for more.")
    ] = None,
    label: Annotated[str, typer.Option(help="To revoke it by.")] = "",
) -> None:
    """Make a token and print it; it cannot be shown again."""
    console.print(_store(table).add(owner, scope or ["read", "write"], label), soft_wrap=True)


@tokens.command("revoke")
def revoke_token(
    name: Annotated[str, typer.Argument(help="Its label, or 8 characters of its hash.")],
    table: TokensTable,
) -> None:
    """Revoke tokens; warm functions forget them within seconds."""
    for record in _store(table).revoke(name):
        console.print(f"{record.token_sha256[:12]}  {record.owner}  revoked")


@tokens.command("list")
def list_tokens(table: TokensTable) -> None:
    """List what is known of the tokens; never the tokens themselves."""
    for record in _store(table).records():
        scopes = ",".join(sorted(record.scopes))
        state = "revoked" if record.revoked else "valid"
        row = (
            record.token_sha256[:12],
            record.owner,
            scopes,
            record.label,
            record.created_at,
            state,
        )
        console.print("  ".join(row), soft_wrap=True)


def _store(table: str) -> "TokenStore":
    import boto3  # noqa: PLC0415  half a second that the other commands need not wait
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415

    from chalicelib.access import TokenStore  # noqa: PLC0415

    try:
        return TokenStore(boto3.client("dynamodb"), table)
    except BotoCoreError as error:
        raise CommandError(f"AWS cannot be spoken to: {error} See 'aws configure'.") from error
