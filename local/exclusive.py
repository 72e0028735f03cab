"""One command at a time on a stack's folder."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError


@contextmanager
def only_command(home: Path) -> Iterator[None]:
    """Keep other commands from changing what lies in a folder; a killed one keeps none.

    Raises
    ------
    LocalError
        Another one is at work on it.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as held:
            lock.seek(0)
            raise LocalError(
                f"another command (process {lock.read()}) is starting or stopping the stack in "
                f"{home}",
                "wait until it has ended, or end it; then try again",
            ) from held
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
