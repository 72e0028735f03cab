"""A bucket in memory."""

from collections.abc import Iterator

from chalicelib.errors import PayloadTooLarge
from chalicelib.storage.port import PresignedPost, StoredObject


class MemoryStorage:
    """Adapter of the port ``Storage`` on a dictionary; versions are counted from ``v1``."""

    def __init__(self, bucket: str = "photographs") -> None:
        self.bucket = bucket
        self._versions: dict[str, list[bytes]] = {}
        self.content_types: dict[str, str] = {}

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        """Return an object's bytes."""
        versions = self._versions.get(key)
        if not versions:
            return None
        number = int(version_id.removeprefix("v")) if version_id else len(versions)
        if number > len(versions):
            return None
        body = versions[number - 1]
        if len(body) > limit:
            raise PayloadTooLarge(f"{len(body)} bytes, at most {limit} are allowed")
        return body

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object as its newest version."""
        self._versions.setdefault(key, []).append(body)
        self.content_types[key] = content_type

    def delete(self, key: str) -> None:
        """Forget an object."""
        self._versions.pop(key, None)

    def objects(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield what lies under a prefix, in key order."""
        for key, versions in sorted(self._versions.items()):
            if key.startswith(prefix) and (after is None or key > after):
                yield StoredObject(key, len(versions[-1]), f"v{len(versions)}")

    def presigned_post(self, key: str, *, content_type: str, max_bytes: int) -> PresignedPost:
        """Return a form that names what it allows."""
        fields = {"key": key, "Content-Type": content_type, "max-bytes": str(max_bytes)}
        return PresignedPost(f"memory://{self.bucket}", fields)

    def presigned_get(self, key: str, *, name: str | None = None) -> str:
        """Return a URL that names the object."""
        return f"memory://{self.bucket}/{key}" + (f"?name={name}" if name else "")
