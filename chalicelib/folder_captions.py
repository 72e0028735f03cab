"""Which files of captions a folder of the bucket has, and what they say of a photograph.

A folder's files are entered in a register under ``imports/folders/`` when they land, before their
captions are applied; a photograph's record is saved before the register is read. Whichever comes
last sees the other, for one small read where a folder has none: to list the bucket for every
photograph would cost more, and could not find files by their endings.
"""

import io
import json
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import islice
from threading import Lock
from uuid import NAMESPACE_URL, uuid5

from chalicelib.errors import PayloadTooLarge
from chalicelib.names import IMPORTS, UPLOADS
from chalicelib.storage import Storage, StoredObject
from image_repo_formats import xmp
from image_repo_formats.captions import (
    CaptionFile,
    first_captions,
    is_sidecar,
    named_by,
    rank,
    read,
    sidecar_names,
)
from image_repo_formats.entries import CaptionFileError, Entry, Line, UnreadableLine

MAX_CAPTION_FILE_BYTES = 100_000_000
_REGISTER = f"{IMPORTS}folders/"
_MAX_ENTRY_BYTES = 10_000
_MAX_KEPT_CHARS = 200_000_000
_LINE_CHARS = 500  # as many as a line's objects take beside its text
_ANY_SIDECAR = "*.xmp"
_NONE = (None, None)


@dataclass(frozen=True, slots=True)
class Registered:
    """An entry of the register; all sidecars of a folder are one.

    Attributes
    ----------
    etag
        Of the file when it was entered; None for sidecars, and where it was gone.
    encoding
        The one that somebody named for this content.
    """

    key: str
    etag: str | None = None
    encoding: str | None = None

    @property
    def name(self) -> str:
        """The file's name."""
        return self.key.rpartition("/")[2]

    @property
    def is_sidecars(self) -> bool:
        """True for the entry that stands for the folder's sidecars."""
        return self.name == _ANY_SIDECAR


@dataclass(frozen=True, slots=True)
class Described:
    """What a folder's files say of a photograph, and which one gave the caption."""

    caption: str | None
    keywords: tuple[str, ...]
    source: str | None


class _Gone(CaptionFileError):
    pass


def is_caption_file(key: str) -> bool:
    """Return whether an upload is a file of captions and not a photograph."""
    return key.startswith(UPLOADS) and rank(key.rpartition("/")[2]) is not None


class FolderCaptions:
    """The register of caption files, and what is in them.

    Parameters
    ----------
    max_kept_chars
        Of captions that are kept in memory, those of the last file apart.
    lock
        Makes what lets one thread at a time read a file.
    """

    def __init__(
        self,
        storage: Storage,
        *,
        max_kept_chars: int = _MAX_KEPT_CHARS,
        lock: Callable[[], AbstractContextManager[object]] = Lock,
    ) -> None:
        self._storage = storage
        self._max_kept_chars = max_kept_chars
        self._entry = lru_cache(maxsize=100)(self._read_entry)
        self._kept: dict[Registered, Mapping[str, Line]] = {}
        self._one_at_a_time = lock()

    def register(self, key: str, encoding: str | None = None) -> None:
        """Enter a file of captions that was stored, replaced or deleted.

        ``encoding`` is what somebody says of it, and holds until its content changes.
        """
        # Where it was replaced meanwhile, whoever entered the newer one may have been quicker.
        while self._enter(key, encoding) != self._seen(key).etag:
            pass

    def _enter(self, key: str, encoding: str | None) -> str | None:
        former, entry = self._registered(_entry_key(key)), self._seen(key, encoding)
        if former and former.etag == entry.etag:
            entry = replace(entry, encoding=encoding or former.encoding)
        if entry != former:
            folder = _folder_id(key)
            self._write(f"{_REGISTER}{folder}.json", {})
            self._write(_entry_key(key), asdict(entry))
        return entry.etag

    def is_registered(self, file: StoredObject) -> bool:
        """Return whether a file is entered as it lies in the bucket."""
        entry = self._registered(_entry_key(file.key))
        return entry is not None and (entry.is_sidecars or entry.etag == file.etag)

    def of(self, folder: str) -> tuple[Registered, ...]:
        """Return the entries of a folder, by the rank of their names."""
        register = f"{_REGISTER}{_folder_id(f'{folder}/')}"
        if self._storage.read(f"{register}.json", limit=_MAX_ENTRY_BYTES) is None:
            return ()
        listed = self._storage.objects(f"{register}/")
        found = (self._entry(stored.key, stored.etag) for stored in listed)
        return tuple(
            sorted((one for one in found if one), key=lambda one: (rank(one.name), one.name))
        )

    def open(self, key: str) -> CaptionFile:
        """Return a file of captions.

        Raises
        ------
        CaptionFileError
            It is gone, empty, too large, or nothing of it can be read.
        """
        name = key.rpartition("/")[2]
        entry = None if is_sidecar(name) else self._registered(_entry_key(key))
        return self._opened(key, entry.encoding if entry else None)

    def described(self, key: str, files: Iterable[Registered]) -> Described:
        """Return what files say of a photograph of their folder: the first that has it counts."""
        folder, _, name = key.rpartition("/")
        found = [one for file in files for one in self._lines(file, folder, name)]
        source, caption = next(((key, line.caption) for key, line in found if line.caption), _NONE)
        keywords = next((line.keywords for _, line in found if line.keywords), ())
        return Described(caption, keywords, source)

    def _lines(self, file: Registered, folder: str, name: str) -> Iterator[tuple[str, Line]]:
        """Yield what a file, or the sidecars, say of a photograph, with the key of the file."""
        if file.is_sidecars:
            yield from self._sidecar(folder, name)
            return
        try:
            with self._one_at_a_time:  # a file may take hundreds of megabytes while it is read
                captions = self._captions(file)
        except _Gone:
            return
        named = (captions.get(unicodedata.normalize("NFC", each)) for each in named_by(name))
        yield from ((file.key, line) for line in islice(filter(None, named), 1))

    def _sidecar(self, folder: str, photograph: str) -> Iterator[tuple[str, Line]]:
        for key in (f"{folder}/{name}" for name in sidecar_names(photograph)):
            try:
                entries = self._opened(key, None).entries
            except CaptionFileError:
                continue
            yield from ((key, entry) for entry in entries if isinstance(entry, Line))

    def _captions(self, file: Registered) -> Mapping[str, Line]:
        """Return a file's captions, and keep those of the files that were asked for last.

        A folder's files are asked for again for each of its photographs.
        """
        captions = self._kept.pop(file, None)
        if captions is None:
            captions = self._read_captions(file)
            while self._kept and self._chars_with(captions) > self._max_kept_chars:
                del self._kept[next(iter(self._kept))]
        self._kept[file] = captions
        return captions

    def _chars_with(self, captions: Mapping[str, Line]) -> int:
        return sum(map(_chars, (captions, *self._kept.values())))

    def _read_captions(self, file: Registered) -> Mapping[str, Line]:
        try:
            entries = first_captions(self._opened(file.key, file.encoding).entries)
        except _Gone:  # it may come back
            raise
        except CaptionFileError:  # its own import says so; the folder's photographs go on
            return {}
        return {
            unicodedata.normalize("NFC", line.name): line
            for line in entries
            if isinstance(line, Line)
        }

    def _opened(self, key: str, encoding: str | None) -> CaptionFile:
        name = key.rpartition("/")[2]
        limit = xmp.MAX_BYTES if is_sidecar(name) else MAX_CAPTION_FILE_BYTES
        try:
            body = self._storage.read(key, limit=limit)
        except PayloadTooLarge as error:
            raise CaptionFileError(error.detail) from error
        if body is None:
            raise _Gone(f"{name} is gone")
        if not body:
            raise CaptionFileError(f"{name} is empty")
        try:
            file = read(io.BytesIO(body), name, encoding=encoding)
        except CaptionFileError:
            raise
        except Exception as error:  # of whatever kind: another try would change nothing
            raise CaptionFileError(f"it cannot be read: {type(error).__name__}") from error
        return replace(file, entries=_readable(file.entries))

    def _seen(self, key: str, encoding: str | None = None) -> Registered:
        folder, _, name = key.rpartition("/")
        if is_sidecar(name):
            return Registered(f"{folder}/{_ANY_SIDECAR}")
        found = self._storage.head(key)
        return Registered(key, found.etag if found else None, encoding)

    def _registered(self, entry_key: str) -> Registered | None:
        body = self._storage.read(entry_key, limit=_MAX_ENTRY_BYTES)
        return None if body is None else Registered(**json.loads(body))

    def _read_entry(self, entry_key: str, etag: str) -> Registered | None:  # noqa: ARG002
        """Read an entry; its ETag is for the cache."""
        return self._registered(entry_key)

    def _write(self, key: str, content: object) -> None:
        body = json.dumps(content).encode()
        self._storage.write(key, body, content_type="application/json")


def _readable(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield a file's entries; where its reader fails, a problem in the place of the rest."""
    number = 0
    try:
        for entry in entries:
            number = entry.number
            yield entry
    except Exception as error:  # of whatever kind: another try would change nothing
        yield UnreadableLine(number + 1, f"from here on: {type(error).__name__}")


def _chars(captions: Mapping[str, Line]) -> int:
    return sum(_LINE_CHARS + len(line.caption or "") for line in captions.values())


def _folder_id(key: str) -> str:
    return uuid5(NAMESPACE_URL, key.rpartition("/")[0]).hex


def _entry_key(key: str) -> str:
    folder, _, name = key.rpartition("/")
    entered = f"{folder}/{_ANY_SIDECAR}" if is_sidecar(name) else key
    return f"{_REGISTER}{_folder_id(key)}/{uuid5(NAMESPACE_URL, entered).hex}.json"
