"""Captions of a folder's descriptions, applied to its photographs' records."""

import io
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath

from chalicelib.attributes import extract
from chalicelib.catalogue import Catalogue
from chalicelib.errors import RevisionConflict
from chalicelib.images import HUMAN_SOURCES, Caption, Image, Source, State
from chalicelib.storage import UPLOADS, Storage, StoredObject
from image_repo_formats.descriptions import FILE_NAME, Line, parse

MAX_BYTES = 100_000_000
_KEPT_FOLDERS = 4
_FRESH = timedelta(seconds=30)
_MAX_CONFLICTS = 20


class Applied(StrEnum):
    """What became of one line."""

    CAPTIONED = "captioned"
    KEPT = "kept"
    MISSING = "missing"


def apply_caption(
    catalogue: Catalogue, image_id: str, text: str, clock: Callable[[], datetime]
) -> Applied:
    """Give a photograph an imported caption, unless a user wrote one.

    Applying it again changes nothing and says the same.
    """
    for _ in range(_MAX_CONFLICTS):
        record = catalogue.get(image_id)
        if record is None or record.state is State.DELETED:
            return Applied.MISSING
        if record.caption and record.caption.source is Source.USER:
            return Applied.KEPT
        if record.caption and record.caption_is_human and record.caption.text == text:
            return Applied.CAPTIONED
        try:
            catalogue.save(_captioned(record, text, clock()), expected_rev=record.rev)
        except RevisionConflict:
            continue
        return Applied.CAPTIONED
    raise RevisionConflict("the record changes faster than it can be saved")


class FolderCaptions:
    """What the descriptions beside a photograph say of it.

    A folder's captions are kept while its file's size and version stay the same, and for half a
    minute at most; that there are none is never remembered, so that a file which lands in
    between is not missed.
    """

    def __init__(self, storage: Storage, clock: Callable[[], datetime]) -> None:
        self._storage = storage
        self._clock = clock
        self._folders: dict[str, _Folder] = {}

    def of(self, key: str) -> str | None:
        """Return the caption for the photograph of this key, or None."""
        folder, _, name = key.rpartition("/")
        file = described_by(self._storage, f"{folder}/{FILE_NAME}")
        if file is None:
            return None
        captions = self._captions(file)
        name = unicodedata.normalize("NFC", name)
        return captions.get(name) or captions.get(PurePosixPath(name).stem)

    def _captions(self, file: StoredObject) -> dict[str, str]:
        held = self._folders.get(file.key)
        now = self._clock()
        if held and held.file == file and now - held.read_at < _FRESH:
            return held.captions
        body = self._storage.read(file.key, limit=MAX_BYTES) or b""
        captions = {
            unicodedata.normalize("NFC", line.name): line.caption
            for line in parse(io.BytesIO(body))
            if isinstance(line, Line)
        }
        self._folders.pop(file.key, None)
        self._folders[file.key] = _Folder(file, now, captions)
        while len(self._folders) > _KEPT_FOLDERS:
            del self._folders[next(iter(self._folders))]
        return captions


def is_descriptions(key: str) -> bool:
    """Say whether an upload is a folder's descriptions and not a photograph."""
    return key.startswith(UPLOADS) and key.rsplit("/", 1)[-1] == FILE_NAME


def described_by(storage: Storage, key: str) -> StoredObject | None:
    """Return the descriptions of a folder without reading them, or None."""
    first = next(iter(storage.objects(key)), None)
    return first if first and first.key == key else None


@dataclass(frozen=True, slots=True)
class _Folder:
    file: StoredObject
    read_at: datetime
    captions: dict[str, str]


def _captioned(record: Image, text: str, now: datetime) -> Image:
    before = record.caption
    others = (before.text, *before.alternatives) if before else ()
    if before and before.source is Source.IMPORT:
        others = before.alternatives
    alternatives = tuple(dict.fromkeys(other for other in others if other != text))
    changes: dict[str, object] = {"caption": Caption(text, Source.IMPORT, None, None, alternatives)}
    if record.state is State.NEEDS_REVIEW:
        changes |= {"state": State.CAPTIONED, "reason": None}
    if record.attributes_source not in HUMAN_SOURCES:
        found = tuple(extract(text))
        changes |= {"attributes": found, "attributes_source": Source.MODEL if found else None}
    return record.changed(now, changes)
