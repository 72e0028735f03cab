"""The emulator's saved state as a whole: all of its files are of one moment."""

import shutil
from collections.abc import Callable
from pathlib import Path


def replace_state(state: Path, save: Callable[[Path], None]) -> None:
    """Replace the saved state by what ``save`` writes into the folder it is given.

    Killed at any moment, either all of the new files count or none does.

    Raises
    ------
    OSError
        A service that was saved before is not: the disk is full, say. The old state stands.
    """
    half = state.with_suffix(".half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir()
    save(half)
    missing = {file.name for file in state.glob("*.json")} - {file.name for file in half.iterdir()}
    if missing:
        raise OSError(f"not saved: {', '.join(sorted(missing))}")
    half.rename(_whole(state))
    finish_replacing(state)


def finish_replacing(state: Path) -> None:
    """Move a whole new state to where the old one is, which a kill may have cut short."""
    whole = _whole(state)
    if whole.is_dir():
        for file in whole.iterdir():
            file.replace(state / file.name)
        whole.rmdir()


def _whole(state: Path) -> Path:
    return state.with_suffix(".whole")
