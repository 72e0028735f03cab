"""What lies in a folder: photographs, told by their contents, and everything else by its kind."""

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice
from pathlib import Path

from image_repo.names import counted, is_text, shown
from image_repo_formats.sniffing import HEAD_BYTES, media_type

TAKEN = "JPEG, PNG, WebP, GIF, HEIC, AVIF, TIFF"
MOST_COUNTED = 1_000
# What systems put into every folder; nobody's photograph, so that nobody misses it.
SYSTEM_FILES = frozenset({".ds_store", ".localized", "thumbs.db", "ehthumbs.db", "desktop.ini"})


class Kind(StrEnum):
    """Why a file was left out."""

    HIDDEN = "hidden file"
    FOLDER = "folder"
    SIDECAR = "sidecar"
    FILM = "film"
    RAW = "RAW file"
    DOCUMENT = "document"
    EMPTY = "empty file"
    UNREADABLE = "unreadable file"
    NAME = "unreadable name"
    UNKNOWN = "unknown file"


_REASONS = {
    Kind.HIDDEN: "is hidden, as the ._ files of macOS are",
    Kind.SIDECAR: "is a sidecar that tells nothing of a photograph here",
    Kind.FILM: "is a film",
    Kind.RAW: "is a RAW file, which has to be developed first",
    Kind.DOCUMENT: "is a document",
    Kind.EMPTY: "is empty",
    Kind.NAME: "has a name that is not UTF-8: rename it",
    Kind.UNKNOWN: f"is no photograph ({TAKEN})",
}
# A file of captions may be any of these by its contents.
_TEXTS = frozenset({Kind.SIDECAR, Kind.DOCUMENT, Kind.UNKNOWN, Kind.EMPTY})
_EXTENSIONS = {
    Kind.SIDECAR: ".xmp .aae .thm",
    Kind.FILM: ".mov .mp4 .m4v .avi .mts .m2ts .3gp .mkv .webm .mpg .mpeg .wmv",
    Kind.RAW: ".cr2 .cr3 .crw .nef .nrw .arw .srf .sr2 .dng .raf .orf .rw2 .pef .srw .3fr .iiq",
    Kind.DOCUMENT: ".txt .md .pdf .doc .docx .odt .rtf .xls .xlsx .csv .json .jsonl .html .xml",
}
_BY_EXTENSION = {
    extension: kind for kind, extensions in _EXTENSIONS.items() for extension in extensions.split()
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file or folder that is not taken, by its path in the folder, and why."""

    file: str
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What lies in a folder.

    Attributes
    ----------
    top
        The folder.
    photographs, texts
        Files to be uploaded, and those that describe them, in the order of their paths.
    left_out
        Everything else, but for ``SYSTEM_FILES``.
    """

    top: Path
    photographs: tuple[Path, ...]
    texts: tuple[Path, ...]
    left_out: tuple[LeftOut, ...]


def look_through(
    top: Path,
    *,
    is_text_file: Callable[[str], bool],
    listed: Collection[str] = (),
    is_recursive: bool = False,
) -> Contents:
    """Look through a folder, with its subfolders where that is asked for.

    Parameters
    ----------
    is_text_file
        Tells by its name whether a file describes photographs.
    listed
        Names of files in ``top`` that are taken whatever they are.
    """
    search = _Search(top, is_text_file, listed, is_recursive)
    search.enter(top, top.stat())
    return Contents(top, tuple(search.photographs), tuple(search.texts), tuple(search.left_out))


def left_out(path: Path, top: Path, kind: Kind, reason: str | None = None) -> LeftOut:
    """Return how a file that is not taken is reported."""
    return LeftOut(shown(path.relative_to(top)), kind, reason or _REASONS[kind])


@dataclass
class _Search:
    top: Path
    is_text_file: Callable[[str], bool]
    listed: Collection[str]
    is_recursive: bool
    photographs: list[Path] = field(default_factory=list)
    texts: list[Path] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    _entered: set[tuple[int, int]] = field(default_factory=set)

    def enter(self, folder: Path, status: os.stat_result) -> None:
        self._entered.add((status.st_dev, status.st_ino))
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            self._leave(folder, Kind.UNREADABLE, _unreadable(error))
            return
        for entry in entries:
            self._look_at(entry)

    def _look_at(self, path: Path) -> None:
        if path.name.lower() in SYSTEM_FILES:
            return
        try:
            status = path.stat()
            if stat.S_ISDIR(status.st_mode):
                self._look_into(path, status)
            else:
                self._take(path, status)
        except OSError as error:
            self._leave(path, Kind.UNREADABLE, _unreadable(error))

    def _look_into(self, folder: Path, status: os.stat_result) -> None:
        is_hidden = folder.name.startswith(".")
        if self.is_recursive and not is_hidden:
            if (status.st_dev, status.st_ino) in self._entered:
                self._leave(folder, Kind.FOLDER, "leads to a folder that is looked through already")
            else:
                self.enter(folder, status)
        elif count := _count(folder):
            holds = f"{'is hidden and ' if is_hidden else ''}holds {count}"
            remedy = "" if is_hidden else ": 'image-repo import --recursive' takes subfolders"
            self._leave(folder, Kind.FOLDER, holds + remedy)

    def _take(self, path: Path, status: os.stat_result) -> None:
        is_listed = path.parent == self.top and path.name in self.listed
        kind = None if is_listed and status.st_size else _kind(path, status)
        if kind is None:
            self.photographs.append(path)
        elif kind in _TEXTS and self.is_text_file(path.name):
            self.texts.append(path)
        else:
            self._leave(path, kind)

    def _leave(self, path: Path, kind: Kind, reason: str | None = None) -> None:
        self.left_out.append(left_out(path, self.top, kind, reason))


def _kind(path: Path, status: os.stat_result) -> Kind | None:
    """Return why a file is left out; None for a photograph."""
    if path.name.startswith("."):
        return Kind.HIDDEN
    if not stat.S_ISREG(status.st_mode):
        return Kind.UNKNOWN  # to open a pipe would wait for its other end
    if not status.st_size:
        return Kind.EMPTY
    told = _media_type(path)
    by_extension = _BY_EXTENSION.get(path.suffix.lower(), Kind.UNKNOWN)
    # RAW files are TIFF by their first bytes.
    if told is None or (told == "image/tiff" and by_extension is Kind.RAW):
        return by_extension
    return None if is_text(path.name) else Kind.NAME


def _media_type(path: Path) -> str | None:
    with path.open("rb") as file:
        return media_type(file.read(HEAD_BYTES))


def _count(folder: Path) -> str:
    """Return how many photographs a folder holds, in words; nothing where there are none.

    Raises
    ------
    OSError
        None can be seen, and something in it cannot be looked into.
    """
    closed: list[OSError] = []
    walk = os.walk(folder, onerror=closed.append)
    files = (Path(there) / name for there, _, names in walk for name in names)
    count = sum(1 for _ in islice(filter(_is_photograph, files), MOST_COUNTED + 1))
    if closed and not count:
        raise closed[0]
    if count > MOST_COUNTED:
        return f"more than {MOST_COUNTED} photographs"
    return counted(count, "photograph") if count else ""


def _is_photograph(path: Path) -> bool:
    try:
        return _kind(path, path.stat()) is None
    except OSError:
        return False


def _unreadable(error: OSError) -> str:
    return f"cannot be read: {error.strerror or error}"
