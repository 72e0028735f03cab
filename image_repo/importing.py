"""A folder of photographs with its ``descriptions.txt``, checked line by line."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from image_repo.errors import CommandError
from image_repo.uploading import Photograph
from image_repo_formats import CONTENT_TYPES
from image_repo_formats.captions import DEFAULT_NAME, first_captions, names, read
from image_repo_formats.entries import CaptionFileError, Entry, UnreadableLine


@dataclass(frozen=True, slots=True)
class Folder:
    """Photographs with their captions, how many these are, and faulty lines by number."""

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
    captions: dict[str, str] = {}
    problems = []
    for line in _lines(folder / DEFAULT_NAME):
        if isinstance(line, UnreadableLine):
            problems.append((line.number, line.reason))
        elif found := next((name for name in names(line.name) if name in files), None):
            captions[found] = line.caption or ""
        else:
            problems.append((line.number, f"there is no photograph '{line.name}' in the folder"))
    photographs = tuple(Photograph(path, captions.get(name)) for name, path in files.items())
    return Folder(photographs, len(captions), tuple(problems))


def _lines(path: Path) -> Iterator[Entry]:
    if path.exists():
        with path.open("rb") as lines:
            try:
                yield from first_captions(read(lines, path.name).entries)
            except CaptionFileError as error:
                raise CommandError(f"{path}: {error.reason}") from error


def resume_log_path(folder: Path, url: str) -> Path:
    """Return where an import of this folder into this repository remembers how far it is."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "image-repo"
    cache.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(f"{url}|{folder.resolve()}".encode()).hexdigest()[:16]
    return cache / f"import-{name}.jsonl"
