"""Commands of an operator: rebuild, caption again, re-index, reconcile, counts, logging in."""

import os
import time
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from getpass import getpass
from typing import Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, TaskID

from image_repo.client import Client, Json
from image_repo.config import AsJson, log_in, session_of
from image_repo.errors import ApiProblem, CommandError, Unreachable
from image_repo.output import show_facts
from image_repo.terminal import progress, remarks, tell, write_json

POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Followed:
    """Work that goes on by itself: where it tells of itself, and for how long it may be silent.

    ``counted`` names what it counts of the catalogue's records, ``failed`` what is so if it fails.
    """

    path: str
    counted: str
    failed: str
    silent_seconds: float


# A run tells of itself every second; the indexer may first have to start, or to be free.
REINDEX = Followed("reindex", "records", "the index stays as it is", 900.0)
# A pass that was cut goes on with the half hour.
RECONCILE = Followed("reconcile", "examined", "some of it was not compared", 2_700.0)
# What may be repaired, in words; what is not here is shown by its own name.
REPAIRS = {
    "UploadsExpired": "uploads whose file never came, expired",
    "LostEventsResent": "files that no event told of, sent to the captioner",
    "PhotographsRestored": "deleted photographs that are in the bucket again, taken back",
    "LostFilesRecorded": "photographs whose file is gone, recorded as removed",
    "DeletionsFinished": "deletions that were cut, finished",
    "CopiesMadeAgain": "photographs without their display copies, captioned again",
    "StrayCopiesRemoved": "display copies of no photograph, removed",
    "RecordsIndexedAgain": "photographs not in the index as in the catalogue, indexed again",
    "StrayDocumentsRemoved": "entries of the index without a photograph, removed",
    "IndexesRebuilt": "index ahead of the catalogue, being rebuilt",
    "CountersCorrected": "counters that were wrong, corrected",
    "TrashEmptied": "photographs deleted for good after their days in the trash",
    "RecordsPassedOver": "records that cannot be read or saved, passed over: see the log",
}


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
    text = f"{told['examined']} looked at, {told['queued']} queued, {told['skipped']} done"
    tell(told, text, as_json=as_json)


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
    tell(told, f"{told['queued']} queued", as_json=as_json)


def _paged(client: Client, path: str, body: Json, position: str) -> Json:
    totals = {"examined": 0, "queued": 0, "skipped": 0}
    with progress() as bars:
        task = bars.add_task("Going through the bucket", total=None)
        for page in client.post_pages(path, body, position):
            totals = {name: total + page[name] for name, total in totals.items()}
            bars.update(task, completed=totals["examined"])
            if page["cursor"] is not None:
                now = f"{totals['examined']} looked at; now after {escape(page['cursor'])}"
                remarks.print(f"[dim]{now}[/]", soft_wrap=True)
    return totals


def reindex(
    context: typer.Context,
    roll_back: Annotated[
        bool, typer.Option("--rollback", help="Go back to the index before the present one.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Rebuild the search index from the catalogue.

    Searches and uploads go on meanwhile. The new index takes the place of the present one when it
    is whole, and the present one is kept to go back to. A run that was cut is continued by the
    next one. This command only follows the run, which does not need it.
    """
    with session_of(context).client() as client:
        told = client.call("POST", "reindex", body={"roll_back": roll_back})
        text = "It is being made; searches answer from the present index until then."
        if wait:
            told = follow(client, REINDEX, told["id"], client.call("GET", "stats")["total"])
            done = "gone back to" if roll_back else "made"
            text = f"The index is {done}: {told['records']} records of the catalogue read."
    tell(told, text, as_json=as_json)


def reconcile(
    context: typer.Context,
    margin: Annotated[
        int, typer.Option(help="Leave alone what changed less than so many minutes ago.")
    ] = 60,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    as_json: AsJson = False,
) -> None:
    """Find and repair what lost its event, its file or its place.

    It compares catalogue, bucket, index and counts, and runs by itself once a day. One that is
    under way is followed. This command only follows it: it goes on without.
    """
    with session_of(context).client() as client:
        told = client.call("POST", "reconcile", body={"margin_minutes": margin})
        if wait:
            told = follow(client, RECONCILE, told["id"], client.call("GET", "stats")["total"])
    if as_json:
        write_json(told)
    elif wait:
        _show_repairs(told)
    else:
        remarks.print("It has begun; 'GET /reconcile' tells what it finds.")


def _show_repairs(told: Json) -> None:
    remarks.print(f"{told['examined']} records compared.")
    if not told["repaired"]:
        remarks.print("Nothing differs.")
    show_facts((count, REPAIRS.get(name, name)) for name, count in told["repaired"].items())


def follow(
    client: Client,
    work: Followed,
    run_id: str,
    total: int,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Json:
    """Return what a run told last; show meanwhile how many records of ``total`` it read.

    Raises
    ------
    ApiProblem, Unreachable
        It failed, or nothing is heard of it.
    """
    with progress() as bars:
        task = bars.add_task("Waiting for it to begin", total=None)
        heard, since = None, clock()
        while True:
            told = _told(client, work, run_id)
            if told and told != heard:
                heard, since = told, clock()
                _show(bars, task, told[work.counted], total)
            if told and told["state"] == "finished":
                return told
            if told and told["state"] == "failed":
                raise ApiProblem(500, f"{work.failed}: {told['reason']}")
            if clock() - since > work.silent_seconds:
                raise Unreachable("nothing is heard of it: see its function's log")
            sleep(POLL_SECONDS)


def _told(client: Client, work: Followed, run_id: str) -> Json | None:
    try:
        told = client.call("GET", work.path)
    except ApiProblem as problem:
        if problem.status != 404:
            raise
        return None
    return told if told["id"] == run_id else None


def _show(bars: Progress, task: TaskID, records: int, total: int) -> None:
    # Deleted records are read, too, and not counted in the total.
    whole = max(total, records)
    bars.update(task, description="Reading", completed=records, total=whole)
    if not remarks.file.isatty():
        remarks.print(f"[dim]{records} of about {whole} records read[/]")


def stats(context: typer.Context, as_json: AsJson = False) -> None:
    """Count the photographs by state, and those that can be found."""
    with session_of(context).client() as client:
        told = client.call("GET", "stats")
    if as_json:
        write_json(told)
        return
    searchable = "index unavailable" if told["searchable"] is None else told["searchable"]
    sums = [("searchable", searchable), ("in all", told["total"])]
    show_facts([*told["images"].items(), *sums])
    if not told["complete"]:
        remarks.print("[dim]photographs from before counts were kept are being counted[/]")


def login(
    context: typer.Context,
    address: Annotated[
        str, typer.Argument(metavar="URL", help="The API's address: the stack's output ApiUrl.")
    ],
) -> None:
    """Remember a repository for later commands.

    Without --token, it is asked for and not shown.
    """
    token = session_of(context).token or getpass("Token: ")
    with Client(address, token) as client:
        client.call("GET", "stats")
    path = log_in(address, token, os.environ)
    kept = f"Logged in; kept in {path}, which only you can read."
    remarks.print(kept, markup=False, soft_wrap=True)


def open_gallery(
    context: typer.Context,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Or only print the address.")
    ] = True,
) -> None:
    """Open the gallery in the browser, and print its address.

    It carries the token, and so whoever has the address has the token: keep it to yourself.
    """
    address = session_of(context).connection().gallery_url
    typer.echo(address)
    if browser and not webbrowser.open(address):
        remarks.print("No browser could be opened here: open the address yourself.")
