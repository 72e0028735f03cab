"""A plain folder of photographs with a ``descriptions.txt``, divided by its file names."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from training.errors import DatasetError

DESCRIPTIONS = "descriptions.txt"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


def read(folder: Path, lines: Sequence[str]) -> dict[str, list[str]]:
    """Captions by photograph's file name, of ``name caption`` lines.

    A name may leave its suffix out; a line may end in ``#`` and a number after the name.

    Raises
    ------
    DatasetError
        For a line without a caption, a line that names no photograph of the folder, a
        photograph that no line names.
    """
    files = {path.name for path in folder.iterdir() if path.suffix.lower() in SUFFIXES}
    by_stem = {Path(name).stem: name for name in sorted(files, reverse=True)}
    by_name: dict[str, list[str]] = {}
    for number, line in enumerate(lines, 1):
        said, _, caption = line.replace("\t", " ", 1).partition(" ")
        name = said.partition("#")[0]
        if not caption.strip():
            raise DatasetError(f"{DESCRIPTIONS} line {number}: no caption after {said!r}")
        found = name if name in files else by_stem.get(name)
        if found is None:
            where = f"{DESCRIPTIONS} line {number}"
            raise DatasetError(f"{where}: a caption without a photograph: no {name!r} in {folder}")
        by_name.setdefault(found, []).append(caption.strip())
    if bare := sorted(files - set(by_name)):
        more = f" and {len(bare) - 3} more" if len(bare) > 3 else ""
        raise DatasetError(
            f"photographs without a caption: {', '.join(bare[:3])}{more}:"
            f" give each a line in {folder / DESCRIPTIONS}, or take it out of the folder"
        )
    return by_name


def share_of(name: str) -> str:
    """Give the split that a photograph belongs to: one in ten is test, one in ten dev.

    By a digest of the name, so that a photograph stays where it is when others come.
    """
    tenth = hashlib.sha256(Path(name).stem.encode()).digest()[0] % 10
    return {0: "test", 1: "dev"}.get(tenth, "train")
