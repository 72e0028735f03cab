"""The command that lists photographs, the newest first."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

import typer
from rich.table import Table

from image_repo.client import PAGE, Client, Json
from image_repo.config import AsJson, session_of
from image_repo.errors import CommandError
from image_repo.filters import (
    UNSEARCHED,
    Action,
    AddedFrom,
    AddedTo,
    BySource,
    InAlbum,
    InState,
    Label,
    Narrowing,
    OfColour,
    OfOwner,
    Order,
    Place,
    Subject,
    TakenFrom,
    TakenTo,
)
from image_repo.output import images_table, write_image
from image_repo.searching import Cursor, Everything, Limit, tell_more
from image_repo.terminal import console, is_terminal, write_json


def list_images(
    context: typer.Context,
    state: InState = None,
    source: BySource = None,
    subject: Subject = None,
    colour: OfColour = None,
    action: Action = None,
    place: Place = None,
    label: Label = None,
    album: InAlbum = None,
    added_from: AddedFrom = None,
    added_to: AddedTo = None,
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
    owner: OfOwner = None,
    order: Order = Order.NEWEST,
    limit: Limit = 20,
    everything: Everything = False,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """List photographs, the newest added first.

    Narrowed by more than one state and when they were added, or with the oldest first, those that
    are captioned or need review.

    For example: image-repo list --state needs_review --added-from 2026-05-01
    """
    narrowing = Narrowing(
        subject=subject,
        colour=colour,
        action=action,
        place=place,
        state=state,
        source=source,
        label=label,
        album=album,
        added_from=added_from,
        added_to=added_to,
        taken_from=taken_from,
        taken_to=taken_to,
    )
    with session_of(context).client() as client:
        listing = Listing(client, narrowing, owner, order, PAGE if everything else limit)
        tell_pages(listing.pages(cursor), everything=everything, as_json=as_json)


def tell_pages(
    pages: Iterator[Json],
    *,
    everything: bool,
    as_json: bool,
    table: Callable[[Iterable[Json]], Table] = images_table,
    write: Callable[[Json], None] = write_image,
) -> None:
    """Print one page of photographs, or all: as JSON, as a table, or in a pipe line by line."""
    told = pages if everything else islice(pages, 1)
    if as_json or is_terminal():
        answers = list(told)
        items = [image for answer in answers for image in answer["items"]]
        whole = {"items": items, "cursor": answers[-1]["cursor"]}
        if as_json:
            write_json(whole)
            return
        console.print(table(items))
        tell_more(whole)
        return
    for page in told:
        for image in page["items"]:
            write(image)
        if not everything:
            tell_more(page)


@dataclass(frozen=True, slots=True)
class Listing:
    """Pages of photographs: of the catalogue where it can tell, else of what is found by time."""

    client: Client
    narrowing: Narrowing
    owner: str | None
    order: Order
    size: int

    def pages(self, cursor: str | None) -> Iterator[Json]:
        """Yield one page after another."""
        if self._is_narrow and (alone := UNSEARCHED.intersection(self.narrowing.state or ())):
            raise CommandError(
                f"--state {min(alone)}: such photographs are listed by this state alone and by when"
                " they were added, the newest first; what else narrows down knows only those that"
                " are captioned or need review"
            )
        ask = self._found if self._is_narrow else self._listed
        while True:
            page = ask(cursor)
            cursor = page["cursor"]
            if page["items"] or cursor is None:
                yield page
            if cursor is None:
                return

    @property
    def _is_narrow(self) -> bool:
        states = self.narrowing.state or ()
        others = replace(self.narrowing, state=None, added_from=None, added_to=None).document()
        return bool(others) or len(states) > 1 or self.order is Order.OLDEST

    def _listed(self, cursor: str | None) -> Json:
        """Return a page of the catalogue, which knows states, and which was added when."""
        (state,) = self.narrowing.state or (None,)
        query = {"state": state, "owner": self.owner, "limit": self.size, "cursor": cursor}
        page = self.client.call("GET", "images", query=query)
        begin, end = self.narrowing.added()
        moments = [datetime.fromisoformat(image["created_at"]) for image in page["items"]]
        pairs = zip(page["items"], moments, strict=True)
        is_over = any(moment < begin for moment in moments)
        return {
            "items": [image for image, moment in pairs if begin <= moment < end],
            "cursor": None if is_over else page["cursor"],
        }

    def _found(self, cursor: str | None) -> Json:
        asked = {"sort": "added", "order": self.order, "limit": self.size}
        further = {"owner": self.owner, "cursor": cursor}
        given = {name: value for name, value in further.items() if value}
        answer = self.client.search({**asked, **given, **self.narrowing.document()})
        items = [hit["image"] for hit in answer["hits"]]
        return {"items": items, "cursor": answer["cursor"]}
