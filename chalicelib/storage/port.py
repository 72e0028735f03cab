"""What the repository asks of the bucket, and how keys are laid out in it.

::

    uploads/<owner>/<anything>     photographs and descriptions.txt, watched for events
    derived/<image_id>/<name>      metadata-free copies for display
    index/                         the published search index
    imports/<import_id>.json       reports of imports
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from chalicelib.names import DEFAULT_OWNER, UPLOADS


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of the bucket, without its bytes."""

    key: str
    size: int
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """Where and with which form fields a browser or script uploads one file."""

    url: str
    fields: dict[str, str]


class Storage(Protocol):
    """Port. Adapter: ``s3``; tests have one in memory, and one contract test for both.

    Every method raises ``StorageUnavailable`` where S3 does not answer after retries.
    """

    bucket: str

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        """Return an object's bytes, or None where it is gone.

        Raises
        ------
        PayloadTooLarge
            It is larger than ``limit`` bytes; nothing was read.
        """

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object, such as a copy for display."""

    def delete(self, key: str) -> None:
        """Remove an object; no error where it is gone."""

    def objects(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield the objects under a prefix in key order, those after the key ``after``."""

    def presigned_post(self, key: str, *, content_type: str, max_bytes: int) -> PresignedPost:
        """Return a form that lets one file of this key, type and size in, for 15 minutes."""

    def presigned_gets(self, names: Mapping[str, str | None]) -> dict[str, str]:
        """Return for each key a URL good for an hour.

        Parameters
        ----------
        names
            By key: the file name under which a browser saves the object; None where it shows it.
        """


def owner_of(key: str) -> str:
    """Return whose photograph a key under ``UPLOADS`` is: its folder, else ``DEFAULT_OWNER``."""
    parts = key.removeprefix(UPLOADS).split("/", 1)
    return parts[0] if len(parts) == 2 and parts[0] else DEFAULT_OWNER


def object_at(storage: Storage, key: str) -> StoredObject | None:
    """Return the object of exactly this key without its bytes, or None."""
    first = next(iter(storage.objects(key)), None)
    return first if first and first.key == key else None
