"""A folder of photographs with its ``descriptions.txt``, checked line by line."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from image_repo.errors import CommandError
from image_repo.uploading import Photograph
from image_repo_formats import CONTENT_TYPES
from image_repo_formats.descriptions import FILE_NAME, Line, UnreadableLine, names, parse


@dataclass(frozen=True, slots=True)
class Folder:
    """What a folder holds.

    Attributes
    ----------
    photographs
        By name, each with its caption if the descriptions have one.
    described
        How many captions were found.
    problems
        Line number and what is wrong with it.
    """

    photographs: tuple[Photograph, ...]
    described: int
    problems: tuple[tuple[int, str], ...]


def read_folder(folder: Path) -> Folder:
    """Read a folder of photographs.

    Raises
    ------
    CommandError
        It is no folder, or there is no photograph in it.
    """
    if not folder.is_dir():
        raise CommandError(f"{folder} is no folder")
    files = {
        path.name: path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in CONTENT_TYPES and path.is_file()
    }
    if not files:
        raise CommandError(f"{folder} holds no photographs ({', '.join(sorted(CONTENT_TYPES))})")
    captions, problems = _captions(folder / FILE_NAME, files)
    photographs = tuple(Photograph(path, captions.get(name)) for name, path in files.items())
    return Folder(photographs, len(captions), tuple(problems))


def _captions(
    path: Path, files: Mapping[str, Path]
) -> tuple[dict[str, str], list[tuple[int, str]]]:
    captions: dict[str, str] = {}
    problems: list[tuple[int, str]] = []
    if not path.exists():
        return captions, problems
    with path.open("rb") as lines:
        for entry in parse(lines):
            problem = _take(entry, files, captions)
            if problem:
                problems.append((entry.number, problem))
    return captions, problems


def _take(
    entry: Line | UnreadableLine, files: Mapping[str, Path], captions: dict[str, str]
) -> str | None:
    if isinstance(entry, UnreadableLine):
        return entry.reason
    found = next((name for name in names(entry.name) if name in files), None)
    if found is None:
        return f"there is no photograph '{entry.name}' in the folder"
    captions[found] = entry.caption
    return None


def resume_log_path(folder: Path, url: str, cache: Path) -> Path:
    """Return where an import of this folder into this repository remembers how far it is."""
    told = f"{url}|{folder.resolve()}"
    name = hashlib.sha256(told.encode()).hexdigest()[:16]
    cache.mkdir(parents=True, exist_ok=True)
    return cache / f"import-{name}.jsonl"
