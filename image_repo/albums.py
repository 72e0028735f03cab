"""Commands on albums: a name that photographs are filed under, there while one of them is in it."""

from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from image_repo.client import Client, image_path
from image_repo.config import AsJson, session_of
from image_repo.errors import ApiProblem
from image_repo.options import Command
from image_repo.output import show_facts
from image_repo.several import Ids, each
from image_repo.terminal import write_json, write_record

_CHANGED = 412  # meanwhile, by somebody else
_TRIES = 5
Name = Annotated[str, typer.Argument(help="The album's; 'Favourites' is the gallery's heart.")]


def list_albums(context: typer.Context, as_json: AsJson = False) -> None:
    """List albums, and how many photographs are in each."""
    asked = {"sort": "added", "facets": ["albums"], "limit": 1}
    with session_of(context).client() as client:
        counted = client.search(asked)["facets"]["albums"]
    if as_json:
        write_json(counted)
    else:
        show_facts([(one["value"], one["count"]) for one in counted])


def add_to_album(context: typer.Context, name: Name, ids: Ids) -> None:
    """Put photographs into an album, a new one where there is none of that name."""
    _each(context, ids, lambda albums: [*albums, name])


def take_from_album(context: typer.Context, name: Name, ids: Ids) -> None:
    """Take photographs out of an album; they stay in the repository."""
    _each(context, ids, lambda albums: [one for one in albums if one.casefold() != name.casefold()])


COMMANDS: dict[str, Command] = {
    "list": list_albums,
    "add": add_to_album,
    "remove": take_from_album,
}


def about_albums(context: typer.Context) -> None:
    """Put photographs into albums, and list these."""


def _each(context: typer.Context, ids: Sequence[str], albums: "_Change") -> None:
    def changed(client: Client, image_id: str) -> None:
        write_record(image_id, ", ".join(_changed(client, image_id, albums)))

    each(context, ids, changed)


def _changed(client: Client, image_id: str, albums: "_Change") -> list[str]:
    """Return the albums that a photograph is in by now, where another change may come between."""
    for left in reversed(range(_TRIES)):
        image = client.call("GET", image_path(image_id))
        body, headers = {"albums": albums(image["albums"])}, {"If-Match": f'"{image["rev"]}"'}
        try:
            now: list[str] = client.call("PATCH", image_path(image_id), body=body, headers=headers)[
                "albums"
            ]
        except ApiProblem as problem:
            if problem.status != _CHANGED or not left:
                raise
        else:
            return now
    raise AssertionError("the last try returns or raises")


_Change = Callable[[list[str]], list[str]]
