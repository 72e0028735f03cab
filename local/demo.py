"""What ``make demo`` shows: photographs go in, captions come out, three searches find them."""

import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from chalicelib.descriptions import FILE_NAME, Line, names, parse
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chalicelib.search.port import SEARCHABLE
from local.errors import LocalError
from local.gateway import Gateway
from local.photographs import PHOTOGRAPHS, Photograph, lay_out
from local.showing import show_searches, show_what_is_said
from local.stack import LocalStack
from local.steps import console, say, step

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif"})
UPLOADS_AT_ONCE = 4
# A photograph takes a tenth of a second; one that takes a minute is stuck.
STUCK_SECONDS = 120
POLL_SECONDS = 0.5


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
    known = {} if folder else _own_photographs(stack)
    photos = _photographs(folder or _home(stack))
    facts = stack.up()
    gateway = Gateway.of(facts)
    with step("Waiting for the API"):
        gateway.healthy_within(60)
    _put_in(gateway, photos, _captions(photos[0].parent))
    if known:
        show_what_is_said(list(gateway.images()), known)
    show_searches(gateway, photos, known)
    say(
        f"\nGallery  {facts['gallery_url']}\nAPI      {facts['api_url']}\n"
        "The stack keeps running: 'make stop' stops it and keeps the data, 'make clean' "
        "forgets it."
    )


def _home(stack: LocalStack) -> Path:
    return stack.layout.home / "photographs"


def _own_photographs(stack: LocalStack) -> dict[str, Photograph]:
    """Lay out the demo's own photographs, name whom they are owed to, and return them by name."""
    lay_out(_home(stack), PHOTOGRAPHS)
    say(f"Photographs: {len(PHOTOGRAPHS)} that come inside packages")
    for photograph in PHOTOGRAPHS:
        say(f"  [dim]{photograph.name:18} {photograph.author} · {photograph.licence}[/]")
    return {photograph.name: photograph for photograph in PHOTOGRAPHS}


def _photographs(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise LocalError(
            f"there is no folder {folder}", "name one that exists: make demo PHOTOS=folder"
        )
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise LocalError(f"no photographs in {folder}", "put .jpg, .png, .webp or .gif files there")
    return found


def _captions(folder: Path) -> dict[str, str]:
    descriptions = folder / FILE_NAME
    if not descriptions.is_file():
        return {}
    with descriptions.open("rb") as lines:
        described = [line for line in parse(lines) if isinstance(line, Line)]
    return {name: line.caption for line in described for name in names(line.name)}


def _put_in(gateway: Gateway, photos: list[Path], captions: Mapping[str, str]) -> None:
    held = {(image["name"], image["size"]) for image in gateway.images()}
    new = [photo for photo in photos if (photo.name, photo.stat().st_size) not in held]
    if not new:
        say(f"Nothing to upload: all {len(photos)} photographs are there already.")
        return
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        uploads = [pool.submit(gateway.upload, p, captions.get(p.name)) for p in new]
        _watch(gateway, uploads)
    with step("Waiting until all of them can be found"):
        _wait_for_the_index(gateway)


def _watch(gateway: Gateway, uploads: list[Future[str]]) -> None:
    """Show how many photographs are uploaded and how many of them are past ``pending``."""
    patience = Patience("no photograph was captioned")
    with _progress() as progress:
        sent = progress.add_task("Uploaded", total=len(uploads))
        settled = progress.add_task("Captioned", total=len(uploads))
        while True:
            identities = {upload.result() for upload in uploads if upload.done()}
            count = len(identities - gateway.pending())
            progress.update(sent, completed=len(identities))
            progress.update(settled, completed=count)
            if count == len(uploads):
                return
            patience.check(len(identities) + count)
            time.sleep(POLL_SECONDS)


def _wait_for_the_index(gateway: Gateway) -> None:
    patience = Patience("the index took in no photograph")
    while True:
        stats = gateway.stats()
        searchable = stats["searchable"] or 0
        if searchable >= sum(stats["images"].get(state, 0) for state in SEARCHABLE):
            return
        patience.check(searchable)
        time.sleep(POLL_SECONDS)


class Patience:
    """Ends a wait that no longer gets on.

    Parameters
    ----------
    complaint
        What did not happen.
    """

    def __init__(self, complaint: str) -> None:
        self._complaint = complaint
        self._seen = -1
        self._since = time.monotonic()

    def check(self, count: int) -> None:
        """Note how far things are.

        Raises
        ------
        LocalError
            No further than ``STUCK_SECONDS`` ago.
        """
        now = time.monotonic()
        if count != self._seen:
            self._seen, self._since = count, now
        elif now - self._since > STUCK_SECONDS:
            raise LocalError(
                f"{self._complaint} for {STUCK_SECONDS} s",
                "read the newest lines of .local/logs/image-repo-captioner.log and ministack.log",
            )


def _progress() -> Progress:
    return Progress(
        TextColumn("  {task.description:10}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
    )
