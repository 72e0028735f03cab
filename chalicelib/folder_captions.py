"""The captions that the ``descriptions.txt`` of a folder holds."""

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from chalicelib.storage import UPLOADS, Storage, StoredObject, object_at
from image_repo_formats.descriptions import FILE_NAME, Line, parse

MAX_DESCRIPTIONS_BYTES = 100_000_000
_MAX_CACHED_FOLDERS = 4
_CACHED_FOR = timedelta(seconds=30)


def is_descriptions(key: str) -> bool:
    """Return whether an upload is a folder's descriptions and not a photograph."""
    return key.startswith(UPLOADS) and key.rsplit("/", 1)[-1] == FILE_NAME


class FolderCaptions:
    """The captions of folders, cached.

    A folder's captions are cached while its file's size and version stay the same, and for half a
    minute at most; that there is no file is never cached, so that one which lands in between is
    not missed.
    """

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self._folders: dict[str, _Folder] = {}

    def of(self, key: str) -> str | None:
        """Return the caption for the photograph of this key, or None."""
        folder, _, name = key.rpartition("/")
        file = object_at(self._storage, f"{folder}/{FILE_NAME}")
        if file is None:
            return None
        captions = self._captions(file)
        name = unicodedata.normalize("NFC", name)
        return captions.get(name) or captions.get(PurePosixPath(name).stem)

    def _captions(self, file: StoredObject) -> dict[str, str]:
        held = self._folders.get(file.key)
        now = self._clock()
        if held and held.file == file and now - held.read_at < _CACHED_FOR:
            return held.captions
        body = self._storage.read(file.key, limit=MAX_DESCRIPTIONS_BYTES) or b""
        captions = {
            unicodedata.normalize("NFC", line.name): line.caption
            for line in parse(io.BytesIO(body))
            if isinstance(line, Line)
        }
        self._folders.pop(file.key, None)
        self._folders[file.key] = _Folder(file, now, captions)
        while len(self._folders) > _MAX_CACHED_FOLDERS:
            del self._folders[next(iter(self._folders))]
        return captions


@dataclass(frozen=True, slots=True)
class _Folder:
    file: StoredObject
    read_at: datetime
    captions: dict[str, str]
