"""A bucket in memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.errors import PayloadTooLarge
from chalicelib.storage import PresignedPost, StoredObject


class MemoryStorage:
    """Adapter of the port ``Storage`` on a dictionary; versions are counted from ``v1``.

    As in a versioned bucket, a deletion is one more version, and the earlier ones can be read. A
    version's id is its ETag, too.
    """

    def __init__(
        self,
        bucket: str = "photographs",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.bucket = bucket
        self._now = now
        self._times: dict[tuple[str, int], datetime] = {}
        self._purged: set[tuple[str, int]] = set()
        self._versions: dict[str, list[bytes | None]] = {}
        self.content_types: dict[str, str] = {}

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        """Return an object's bytes."""
        versions = self._versions.get(key, [])
        number = int(version_id.removeprefix("v")) if version_id else self._newest(key)
        is_there = 1 <= number <= len(versions) and (key, number) not in self._purged
        body = versions[number - 1] if is_there else None
        if body is not None and len(body) > limit:
            raise PayloadTooLarge(f"{len(body)} bytes, at most {limit} are allowed")
        return body

    def head(self, key: str) -> StoredObject | None:
        """Return an object without its bytes."""
        number = self._newest(key)
        body = self._versions[key][number - 1] if number else None
        if body is None:
            return None
        stored_at = self._times[key, number]
        return StoredObject(key, len(body), f"v{number}", f"v{number}", stored_at)

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object as its newest version."""
        self._versions.setdefault(key, []).append(body)
        self._times[key, self._count(key)] = self._now()
        self.content_types[key] = content_type

    def delete(self, key: str) -> None:
        """Put a delete marker over an object."""
        if key in self._versions:
            self._versions[key].append(None)

    def purge(self, key: str, version_id: str | None = None) -> str:
        """Delete a version, or the newest one, for good, be it a delete marker; return its id."""
        number = int(version_id.removeprefix("v")) if version_id else self._newest(key)
        self._purged.add((key, number))
        return f"v{number}"

    def versions(self, key: str) -> int:
        """Return how many versions and delete markers of a key are left."""
        return sum((key, n) not in self._purged for n in range(1, self._count(key) + 1))

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

    def _newest(self, key: str) -> int:
        numbers = range(self._count(key), 0, -1)
        return next((number for number in numbers if (key, number) not in self._purged), 0)

    def _count(self, key: str) -> int:
        return len(self._versions.get(key, ()))

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
