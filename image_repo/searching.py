"""Commands that find: by words, attributes, an image, likeness."""

from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated

import typer

from image_repo.client import PAGE, Json, image_path
from image_repo.config import AsJson, session_of
from image_repo.errors import CommandError
from image_repo.output import FACETS, TRAITS, show_hits
from image_repo.terminal import remarks, write_json

Limit = Annotated[int, typer.Option(min=1, max=100, help="How many.")]
Cursor = Annotated[str | None, typer.Option(help="Go on where the last page ended.")]
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
TakenFrom = Annotated[
    str | None,
    typer.Option(metavar="DAY|TIME", help="Taken on this day or later, by the camera's clock."),
]
TakenTo = Annotated[
    str | None,
    typer.Option(metavar="DAY|TIME", help="Taken on this day at the latest, or before this time."),
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


class Order(StrEnum):
    """Which come first, where a time orders them."""

    NEWEST = "newest"
    OLDEST = "oldest"


def search(
    context: typer.Context,
    text: Annotated[
        list[str] | None, typer.Argument(help="Words to look for; -word leaves out.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Who or what: dog.")] = None,
    colour: Annotated[list[str] | None, typer.Option(help="Its colour; again for more.")] = None,
    action: Annotated[list[str] | None, typer.Option(help="What it does; again for more.")] = None,
    place: Annotated[list[str] | None, typer.Option(help="Where it is; again for more.")] = None,
    label: Annotated[
        list[str] | None, typer.Option(help="What the model sees in it; again for more.")
    ] = None,
    image: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Looks like this file.")
    ] = None,
    crop: Crop = None,
    taken_from: TakenFrom = None,
    taken_to: TakenTo = None,
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
    everything: Annotated[bool, typer.Option("--all", help="Every match, not a page.")] = False,
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
    if unknown := next((word for word in text or () if word.startswith("--")), None):
        raise typer.BadParameter(f"there is no option {unknown}")
    if crop and not image:
        raise CommandError("--crop is a part of the image that --image names")
    document: Json = {"limit": PAGE if everything else limit}
    bound = zip(TRAITS.values(), (colour, action, place), strict=True)
    clause = {"subject": subject, **dict(bound)}
    given = {name: value for name, value in clause.items() if value}
    filters = {"labels": label, "taken_from": taken_from, "taken_to": taken_to}
    optional = {
        "text": " ".join(text or ()),
        "mode": mode,
        "min_relevance": min_relevance,
        "unlike": unlike,
        "collapse": "near_duplicates" if collapse else None,
        "explain": explain,
        "crop": _box(crop) if crop else None,
        "weights": dict(map(_weight, weight or ())),
        "attributes": given,
        "filters": {name: value for name, value in filters.items() if value},
        "sort": sort,
        "order": order,
        "cursor": cursor,
        "facets": [*FACETS] if facets else [],
    }
    document |= {name: value for name, value in optional.items() if value}
    with session_of(context).client() as client:
        answer = client.search(document, image)
        while everything and answer["cursor"]:
            page = client.search(document | {"cursor": answer["cursor"]}, image)
            answer |= {"hits": answer["hits"] + page["hits"], "cursor": page["cursor"]}
    _tell(answer, as_json=as_json, with_dates=sort is Sort.TAKEN)


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
        "limit": limit,
        "cursor": cursor,
    }
    with session_of(context).client() as client:
        answer = client.call("GET", f"{image_path(image_id)}/similar", query=query)
    _tell(answer, as_json=as_json)


def _tell(answer: Json, *, as_json: bool, with_dates: bool = False) -> None:
    if as_json:
        write_json(answer)
        return
    show_hits(answer, with_dates=with_dates)
    if answer["cursor"]:
        remarks.print(f"[dim]There are more: --cursor {answer['cursor']}[/]", soft_wrap=True)
