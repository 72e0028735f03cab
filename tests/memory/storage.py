"""A bucket in memory."""

from collections.abc import Iterator, Mapping

from chalicelib.errors import PayloadTooLarge
from chalicelib.storage import PresignedPost, StoredObject


class MemoryStorage:
    """Adapter of the port ``Storage`` on a dictionary; versions are counted from ``v1``.

    As in a versioned bucket, a deletion is one more version, and the earlier ones can be read. A
    version's id is its ETag, too.
    """

    def __init__(self, bucket: str = "photographs") -> None:
        self.bucket = bucket
        self._versions: dict[str, list[bytes | None]] = {}
        self.content_types: dict[str, str] = {}

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        """Return an object's bytes."""
        versions = self._versions.get(key, [])
        number = int(version_id.removeprefix("v")) if version_id else len(versions)
        body = versions[number - 1] if 1 <= number <= len(versions) else None
        if body is not None and len(body) > limit:
            raise PayloadTooLarge(f"{len(body)} bytes, at most {limit} are allowed")
        return body

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object as its newest version."""
        self._versions.setdefault(key, []).append(body)
        self.content_types[key] = content_type

    def delete(self, key: str) -> None:
        """Put a delete marker over an object."""
        if key in self._versions:
            self._versions[key].append(None)

    def objects(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield what lies under a prefix, in key order."""
        for key, versions in sorted(self._versions.items()):
            newest = versions[-1]
            if newest is not None and key.startswith(prefix) and (after is None or key > after):
                yield StoredObject(key, len(newest), f"v{len(versions)}")

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
