"""Lines of figures that a step leaves and prints while it goes on, and reads again."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from rich.console import Console
from rich.progress import Progress

from training.errors import TrainingError

Entry: TypeAlias = dict[str, Any]


def note(log: Path, entry: Mapping[str, Any]) -> None:
    """Add a line of JSON to a log, whose folder need not be there, and print it."""
    line = json.dumps(entry)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as lines:
        lines.write(line + "\n")
    print(line, flush=True)


def read_log(path: Path) -> list[Entry]:
    """Entries of one log; none where there is no file.

    Raises
    ------
    TrainingError
        For a line that is not a JSON object; the message names it.
    """
    if not path.is_file():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [_entry(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _entry(path: Path, number: int, line: str) -> Entry:
    try:
        entry = json.loads(line)
    except ValueError as damage:
        raise TrainingError(f"{path} line {number} is not JSON: {damage}") from damage
    if not isinstance(entry, dict):
        raise TrainingError(f"{path} line {number} is not a JSON object")
    return entry


@contextmanager
def bar(doing: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show how much is done; what it gives is told how much more."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda more: progress.advance(task, more)
