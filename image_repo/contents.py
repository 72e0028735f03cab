"""Photographs to be uploaded, and what is in their files: a photograph is what its bytes are."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from image_repo.errors import CommandError
from image_repo.folders import TAKEN
from image_repo.names import is_text, shown
from image_repo_formats.sniffing import HEAD_BYTES, media_type

READ_AT_ONCE = 4
CHANGED = "changed while it was read: it goes in when it is given again"


@dataclass(frozen=True, slots=True)
class Said:
    """What a person says of a photograph in one field, and as whose word it goes in.

    Attributes
    ----------
    source
        ``import``, which a later import may correct, or ``user``, which stands.
    """

    value: Any
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """A file to be uploaded.

    Attributes
    ----------
    label
        How reports name it: its path in the folder.
    said
        By the field of the record: caption, keywords, attributes.
    name
        Its name in the repository; without, the file's own.
    is_record
        Whether an export says so: then it goes in whatever it holds, even where another
        photograph holds the same.
    """

    path: Path
    label: str
    said: Mapping[str, Said] = field(default_factory=dict)
    name: str = ""
    is_record: bool = False

    @property
    def record_name(self) -> str:
        """Its name in the repository."""
        return self.name or self.path.name


def photograph(path: Path, caption: str | None = None) -> Photograph:
    """Return a single photograph, with the caption that its user gives it."""
    said = {} if caption is None else {"caption": Said(caption, "user")}
    return Photograph(path, shown(path), said)


@dataclass(frozen=True, slots=True)
class Content:
    """What a file held when it was read.

    Attributes
    ----------
    sha256
        Of all of it, 64 hexadecimal digits.
    modified
        Nanoseconds, by the file system.
    content_type
        None where it is no photograph.
    """

    sha256: str
    size: int
    modified: int
    content_type: str | None


def read_contents(
    photographs: Iterable[Photograph], done: Callable[[], object]
) -> list[Content | str]:
    """Read each file, a few at once; a string says why one cannot be taken."""
    with threads(READ_AT_ONCE) as pool:
        return [_told(found, done) for found in pool.map(_content, photographs)]


@contextmanager
def threads(at_once: int) -> Iterator[Executor]:
    """Yield a pool that, on the way out of an error or an interruption, begins nothing more."""
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_unchanged(path: Path, content: Content) -> bool:
    """Tell, without reading it, whether a file is likely still what was read."""
    status = path.stat()
    return (status.st_size, status.st_mtime_ns) == (content.size, content.modified)


def body_of(path: Path, content: Content) -> bytes:
    """Return a file's bytes.

    Raises
    ------
    CommandError
        They are no longer what was read.
    """
    body = path.read_bytes()
    if hashlib.sha256(body).hexdigest() != content.sha256:
        raise CommandError(CHANGED)
    return body


def _told(found: Content | str, done: Callable[[], object]) -> Content | str:
    done()
    return found


def _content(one: Photograph) -> Content | str:
    if not is_text(one.record_name):
        return "has a name that is not UTF-8: rename it"
    try:
        with one.path.open("rb") as file:
            kind = media_type(file.read(HEAD_BYTES))
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        modified = one.path.stat().st_mtime_ns
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not size:
        return "is empty"
    if kind is None and not one.is_record:
        return f"is no photograph: only {TAKEN} are taken"
    return Content(sha256, size, modified, kind)
