"""``POST /images``: a photograph is entered once, however often it is asked: docs/decisions/304.

A record's id comes of its key, and the key of what the request is recognised by: its
``Idempotency-Key``, else its content, else chance. So two of the same meet in one record, whose
conditional write lets one of them make it.
"""

import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import count
from pathlib import PurePosixPath

from chalicelib.access import Caller
from chalicelib.api.requests import NewImage, described_by
from chalicelib.catalogue import Catalogue, update
from chalicelib.errors import InvalidField, KeyReused, NotFound
from chalicelib.images import AWAITED, Entry, Image, Source
from chalicelib.names import UPLOADS
from chalicelib.storage import MAX_KEY_BYTES, UPLOAD_SECONDS, PresignedPost, Storage
from chalicelib.transitions import awaited, described, living, pending
from image_repo_formats import CONTENT_TYPES

_FOLDER_BYTES = 12
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Entered:
    """A photograph's record, whether it is new, and the form of its file; None: that is there."""

    image: Image
    is_new: bool
    form: PresignedPost | None


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, and the record that it would make."""

    new: NewImage
    idempotency_key: str | None
    record: Image
    entry: Entry


@dataclass(frozen=True, slots=True)
class Entering:
    """Enters photographs.

    Attributes
    ----------
    max_upload_bytes
        Largest file accepted; the presigned form enforces it.
    """

    catalogue: Catalogue
    storage: Storage
    max_upload_bytes: int
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def enter(self, caller: Caller, new: NewImage, idempotency_key: str | None) -> Entered:
        """Return the record of a photograph and, until its file has come, a form for that.

        Raises
        ------
        InvalidField
            The file is too large, or its key too long.
        KeyReused
            The idempotency key came with another file before.
        """
        if new.size > self.max_upload_bytes:
            raise InvalidField("size", f"must be at most {self.max_upload_bytes} bytes")
        for key in _keys(caller.owner, new, idempotency_key):
            asked = self._asked(key, new, idempotency_key)
            held = self.catalogue.get(asked.record.image_id)
            try:
                return self._entered(asked, held or self._same_content(caller.owner, new))
            except NotFound:  # deleted, or of another file than was announced
                continue
        raise AssertionError  # there are keys without end

    def _entered(self, asked: _Asked, held: Image | None) -> Entered:
        target = held or asked.record
        is_stored = held is not None and self._has_file(held)
        saved = update(
            self.catalogue, target.image_id, lambda stored: self._next(asked, stored, is_stored)
        )
        is_awaited = saved.after.state in AWAITED and not is_stored
        form = self._form(saved.after) if is_awaited else None
        return Entered(saved.after, saved.before is None, form)

    def _next(self, asked: _Asked, stored: Image | None, is_stored: bool) -> Image:
        if stored is None:
            return _described(asked, replace(asked.record, entry=asked.entry), self.clock())
        image = _met(asked, living(stored))
        if image.state in AWAITED and not is_stored:
            image = awaited(image, asked.record, self.clock())
        if image.entry is not None and image.entry.request == asked.entry.request:
            return image
        return _described(asked, image, self.clock())

    def _same_content(self, owner: str, new: NewImage) -> Image | None:
        """Return an owner's photograph of the same content, rather one whose file has come."""
        if new.sha256 is None or new.duplicates == "store":
            return None
        found = self.catalogue.with_content(owner, new.sha256)
        come = (image for image in found if image.state not in AWAITED)
        return next(iter((*come, *found)), None)

    def _has_file(self, image: Image) -> bool:
        """Tell whether a file has come, though nothing may have been heard of it yet."""
        return image.state not in AWAITED or self.storage.head(image.key) is not None

    def _form(self, image: Image) -> PresignedPost:
        extension = PurePosixPath(image.key).suffix.lower()
        return self.storage.presigned_post(
            image.key,
            content_type=image.content_type or CONTENT_TYPES.get(extension, _UNKNOWN_TYPE),
            max_bytes=self.max_upload_bytes,
            sha256=image.sha256,
        )

    def _asked(self, key: str, new: NewImage, idempotency_key: str | None) -> _Asked:
        now = self.clock()
        record = pending(
            self.storage.bucket,
            key,
            now,
            content_type=new.content_type,
            size=new.size,
            sha256=new.sha256,
            form_until=now + timedelta(seconds=UPLOAD_SECONDS),
        )
        return _Asked(new, idempotency_key, record, _entry(new, idempotency_key))


def _keys(owner: str, new: NewImage, idempotency_key: str | None) -> Iterator[str]:
    """Yield the keys that a request's file may have, the first first.

    One whose photograph was deleted, or became another's, is never used again: events of its past
    may still be on their way, and would be taken for the new file's.
    """
    for number in count():
        if idempotency_key is not None:
            folder = _hashed("key", idempotency_key, str(number))
        elif new.sha256 is not None and new.duplicates == "report":
            folder = _hashed("content", new.sha256, str(number))
        else:
            folder = secrets.token_urlsafe(_FOLDER_BYTES)
        key = f"{UPLOADS}{owner}/{folder}/{new.name}"
        if len(key.encode()) > MAX_KEY_BYTES:
            raise InvalidField("name", f"its key would be longer than {MAX_KEY_BYTES} bytes")
        yield key


def _entry(new: NewImage, idempotency_key: str | None) -> Entry:
    announced = _hashed(str(new.sha256), str(new.size), str(new.content_type))
    return Entry(_hashed(str(idempotency_key), new.model_dump_json()), announced)


def _met(asked: _Asked, image: Image) -> Image:
    """Return a record that a request met, if it is of the request's file.

    Raises
    ------
    KeyReused
        Its idempotency key came with another file before.
    NotFound
        The file that came for it was another one than was announced.
    """
    is_own = image.image_id == asked.record.image_id
    announced = image.entry.announced if image.entry else None
    is_reused = announced is not None and announced != asked.entry.announced
    if is_own and asked.idempotency_key is not None and is_reused:
        raise KeyReused("the Idempotency-Key came with another sha256, size or type before")
    wanted = asked.new.sha256
    if image.state not in AWAITED and wanted is not None and image.sha256 not in (None, wanted):
        raise NotFound("another file came")
    return image


def _described(asked: _Asked, image: Image, now: datetime) -> Image:
    """Add what a request says of a photograph, and that it has."""
    said = described_by(asked.new)
    if all(part is None for part in said.values()):
        return image
    announced = image.entry.announced if image.entry else None
    image = replace(image, entry=Entry(asked.entry.request, announced))
    return described(image, now, Source(asked.new.source), **said)


def _hashed(*parts: str) -> str:
    digest = sha256("\0".join(parts).encode()).digest()
    return urlsafe_b64encode(digest[:_FOLDER_BYTES]).decode()
