"""What ``make demo`` shows: photographs go in, captions come out, three searches find them."""

from collections.abc import Mapping
from pathlib import Path

from chalicelib.search.port import SEARCHABLE
from image_repo import Client, CommandError, importing
from image_repo.client import PAGE
from image_repo.importing import Folder, Imported, read_folder
from image_repo.names import counted
from image_repo.reporting import report, tell_report
from local.errors import LocalError
from local.photographs import PHOTOGRAPHS, DemoPhotograph, lay_out
from local.processes import until
from local.recovery import client_of, wait_until_healthy
from local.searches import show_searches, show_what_is_said
from local.stack import LocalStack
from local.steps import say, step

UPLOADS_AT_ONCE = 4
# A photograph takes a tenth of a second; one that takes a minute is stuck.
STUCK_SECONDS = 120


def demo(stack: LocalStack, folder: Path | None) -> None:
    """Bring the stack up, put photographs in and search them.

    Parameters
    ----------
    stack
        The local stack.
    folder
        Of photographs, with or without a ``descriptions.txt``; None for the demo's own.

    Raises
    ------
    LocalError
        A step failed; it says what to do.
    """
    known = {} if folder else {one.name: one for one in PHOTOGRAPHS}
    if folder is None:
        folder = stack.layout.home / "photographs"
        lay_out(folder, PHOTOGRAPHS)
        say(f"Photographs: {len(PHOTOGRAPHS)} that come inside packages")
        for one in PHOTOGRAPHS:
            say(f"  [dim]{one.name:18} {one.author} · {one.licence}[/]")
    found = _read(folder)
    facts = stack.up()
    with client_of(facts) as client:
        with step("Waiting for the API"):
            wait_until_healthy(client)
        show(client, found, known)
    say(
        f"\nGallery  {facts['gallery_url']}\nAPI      {facts['api_url']}\n"
        "The stack keeps running: 'make stop' stops it and keeps the data, 'make clean' "
        "forgets it."
    )


def _read(folder: Path) -> Folder:
    try:
        return read_folder(folder)
    except CommandError as problem:
        remedy = "name a folder of photographs: make demo PHOTOS=folder"
        raise LocalError(str(problem), remedy) from problem


def show(client: Client, found: Folder, known: Mapping[str, DemoPhotograph]) -> None:
    """Put photographs in, and search them by what is right of ``known`` ones."""
    imported = put_in(client, found)
    images = list(client.pages("images", "items", {"limit": PAGE}))
    if known:
        show_what_is_said(images, known)
    taken = [one for one in imported.outcomes if not imported.problem(one)]
    show_searches(client, images, [one.photograph.path for one in taken], known)
    if failed := len(imported.outcomes) - len(taken):
        say(f"\n[red]✗[/] {counted(failed, 'photograph')} failed, as is told above.")


def put_in(client: Client, found: Folder) -> Imported:
    """Import photographs, reported as ``image-repo import`` does, until all can be found."""
    imported = importing.put_in(
        client, found.photographs, at_once=UPLOADS_AT_ONCE, patience=STUCK_SECONDS
    )
    tell_report(report(found, imported))
    with step("Waiting until all of them can be found"):
        is_found = until(lambda: _all_can_be_found(client), STUCK_SECONDS, poll=0.5)
    if not is_found:
        raise LocalError(
            f"the index did not take in every photograph within {STUCK_SECONDS} s",
            "read the newest lines of ministack.log",
        )
    return imported


def _all_can_be_found(client: Client) -> bool:
    stats = client.call("GET", "stats")
    wanted: int = sum(stats["images"].get(state, 0) for state in SEARCHABLE)
    return (stats["searchable"] or 0) >= wanted
