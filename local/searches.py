"""What the demo shows: what is said of the photographs, and three searches and what they found.

Of the demo's own photographs (`local.photographs`) it was judged by looking what is right: only
searches whose answers are right are shown. A model that sees better has more to show, and one that
is wrong is not shown off.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from chalicelib.attributes.dictionary import STOP_WORDS
from chalicelib.attributes.kinds import in_words
from chalicelib.images import Attribute
from chalicelib.search.text import words_of
from image_repo import Client
from local.photographs import DemoPhotograph
from local.steps import console, say

SHOWN = 5
LABELS_SHOWN = 2
MAX_QUERY_IMAGE_BYTES = 4_000_000

# What is asked, and the photographs that answer it.
TEXTS: Mapping[str, Collection[str]] = {
    "a cat lying down": ("tabby_cat.jpg", "persian_cat.jpg", "cat_and_mug.jpg"),
    "cats": (
        "tabby_cat.jpg", "egyptian_cat.jpg", "persian_cat.jpg", "siamese_cat.jpg",
        "cat_and_mug.jpg", "chelsea.png",
    ),
    "a red motorcycle": ("motorcycle.png",),
    "parrots": ("macaws.png",),
    "a cup of coffee": ("coffee.png",),
    "a flower": ("flower.jpg",),
    "a rocket at night": ("rocket.jpg",),
    "a monkey": ("macaque.jpg",),
    "tall buildings": ("city_at_night.png", "china.jpg"),
    "a man with a camera": ("camera.png",),
    "a woman in uniform": ("officer.jpg", "astronaut.png"),
}  # fmt: skip

Known = Mapping[str, DemoPhotograph]


@dataclass(frozen=True, slots=True)
class JudgedSearch:
    """One search and what the API answered.

    ``right`` is the R-precision: with r right photographs, the share of them among the first r of
    the answer; 0 where its very first is wrong, or nothing is known to be right.
    """

    title: str
    results: Mapping[str, Any]
    right: float


def show_searches(
    client: Client, images: Sequence[Mapping[str, Any]], photos: Sequence[Path], known: Known
) -> None:
    """Search once by text, once by attributes, once by an image.

    Parameters
    ----------
    images
        Records of all photographs.
    photos
        Files to search by.
    known
        The demo's own photographs by name; empty for photographs of a person's own.
    """
    described = [image for image in images if image["caption"]]
    searches: Mapping[str, JudgedSearch | None]
    if known:
        searches = {
            "text": right_text_search(client),
            "attributes": right_attribute_search(client, known, images),
            "image": right_image_search(client, known, photos),
        }
    elif described:
        searches = dict(_any_searches(client, described, photos))
    else:
        say("No photograph has a caption, so there is nothing to search for.")
        return
    for kind, search in searches.items():
        if search is None:
            say(f"\n[dim]No search by {kind} is shown: none is answered rightly.[/]")
        else:
            say(f"\n[bold]{search.title}[/]")
            _show(search.results)


def show_what_is_said(images: Sequence[Mapping[str, Any]], known: Known) -> None:
    """List what is said of the demo's own photographs, and where it is unsure."""
    table = _table("photograph", "what is said of it")
    for image in sorted(images, key=lambda image: str(image["name"])):
        if image["name"] in known:
            table.add_row(image["name"], told(image))
    console.print(table)


def told(image: Mapping[str, Any]) -> str:
    """Return what is said of a photograph: its caption, else its likeliest labels as a question."""
    if caption := image["caption"]:
        doubt = ", unsure" if image["state"] == "needs_review" else ""
        return f"{escape(caption['text'])} [dim]({caption['source']}{doubt})[/]"
    labels = [f"{escape(label['word'])}?" for label in image.get("labels", [])[:LABELS_SHOWN]]
    return f"[yellow]unsure: {' '.join(labels)}[/]" if labels else "[dim]none[/]"


def right_text_search(
    client: Client, texts: Mapping[str, Collection[str]] = TEXTS
) -> JudgedSearch | None:
    """Return the text search with the most right answer, if the answer of any begins right."""
    return _best(_by_text(client, text, right) for text, right in texts.items())


def right_attribute_search(
    client: Client, known: Known, images: Iterable[Mapping[str, Any]]
) -> JudgedSearch | None:
    """Return the search by a subject with its colours and actions that is right, if any is.

    Parameters
    ----------
    images
        Records of photographs: what is said of them is asked for, where it is true.
    """
    clauses = (
        clause
        for image in images
        if image["name"] in known
        for clause in _clauses_of(image)
        if is_true(clause, known[image["name"]])
    )
    asked = (
        _by_attributes(client, clause, [name for name in known if is_true(clause, known[name])])
        for clause in sorted(clauses, key=_telling, reverse=True)
    )
    return next((search for search in asked if search.right), None)


def right_image_search(client: Client, known: Known, photos: Sequence[Path]) -> JudgedSearch | None:
    """Return the search by a photograph that finds others of the same thing best, if any does."""
    return _best(
        _by_image(
            client,
            photo,
            [name for name in known if known[name].shows[0] == known[photo.name].shows[0]],
        )
        for photo in photos
        if photo.name in known and photo.stat().st_size <= MAX_QUERY_IMAGE_BYTES
    )


def is_true(clause: Mapping[str, Any], photograph: DemoPhotograph) -> bool:
    """Tell whether a photograph shows a subject with these colours and actions."""
    return (
        clause["subject"] in photograph.shows
        and photograph.colours.issuperset(clause["colours"])
        and photograph.actions.issuperset(clause["actions"])
    )


def _any_searches(
    client: Client, described: Sequence[Mapping[str, Any]], photos: Sequence[Path]
) -> Iterator[tuple[str, JudgedSearch]]:
    """Yield a search of each kind for photographs of which nothing is known."""
    words = words_of(described[0]["caption"]["text"])
    yield "text", _by_text(client, " ".join([w for w in words if w not in STOP_WORDS][:2]))
    clauses = [clause for image in described for clause in _clauses_of(image)]
    if clauses:
        yield "attributes", _by_attributes(client, max(clauses, key=_telling))
    for photo in [one for one in photos if one.stat().st_size <= MAX_QUERY_IMAGE_BYTES][:1]:
        yield "image", _by_image(client, photo)


def _clauses_of(image: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what can be asked for by a photograph's attributes: a colour and an action at most."""
    for attribute in image["attributes"]:
        yield {
            "subject": attribute["subject"],
            "colours": attribute["colours"][:1],
            "actions": attribute["actions"][:1],
        }


def _telling(clause: Mapping[str, Any]) -> int:
    """Return how much a clause says beside its subject."""
    return len(clause["colours"]) + len(clause["actions"])


def _by_text(client: Client, text: str, right: Collection[str] = ()) -> JudgedSearch:
    return _asked(client, f'By text: "{text}"', {"text": text, "mode": "fused"}, right)


def _by_attributes(
    client: Client, clause: Mapping[str, Any], right: Collection[str] = ()
) -> JudgedSearch:
    colours, actions = tuple(clause["colours"]), tuple(clause["actions"])
    told = in_words(Attribute(clause["subject"], colours, actions))
    title = f"By attributes: {told}"
    return _asked(client, title, {"attributes": clause}, right)


def _by_image(client: Client, photo: Path, right: Collection[str] = ()) -> JudgedSearch:
    return _asked(client, f"By image: what looks like {photo.name}", {}, right, photo)


def _asked(
    client: Client,
    title: str,
    document: Mapping[str, Any],
    right: Collection[str],
    image: Path | None = None,
) -> JudgedSearch:
    """Ask, and judge the answer, in which the photograph that was searched by does not count."""
    results = client.search({**document, "limit": SHOWN}, image)
    besides = image.name if image else None
    found = [hit["image"]["name"] for hit in results["hits"] if hit["image"]["name"] != besides]
    wanted = set(right) - {besides}
    first = found[: len(wanted)]
    begins_right = bool(first) and first[0] in wanted
    share = len(wanted.intersection(first)) / min(len(wanted), SHOWN) if begins_right else 0.0
    return JudgedSearch(title, results, share)


def _best(searches: Iterable[JudgedSearch]) -> JudgedSearch | None:
    best = max(searches, key=lambda search: search.right, default=None)
    return best if best is not None and best.right else None


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2), show_header=True, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _show(results: Mapping[str, Any]) -> None:
    table = _table("score", "photograph", "what is said of it")
    for hit in results["hits"]:
        table.add_row(f"{hit['score']:.3f}", hit["image"]["name"], told(hit["image"]))
    console.print(table)
    for part in results["degraded"]:
        say(f"  [yellow]{part}[/]")
