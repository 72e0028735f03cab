"""Three searches and what they found, for a person to read."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from local.gateway import Gateway
from local.steps import console, say

SHOWN = 5
MAX_QUERY_IMAGE_BYTES = 4_000_000
STOP_WORDS = frozenset(["a", "an", "and", "are", "at", "in", "is", "of", "on", "the", "to", "with"])


def show_searches(gateway: Gateway, photos: list[Path]) -> None:
    """Search once by text, once by attributes, once by an image."""
    described = [image for image in gateway.images() if image["caption"]]
    if not described:
        say("No photograph has a caption, so there is nothing to search for.")
        return
    for title, document in _searches(described, photos):
        say(f"\n[bold]{title}[/]")
        _show(gateway.search({**document, "limit": SHOWN}))


def _searches(
    described: list[dict[str, Any]], photos: list[Path]
) -> list[tuple[str, dict[str, Any]]]:
    words = _words(described[0]["caption"]["text"])
    searches: list[tuple[str, dict[str, Any]]] = [
        (f'By text: "{words}"', {"text": words, "mode": "fused"})
    ]
    clause = _telling_clause(described)
    if clause:
        spoken = " ".join([*clause.get("colours", []), clause["subject"], *clause["actions"]])
        searches.append((f'By attributes: "{spoken}" as one', {"attributes": clause}))
    small = [photo for photo in photos if photo.stat().st_size <= MAX_QUERY_IMAGE_BYTES]
    if small:
        picture = base64.b64encode(small[0].read_bytes()).decode()
        searches.append((f"By image: what looks like {small[0].name}", {"image": picture}))
    return searches


def _words(caption: str) -> str:
    """Return the two first words of a caption that say something."""
    telling = [word.strip(".,") for word in caption.lower().split()]
    return " ".join([word for word in telling if word and word not in STOP_WORDS][:2])


def _telling_clause(described: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the attribute that says most: a subject with a colour and an action, if any has."""
    attributes = [attribute for image in described for attribute in image["attributes"]]
    if not attributes:
        return None
    best = max(attributes, key=lambda a: (bool(a["colours"]) + bool(a["actions"]), a["subject"]))
    return {
        "subject": best["subject"],
        "colours": best["colours"][:1],
        "actions": best["actions"][:1],
    }


def _show(results: Mapping[str, Any]) -> None:
    table = Table(box=None, padding=(0, 2), show_header=True, header_style="dim")
    for column in ("score", "photograph", "caption"):
        table.add_column(column, overflow="fold")
    for hit in results["hits"]:
        image = hit["image"]
        caption = image["caption"]
        told = f"{caption['text']} [dim]({caption['source']})[/]" if caption else "[dim]none[/]"
        table.add_row(f"{hit['score']:.3f}", image["name"], told)
    console.print(table)
    for part in results["degraded"]:
        say(f"  [yellow]{part}[/]")
