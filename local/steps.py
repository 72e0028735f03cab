"""Telling what is being done, and how long it took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

console = Console(highlight=False, soft_wrap=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Name a step before it begins, and say how long it took when it ends."""
    begin = time.monotonic()
    with console.status(f"{what} …"):
        yield
    console.print(f"[green]✓[/] {what} [dim]{time.monotonic() - begin:.1f} s[/]")


def say(what: str) -> None:
    """Print a line."""
    console.print(what)
