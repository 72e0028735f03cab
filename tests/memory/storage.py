"""A bucket in memory, with S3's versions and delete markers."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.errors import PayloadTooLarge
from chalicelib.storage import NULL_VERSION, PresignedPost, StoredObject


@dataclass(frozen=True, slots=True)
class _Version:
    """A version of an object; without a body it is a delete marker."""

    version_id: str
    body: bytes | None
    stored_at: datetime


class MemoryStorage:
    """Adapter of the port ``Storage`` on a dictionary; a key's versions are counted from ``v1``.

    A deletion puts a delete marker on top, a version of its own, under which the earlier ones can
    still be read by their ids. Where the bucket is not ``versioned``, there is the null version
    alone, which the next one replaces; it stays when versions are kept from then on.
    """

    def __init__(
        self,
        bucket: str = "photographs",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        *,
        versioned: bool = True,
    ) -> None:
        self.bucket = bucket
        self.versioned = versioned
        self._now = now
        self._versions: dict[str, tuple[_Version, ...]] = {}
        self._counts: dict[str, int] = {}
        self.content_types: dict[str, str] = {}

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        """Return an object's bytes."""
        versions = self._versions.get(key, ())
        named = [one for one in versions if version_id in (None, one.version_id)]
        body = named[-1].body if named else None
        if body is not None and len(body) > limit:
            raise PayloadTooLarge(f"{len(body)} bytes, at most {limit} are allowed")
        return body

    def head(self, key: str) -> StoredObject | None:
        """Return an object without its bytes."""
        *_, newest = (None, *self._versions.get(key, ()))
        if newest is None or newest.body is None:
            return None
        body = newest.body
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        return StoredObject(key, len(body), etag, newest.version_id, newest.stored_at)

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object as its newest version."""
        self._put(key, body)
        self.content_types[key] = content_type

    def delete(self, key: str) -> None:
        """Put a delete marker over an object, or where none ever was.

        https://github.com/aws/aws-sdk-go-v2/issues/2607
        """
        if self.versioned:
            self._put(key, None)
        else:
            self._drop(key, NULL_VERSION)

    def purge(self, key: str, version_id: str | None = None) -> str:
        """Delete a version, or the newest one, for good, be it a delete marker; return its id."""
        purged = version_id or self._versions[key][-1].version_id
        self._drop(key, purged)
        return purged

    def versions(self, key: str) -> int:
        """Return how many versions and delete markers of a key are left."""
        return len(self._versions.get(key, ()))

    def keep_versions(self) -> None:
        """Let the bucket keep versions from now on."""
        self.versioned = True

    def objects(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield what lies under a prefix, in key order."""
        for found in self.newest_versions(prefix, after=after):
            yield replace(found, version_id=None)

    def newest_versions(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield the same with their versions."""
        for key in sorted(self._versions):
            found = self.head(key)
            if found and key.startswith(prefix) and (after is None or key > after):
                yield found

    def _put(self, key: str, body: bytes | None) -> None:
        if self.versioned:
            self._counts[key] = self._counts.get(key, 0) + 1
            version = _Version(f"v{self._counts[key]}", body, self._now())
        else:
            self._drop(key, NULL_VERSION)
            version = _Version(NULL_VERSION, body, self._now())
        self._versions[key] = (*self._versions.get(key, ()), version)

    def _drop(self, key: str, version_id: str) -> None:
        kept = (one for one in self._versions.get(key, ()) if one.version_id != version_id)
        self._versions[key] = tuple(kept)

    def presigned_post(
        self, key: str, *, content_type: str, max_bytes: int, sha256: str | None = None
    ) -> PresignedPost:
        """Return a form that names what it allows."""
        fields = {"key": key, "Content-Type": content_type, "max-bytes": str(max_bytes)}
        fields |= {"sha256": sha256} if sha256 else {}
        return PresignedPost(f"memory://{self.bucket}", fields)

    def presigned_gets(self, names: Mapping[str, str | None]) -> dict[str, str]:
        """Return URLs that name the objects."""
        return {
            key: f"memory://{self.bucket}/{key}" + (f"?name={name}" if name else "")
            for key, name in names.items()
        }
