"""Where output goes: results to stdout, everything else to stderr.

Into a pipe every record goes as one line of fields with tabs between them; at a terminal the same
is laid out for a person.
"""

import json
import sys
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import typer
from rich.color import ColorSystem
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.style import Style


class Colour(StrEnum):
    """When colours are used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def _console(when: Colour, *, stderr: bool) -> Console:
    """Return a console that changes no name: no ``:dog:`` becomes a picture."""
    is_shown = (sys.stderr if stderr else sys.stdout).isatty()
    how: Mapping[Colour, Any] = {
        Colour.AUTO: {"color_system": "auto" if is_shown else None},  # and as NO_COLOR says
        Colour.ALWAYS: {"color_system": "standard", "no_color": False},
        Colour.NEVER: {"color_system": None},
    }
    return Console(stderr=stderr, emoji=False, highlight=False, **how[when])


console = _console(Colour.AUTO, stderr=False)
# Progress and remarks stay out of what a pipe takes up.
remarks = _console(Colour.AUTO, stderr=True)
_FIRST = Style(color="yellow")


def use_colour(when: Colour) -> None:
    """Use colours always, never, or where a terminal shows them and NO_COLOR is not set."""
    for one, is_stderr in ((console, False), (remarks, True)):
        vars(one).update(vars(_console(when, stderr=is_stderr)))  # as rich.reconfigure does


def is_terminal() -> bool:
    """Tell whether a person reads the results."""
    return console.file.isatty()


def confirm(question: str) -> None:
    """Ask on stderr, which typer.confirm leaves half to stdout; anything but a yes ends it."""
    remarks.print(f"{question} [y/N]: ", end="", markup=False)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise typer.Abort


def progress() -> Progress:
    """Return progress bars, shown only on a terminal."""
    text, bar, count = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    columns = (text, bar, count, TimeRemainingColumn())
    return Progress(*columns, console=remarks, disable=not remarks.file.isatty())


def write_json(document: Any) -> None:
    """Write one JSON document as one line."""
    typer.echo(json.dumps(document, ensure_ascii=False))


def tell(document: Any, text: str, *, as_json: bool) -> None:
    """Write one JSON document, or print what it says in words."""
    if as_json:
        write_json(document)
    else:
        console.print(text, soft_wrap=True)


def write_record(*fields: object) -> None:
    """Write one record: a line with tabs in a pipe, with blanks at a terminal.

    What would begin another line or field, or steer a terminal, becomes a blank.
    """
    first, *others = map(one_line, map(str, fields))
    if console.color_system and not console.no_color:
        first = _FIRST.render(first, color_system=ColorSystem.STANDARD)
    # At once: then a reader who has enough of it is noticed here, and not when Python ends.
    typer.echo(("  " if is_terminal() else "\t").join((first, *others)), color=True)


def one_line(text: str) -> str:
    """Return a text without anything that is not printed."""
    return "".join(character if character.isprintable() else " " for character in text)
