"""Captions that a person has called right or wrong."""

import json
from pathlib import Path
from typing import TypeAlias

from training.errors import DatasetError

Judged: TypeAlias = dict[tuple[str, str], bool]
"""Whether a caption is right, by the photograph's file name and the caption."""


def read_judged(path: Path) -> Judged:
    """Read judgements: JSON lines of ``file``, ``caption`` and ``right``.

    Raises
    ------
    DatasetError
        If the file is missing, or a line is not as it should be; the message numbers it.
    """
    if not path.is_file():
        raise DatasetError(f"missing file: {path}")
    found: Judged = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            file, caption, right = entry["file"], entry["caption"], entry["right"]
        except (ValueError, KeyError, TypeError) as damage:
            raise DatasetError(f"{path.name} line {number}: {damage!r}") from damage
        if not (isinstance(file, str) and isinstance(caption, str) and isinstance(right, bool)):
            raise DatasetError(f"{path.name} line {number}: expected a file, a caption, a boolean")
        found[file, caption] = right
    return found
