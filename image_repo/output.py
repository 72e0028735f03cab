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
    yield "added", image["created_at"]
    yield "revision", image["rev"]


def show_hits(answer: Json) -> None:
    """Print what was understood, a page of matches as a table, and the facets below it."""
    for remark in understood(answer):
        remarks.print(f"[dim]{escape(remark)}[/]", soft_wrap=True)
    if not answer["hits"]:
        console.print("Nothing found. Try fewer or other words.")
    else:
        console.print(_hits(answer))
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
        clauses = " and ".join(map(words, reading["clauses"]))
        if reading["applied"]:
            rest = f", and the words: {reading['rest']}" if reading["rest"] else ""
            yield f"Understood: {clauses}{rest} (--as-words looks for the words only)"
        else:
            yield f"Found by words and meaning; could be read as: {clauses}"


def _hits(answer: Json) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    is_explained = any(hit["explanation"] for hit in answer["hits"])
    why = ("why",) if is_explained else ()
    for column in ("score", "caption", "attributes", *why, "file", "id"):
        table.add_column(column, no_wrap=column == "id", overflow="fold")
    for hit in answer["hits"]:
        image = hit["image"]
        attributes = ", ".join(map(words, image["attributes"]))
        reasons = (reason(hit["explanation"]),) if is_explained else ()
        row = (told(image), attributes, *reasons, image["name"], image["id"])
        table.add_row(f"{hit['score']:.3f}", *map(escape, row))
    return table


def reason(explanation: list[Json] | None) -> str:
    """Return why a photograph was found: "meaning 0.52, words 0.25 (dog, snow)"."""
    parts = []
    for part in explanation or ():
        terms = f" ({', '.join(part['terms'])})" if part["terms"] else ""
        parts.append(f"{part['part']} {part['share']:.2f}{terms}")
    return ", ".join(parts)
