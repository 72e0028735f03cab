"""What a person reads, and what a script reads instead with ``--json``."""

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from image_repo.client import Json

TRAITS = {"colour": "colours", "action": "actions", "place": "places"}
"""Kinds of words that are bound to a subject, each with its plural."""
FACETS = ("subjects", *TRAITS.values(), "labels")
LEAST_GUESSED = 0.3  # the probability of a further guess beside the first
console = Console()
# Progress and remarks stay out of what a pipe takes up.
remarks = Console(stderr=True)


def progress() -> Progress:
    """Return progress bars, shown only on a terminal."""
    text, bar, count = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    columns = (text, bar, count, TimeRemainingColumn())
    return Progress(*columns, console=remarks, disable=not remarks.is_terminal)


def write_json(document: Any) -> None:
    """Write one JSON document as one line."""
    sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


def tell(document: Any, text: str, *, as_json: bool) -> None:
    """Write one JSON document, or print what it says in words."""
    if as_json:
        write_json(document)
    else:
        console.print(text)


def words(attribute: Json) -> str:
    """Return an attribute or a clause in words: "girl (pink dress) run · beach"."""
    worn = attribute.get("garments", [])
    theirs = {colour for garment in worn for colour in garment["colours"]}
    own = [colour for colour in attribute["colours"] if colour not in theirs]
    dressed = [f"({' '.join([*garment['colours'], garment['garment']])})" for garment in worn]
    places = [f"· {place}" for place in attribute["places"]]
    subject = attribute["subject"] or "anything"
    return " ".join([*own, subject, *dressed, *attribute["actions"], *places])


def told(image: Json) -> str:
    """Return what a photograph shows: its caption, else the labels as guesses, "cat?, cup?"."""
    if image["caption"]:
        return str(image["caption"]["text"])
    first, *others = image.get("labels") or [None]
    likely = [label for label in others[:1] if label["probability"] >= LEAST_GUESSED]
    return ", ".join(f"{label['word']}?" for label in (first, *likely) if label)


def taken(image: Json) -> str:
    """Return when a photograph was taken, by its camera's clock."""
    return str(image.get("taken_at") or "").replace("T", " ")


def place(position: Json | None) -> str:
    """Return degrees as map services read them: "46.948, 7.4475"."""
    return f"{position['latitude']}, {position['longitude']}" if position else ""


def show_image(image: Json) -> None:
    """Print one record."""
    console.print(f"[bold]{escape(told(image) or image['reason'] or '(no caption yet)')}[/]")
    table = Table.grid(padding=(0, 2))
    for name, value in _facts(image):
        if value:
            table.add_row(f"[dim]{name}[/]", escape(str(value)))
    console.print(table)


def _facts(image: Json) -> Iterable[tuple[str, Any]]:
    caption = image["caption"] or {}
    confidence = caption.get("confidence")
    sure = "" if confidence is None else f", confidence {confidence:.2f}"
    yield "id", image["id"]
    yield "file", image["name"]
    yield "state", image["state"]
    yield "reason", image["reason"]
    yield "caption by", caption and f"{caption.get('model') or caption['source']}{sure}"
    yield "or", "\n".join(caption.get("alternatives", ()))
    yield "attributes", "\n".join(map(words, image["attributes"]))
    yield "keywords", ", ".join(image.get("keywords", ()))
    labels = image.get("labels", ())
    yield "seen", ", ".join(f"{label['word']} {label['probability']:.0%}" for label in labels)
    yield "size", image["width"] and f"{image['width']} × {image['height']}, {image['size']} bytes"
    yield "owner", image["owner"]
    yield "taken", taken(image)
    yield "camera", image.get("camera")
    yield "position", place(image.get("position"))
    yield "added", image["created_at"]
    yield "revision", image["rev"]


def show_hits(answer: Json, *, with_dates: bool = False) -> None:
    """Print what was understood, a page of matches as a table, and the facets below it."""
    for remark in understood(answer):
        remarks.print(f"[dim]{escape(remark)}[/]", soft_wrap=True)
    if not answer["hits"]:
        console.print("Nothing found. Try fewer or other words.")
        for hint in answer.get("hints", ()):
            console.print(escape(hint["message"]), soft_wrap=True)
    else:
        console.print(_hits(answer, with_dates=with_dates))
    for name, counts in answer["facets"].items():
        values = ", ".join(f"{entry['value']} ({entry['count']})" for entry in counts[:10])
        console.print(f"[dim]{name}:[/] {escape(values)}")
    for part in answer["degraded"]:
        remarks.print(f"[yellow]left out:[/] {escape(part)}")


def understood(answer: Json) -> Iterator[str]:
    """Yield what was made of the text, a line each."""
    corrected, reading = answer.get("corrected"), answer.get("reading")
    if corrected:
        yield f"Searched for: {corrected['text']}"
    if reading:
        yield f"Understood: {' and '.join(clause['told'] for clause in reading['clauses'])}"


def _hits(answer: Json, *, with_dates: bool) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    is_explained = any(hit["explanation"] for hit in answer["hits"])
    why = ("why",) if is_explained else ()
    dates = ("taken",) if with_dates else ()
    for column in ("score", "caption", "attributes", *why, *dates, "file", "id"):
        table.add_column(column, no_wrap=column == "id", overflow="fold")
    for hit in answer["hits"]:
        image = hit["image"]
        attributes = ", ".join(map(words, image["attributes"]))
        reasons = (hit["why"] or "",) if is_explained else ()
        moments = (taken(image),) if with_dates else ()
        row = (told(image), attributes, *reasons, *moments, image["name"], image["id"])
        table.add_row(f"{hit['score']:.3f}", *map(escape, row))
    return table
