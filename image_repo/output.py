"""What is shown of photographs: a record, a list, what was found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Column, Table
from rich.text import Text

from image_repo.client import Json
from image_repo.names import shown
from image_repo.terminal import console, is_terminal, one_line, remarks, write_record

TRAITS = {"colour": "colours", "action": "actions", "place": "places"}
"""Kinds of words that are bound to a subject, each with its plural."""
FACETS = ("subjects", *TRAITS.values(), "labels")
ID_WIDTH = 36  # of an id, a UUID
LEAST_GUESSED = 0.3  # the probability of a further guess beside the first


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
    """Print one record: a line a fact."""
    text = told(image) or image["reason"] or "(no caption yet)"
    facts = [(name, line) for name, value in _facts(image) for line in str(value or "").split("\n")]
    known = [(name, line) for name, line in facts if line]
    if is_terminal():
        console.print(Text(one_line(text), "bold"))
        show_facts(known)
    else:
        show_facts([("caption", text), *known])


def show_facts(facts: Iterable[Sequence[object]]) -> None:
    """Print names with their values, or numbers with what they count."""
    if not is_terminal():
        for fact in facts:
            write_record(*fact)
        return
    grid = Table.grid(Column(style="dim"), padding=(0, 2))
    for name, value in facts:
        grid.add_row(one_line(str(name)), Text(one_line(str(value))))
    console.print(grid)


def _facts(image: Json) -> Iterable[tuple[str, Any]]:
    caption = image["caption"] or {}
    confidence = caption.get("confidence")
    sure = "" if confidence is None else f", confidence {confidence:.2f}"
    yield "id", image["id"]
    yield "file", shown(image["name"])
    yield "state", image["state"]
    yield "reason", image["reason"]
    yield "caption by", caption and f"{caption.get('model') or caption['source']}{sure}"
    yield "or", "\n".join(caption.get("alternatives", ()))
    yield "attributes", "\n".join(map(words, image["attributes"]))
    yield "keywords", ", ".join(image.get("keywords", ()))
    yield "albums", ", ".join(image.get("albums", ()))
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
    """Print what was understood, a page of matches, and the facets."""
    for remark in understood(answer):
        remarks.print(f"[dim]{escape(remark)}[/]", soft_wrap=True)
    if not answer["hits"]:
        remarks.print("Nothing found. Try fewer or other words.")
        for hint in answer.get("hints", ()):
            remarks.print(escape(hint["message"]), soft_wrap=True)
    elif is_terminal():
        console.print(hits_table(answer["hits"], with_dates=with_dates))
    else:
        for hit in answer["hits"]:
            image = hit["image"]
            further = [*([taken(image)] if with_dates else []), *_why(hit)]
            score = f"{hit['score']:.3f}"
            write_record(*_named(image), score, told(image), _attributes(image), *further)
    for name, counts in answer["facets"].items():
        values = ", ".join(f"{entry['value']} ({entry['count']})" for entry in counts[:10])
        remarks.print(f"[dim]{name}:[/] {escape(values)}", soft_wrap=True)
    for part in answer["degraded"]:
        remarks.print(f"[yellow]left out:[/] {escape(part)}", soft_wrap=True)


def understood(answer: Json) -> Iterator[str]:
    """Yield what was made of the text, a line each."""
    corrected, reading = answer.get("corrected"), answer.get("reading")
    if corrected:
        yield f"Searched for: {corrected['text']}"
    if reading:
        yield f"Understood: {' and '.join(clause['told'] for clause in reading['clauses'])}"


def hits_table(hits: Iterable[Json], *, with_dates: bool = False) -> Table:
    """Return matches for 80 columns or more: what belongs together stands in one cell."""
    table = _table("score", "caption, attributes")
    for hit in hits:
        image = hit["image"]
        dates = [taken(image)] if with_dates else []
        about = [told(image), _attributes(image), *dates, *_why(hit)]
        table.add_row(f"{hit['score']:.3f}", _stacked(about), _stacked(_named(image)[::-1]))
    return table


def images_table(images: Iterable[Json]) -> Table:
    """Return records for 80 columns or more."""
    table = _table("state, added", "caption, attributes")
    for image in images:
        text = told(image) or image["reason"] or ""
        begun = [image["state"], image["created_at"][:10]]
        about = _stacked([text, _attributes(image), taken(image)])
        table.add_row(_stacked(begun), about, _stacked(_named(image)[::-1]))
    return table


def trash_table(images: Iterable[Json], kept_until: Callable[[Json], str]) -> Table:
    """Return records in the trash, with since and until when, for 80 columns or more."""
    table = _table("trashed, until", "caption, attributes")
    for image in images:
        since = [image["trashed_at"][:10], kept_until(image)]
        about = [told(image) or image["reason"] or "", _attributes(image), taken(image)]
        table.add_row(_stacked(since), _stacked(about), _stacked(_named(image)[::-1]))
    return table


def write_image(image: Json, *further: object) -> None:
    """Write a record of a listing as a line."""
    text = told(image) or image["reason"] or ""
    dates = (image["created_at"], taken(image), *further)
    write_record(*_named(image), image["state"], text, _attributes(image), *dates)


def _table(first: str, about: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column(first, no_wrap=True)
    table.add_column(about)
    table.add_column("file, id", overflow="fold", width=ID_WIDTH)
    return table


def _stacked(lines: Sequence[str]) -> Text:
    """Return what stands one below the other in a cell, the first most visible."""
    first, *others = map(one_line, lines)
    return Text("\n").join([Text(first), *(Text(one, "dim") for one in others if one)])


def _named(image: Json) -> tuple[str, str]:
    return image["id"], shown(image["name"])


def _attributes(image: Json) -> str:
    return ", ".join(map(words, image["attributes"]))


def _why(hit: Json) -> list[str]:
    return [] if hit["explanation"] is None else [hit["why"] or ""]
