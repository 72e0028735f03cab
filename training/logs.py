"""Lines of figures that a step leaves and prints while it goes on, and reads again."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console
from rich.progress import Progress

from training.errors import DatasetError

Entry: TypeAlias = dict[str, Any]

_KINDS = {str: "text", bool: "boolean", list: "list of texts"}


def note(log: Path, entry: Mapping[str, Any]) -> None:
    """Add a line of JSON to a log, whose folder need not be there, and print it."""
    line = json.dumps(entry)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")
    print(line, flush=True)


def read_log(path: Path) -> list[Entry]:
    """Entries of one log; none where there is no file. Raises `DatasetError` as `objects` does."""
    if not path.is_file():
        return []
    return list(objects(path.read_text(encoding="utf-8").splitlines(), path.name))


def objects(lines: Iterable[str], name: str, **fields: type) -> Iterator[Entry]:
    """Read lines of JSON objects that have these fields; a list must be one of texts.

    Raises `DatasetError` for a line that is not such an object; the message names the file and
    numbers it.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield _object(line, f"{name} line {number}", fields)


def _object(line: str, where: str, fields: Mapping[str, type]) -> Entry:
    try:
        entry = json.loads(line)
    except ValueError as damage:
        raise DatasetError(f"{where} is not JSON: {damage}") from damage
    if not isinstance(entry, dict):
        raise DatasetError(f"{where} is not a JSON object")
    for field, kind in fields.items():
        value = entry.get(field)
        texts = value if isinstance(value, list) else ()
        if not isinstance(value, kind) or not all(isinstance(text, str) for text in texts):
            raise DatasetError(f"{where}: '{field}' must be a {_KINDS[kind]}")
    return entry


@contextmanager
def bar(doing: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show how much is done; what it gives is told how much more."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda more: progress.advance(task, more)
