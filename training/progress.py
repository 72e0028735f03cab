"""A bar of progress on standard error."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress


@contextmanager
def bar(doing: str, total: int) -> Iterator[Callable[[int], object]]:
    """Show how much is done; what it gives is told how much more."""
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda more: progress.advance(task, more)
