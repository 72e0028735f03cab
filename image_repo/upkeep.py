"""Commands of an operator: rebuild, caption again, counts, logging in."""

import os
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from image_repo.client import Client
from image_repo.config import AsJson, log_in, session_of
from image_repo.errors import CommandError
from image_repo.output import console, progress, remarks, write_json


def rebuild(
    context: typer.Context,
    after: Annotated[str | None, typer.Option(help="Continue after this key.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Finished photographs too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send unfinished photographs through the captioner again.

    They are looked for in the bucket. An interrupted rebuild can simply be started again: finished
    work is left alone.
    """
    with session_of(context).client() as client:
        begin = {"after": after} if after else {}
        told = _paged(client, "rebuild", {"force": force} | begin, "after")
    if as_json:
        write_json(told)
    else:
        console.print(
            f"{told['examined']} looked at, {told['queued']} queued, {told['skipped']} done"
        )


def recaption(
    context: typer.Context,
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID...]")] = None,
    state: Annotated[str | None, typer.Option(help="All in this state: needs_review.")] = None,
    as_json: AsJson = False,
) -> None:
    """Have photographs captioned again with the current model.

    People's captions stand.
    """
    if bool(ids) == bool(state):
        raise CommandError("name photographs by id, or all in a --state")
    with session_of(context).client() as client:
        if state:
            told = _paged(client, "recaption", {"state": state}, "cursor")
        else:
            told = client.call("POST", "recaption", body={"ids": ids})
    if as_json:
        write_json(told)
    else:
        console.print(f"{told['queued']} queued")


def _paged(client: Client, path: str, body: dict[str, Any], position: str) -> dict[str, Any]:
    totals = {"examined": 0, "queued": 0, "skipped": 0}
    with progress() as bars:
        task = bars.add_task("Going through the bucket", total=None)
        for page in client.post_pages(path, body, position):
            totals = {name: total + page[name] for name, total in totals.items()}
            bars.update(task, completed=totals["examined"])
            if page["cursor"] is not None:
                now = f"{totals['examined']} looked at; now after {escape(page['cursor'])}"
                remarks.print(f"[dim]{now}[/]")
    return totals


def stats(context: typer.Context, as_json: AsJson = False) -> None:
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
    """Print the gallery's address, which carries the token.

    Whoever has the address has the token: keep it to yourself.
    """
    console.print(session_of(context).connection().gallery_url, soft_wrap=True)
