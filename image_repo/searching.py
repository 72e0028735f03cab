"""Commands that find: by words, attributes, an image, likeness."""

from collections.abc import Callable
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from image_repo.client import PAGE, Json, image_path
from image_repo.config import AsJson, session_of
from image_repo.errors import CommandError
from image_repo.filters import (
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
from image_repo.output import FACETS, show_hits
from image_repo.terminal import remarks, write_json

Limit = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Cursor = Annotated[str | None, typer.Option(help="Go on where the last page ended.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them, not a page.")]
Crop = Annotated[
    str | None, typer.Option(help="Only this part: x,y,width,height as fractions, 0 to 1.")
]
MinRelevance = Annotated[
    str | None,
    typer.Option(metavar="SHARE|auto", help="Least share of the best score; 0 shows everything."),
]
Unlike = Annotated[
    list[str] | None,
    typer.Option(metavar="ID", help="Leave out what looks like this photograph; again for more."),
]
Collapse = Annotated[
    bool, typer.Option("--collapse", help="Of near duplicates, show the best match only.")
]
Explain = Annotated[bool, typer.Option("--explain", help="Say why each was found.")]


class Mode(StrEnum):
    """What the text is matched with."""

    WORDS = "words"
    MEANING = "meaning"
    FUSED = "fused"


class Sort(StrEnum):
    """What orders the matches."""

    RELEVANCE = "relevance"
    ADDED = "added"
    TAKEN = "taken"


def search(
    context: typer.Context,
    text: Annotated[
        list[str] | None, typer.Argument(help="Words to look for; -word leaves out.")
    ] = None,
    subject: Subject = None,
    colour: OfColour = None,
    action: Action = None,
    place: Place = None,
    label: Label = None,
    album: InAlbum = None,
    state: InState = None,
    source: BySource = None,
    added_from: AddedFrom = None,
    added_to: AddedTo = None,
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
    owner: OfOwner = None,
    image: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Looks like this file.")
    ] = None,
    crop: Crop = None,
    sort: Annotated[
        Sort | None, typer.Option(help="What orders the matches; what has no date is last.")
    ] = None,
    order: Annotated[
        Order | None, typer.Option(help="With --sort added or taken: which come first.")
    ] = None,
    mode: Annotated[
        Mode | None,
        typer.Option(help="How the text is matched; by words and meaning if not given."),
    ] = None,
    min_relevance: MinRelevance = None,
    unlike: Unlike = None,
    collapse: Collapse = False,
    explain: Explain = False,
    weight: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PART=N",
            help="Of words, labels, name, likely, meaning, attributes, image, trust.",
        ),
    ] = None,
    facets: Annotated[bool, typer.Option("--facets", help="Count what the matches hold.")] = False,
    limit: Limit = 20,
    everything: Everything = False,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """Search by words, by attributes, by an image, or all at once.

    Attributes are a subject with what is bound to it. For example:

    image-repo search boy in a red shirt

    image-repo search --subject dog --colour brown --action run --place beach

    image-repo search --image holiday.jpg --crop 0,0,0.5,1

    image-repo search dogs in the snow --explain --collapse --weight words=2

    image-repo search dog -cat

    image-repo search beach --taken-from 2023-06-01 --taken-to 2023-08-31 --sort taken
    """
    if "-h" in (text or ()):
        typer.echo(context.get_help())
        return
    if unknown := next((word for word in text or () if word.startswith("--")), None):
        raise typer.BadParameter(f"there is no option {unknown}")
    if crop and not image:
        raise CommandError("--crop is a part of the image that --image names")
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
    optional = {
        "text": " ".join(text or ()),
        "mode": mode,
        "min_relevance": min_relevance,
        "unlike": unlike,
        "collapse": "near_duplicates" if collapse else None,
        "explain": explain,
        "crop": _box(crop) if crop else None,
        "weights": dict(map(_weight, weight or ())),
        "owner": owner,
        "sort": sort,
        "order": order,
        "facets": [*FACETS] if facets else [],
    }
    given = {name: value for name, value in optional.items() if value}
    document = {"limit": PAGE if everything else limit, **narrowing.document(), **given}
    with session_of(context).client() as client:

        def ask(page: Json) -> Json:
            return client.search(document | page, image)

        _tell(_answer(ask, cursor, everything), as_json=as_json, with_dates=sort is Sort.TAKEN)


def _answer(ask: Callable[[Json], Json], cursor: str | None, everything: bool) -> Json:
    """Return a page of matches, or all that follow, as one answer."""
    answer = ask({"cursor": cursor} if cursor else {})
    while everything and answer["cursor"]:
        page = ask({"cursor": answer["cursor"]})
        answer |= {"hits": answer["hits"] + page["hits"], "cursor": page["cursor"]}
    return answer


def _number(text: str) -> float:
    if not isfinite(number := float(text)):
        raise ValueError(text)
    return number


def _weight(given: str) -> tuple[str, float]:
    part, _, number = given.partition("=")
    try:
        return part, _number(number)
    except ValueError as error:
        raise CommandError(f"--weight {given}: must be a part and a number, as words=2") from error


def _box(crop: str) -> dict[str, float]:
    try:
        x, y, width, height = map(_number, crop.split(","))
    except ValueError as error:
        raise CommandError(f"--crop {crop}: must be x,y,width,height, as 0,0,0.5,1") from error
    return {"x": x, "y": y, "width": width, "height": height}


def similar(
    context: typer.Context,
    image_id: Annotated[str, typer.Argument()],
    crop: Crop = None,
    min_relevance: MinRelevance = None,
    unlike: Unlike = None,
    collapse: Collapse = False,
    explain: Explain = False,
    limit: Limit = 20,
    everything: Everything = False,
    cursor: Cursor = None,
    as_json: AsJson = False,
) -> None:
    """Find photographs that look like one in the repository.

    With --crop, like a part of it.
    """
    query = {
        "crop": crop,
        "min_relevance": min_relevance,
        "unlike": ",".join(unlike or ()),
        "collapse": "near_duplicates" if collapse else None,
        "explain": "true" if explain else None,
        "limit": PAGE if everything else limit,
    }
    path = f"{image_path(image_id)}/similar"
    with session_of(context).client() as client:

        def ask(page: Json) -> Json:
            return client.call("GET", path, query=query | page)

        _tell(_answer(ask, cursor, everything), as_json=as_json)


def _tell(answer: Json, *, as_json: bool, with_dates: bool = False) -> None:
    if as_json:
        write_json(answer)
        return
    show_hits(answer, with_dates=with_dates)
    tell_more(answer)


def tell_more(answer: Json) -> None:
    """Say how to go on behind a page."""
    if answer["cursor"]:
        remarks.print(f"[dim]There are more: --cursor {answer['cursor']}[/]", soft_wrap=True)
