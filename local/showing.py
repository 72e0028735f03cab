"""What is said of the photographs, and three searches and what they found, for a person to read."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from image_repo import Client
from image_repo.client import PAGE
from local.searches import (
    MAX_QUERY_IMAGE_BYTES,
    SHOWN,
    Known,
    clauses_of,
    right_attribute_search,
    right_image_search,
    right_text_search,
    spoken,
    telling,
)
from local.steps import console, say

STOP_WORDS = frozenset(["a", "an", "and", "are", "at", "in", "is", "of", "on", "the", "to", "with"])
LABELS_SHOWN = 2


def show_searches(client: Client, photos: Sequence[Path], known: Known) -> None:
    """Search once by text, once by attributes, once by an image.

    Parameters
    ----------
    known
        The demo's own photographs by name, of which is known what is right: only searches that
        are answered rightly are shown. Empty for photographs of a person's own.
    """
    images = list(client.pages("images", "items", {"limit": PAGE}))
    if known:
        _show_right_searches(client, photos, known, images)
        return
    described = [image for image in images if image["caption"]]
    if not described:
        say("No photograph has a caption, so there is nothing to search for.")
        return
    for title, document, image in _searches(described, photos):
        say(f"\n[bold]{title}[/]")
        _show(client.search({**document, "limit": SHOWN}, image))


def show_what_is_said(images: Sequence[Mapping[str, Any]], known: Known) -> None:
    """List what the model says of the demo's own photographs, and where it is unsure."""
    table = _table("photograph", "what the model says")
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


def _show_right_searches(
    client: Client, photos: Sequence[Path], known: Known, images: Sequence[Mapping[str, Any]]
) -> None:
    searches = {
        "text": right_text_search(client),
        "attributes": right_attribute_search(client, known, images),
        "image": right_image_search(client, known, photos),
    }
    for kind, search in searches.items():
        if search is None:
            say(f"\n[dim]No search by {kind} is shown: none is answered rightly.[/]")
        else:
            say(f"\n[bold]{search.title}[/]")
            _show(search.results)


def _searches(
    described: list[dict[str, Any]], photos: Sequence[Path]
) -> list[tuple[str, dict[str, Any], Path | None]]:
    words = _words(described[0]["caption"]["text"])
    searches: list[tuple[str, dict[str, Any], Path | None]] = [
        (f'By text: "{words}"', {"text": words, "mode": "fused"}, None)
    ]
    said = (clause for image in described for clause in clauses_of(image))
    if clause := max(said, key=telling, default=None):
        searches.append((f'By attributes: "{spoken(clause)}" as one', {"attributes": clause}, None))
    small = [photo for photo in photos if photo.stat().st_size <= MAX_QUERY_IMAGE_BYTES]
    if small:
        searches.append((f"By image: what looks like {small[0].name}", {}, small[0]))
    return searches


def _words(caption: str) -> str:
    telling = [word.strip(".,") for word in caption.lower().split()]
    return " ".join([word for word in telling if word and word not in STOP_WORDS][:2])


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
