"""The published index in the bucket, replaced on condition: no writer undoes another's work."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import SearchUnavailable
from chalicelib.names import INDEX
from chalicelib.search.replicated.store import (
    ManifestConflict,
    MissingPart,
    Published,
    digest,
    verified,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST = f"{INDEX}manifest.json"
PARTS = f"{INDEX}parts/"
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})
_CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MOST_REMOVED = 1_000  # keys of one DeleteObjects call


class S3IndexStore:
    """Adapter of the port ``IndexStore``; retries are the client's configuration.

    Conditional writes: Amazon S3 User Guide, "How to prevent object overwrites with conditional
    writes" (``If-Match``, ``If-None-Match``).
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def tag(self) -> str | None:
        """Return the manifest's ETag."""
        try:
            return self._client.head_object(Bucket=self._bucket, Key=MANIFEST)["ETag"]
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _GONE:
                return None
            raise _unavailable(error) from error

    def manifest(self) -> Published | None:
        """Return the manifest, verified."""
        answer = self._get(MANIFEST)
        if answer is None:
            return None
        tag, content, expected = answer
        return Published(tag, verified(content, expected, "the manifest"))

    def publish(self, manifest: bytes, *, replacing: str | None) -> str:
        """Replace the manifest if it is still the one it was made from."""
        condition: Any = {"IfMatch": replacing} if replacing else {"IfNoneMatch": "*"}
        try:
            return self._put(MANIFEST, manifest, "application/json", condition)
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _CONFLICT | _GONE:
                raise ManifestConflict from error
            raise _unavailable(error) from error

    def add(self, name: str, content: bytes) -> None:
        """Write a part."""
        try:
            self._put(PARTS + name, content, "application/octet-stream", {})
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error

    def part(self, name: str) -> bytes:
        """Return a part."""
        answer = self._get(PARTS + name)
        if answer is None:
            raise MissingPart(f"part {name} of the published search index is gone; rebuild it")
        return answer[1]

    def parts(self) -> Iterable[tuple[str, datetime]]:
        """Yield names and times, listed page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=PARTS
        )
        try:
            for page in pages:
                for stored in page.get("Contents", ()):
                    yield stored["Key"].removeprefix(PARTS), stored["LastModified"]
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error

    def remove(self, names: Sequence[str]) -> None:
        """Remove parts, a thousand a call."""
        keys: Any = [{"Key": PARTS + name} for name in names]
        try:
            for at in range(0, len(keys), _MOST_REMOVED):
                some = keys[at : at + _MOST_REMOVED]
                self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": some, "Quiet": True}
                )
        except (ClientError, BotoCoreError) as error:
            raise _unavailable(error) from error

    def _get(self, key: str) -> tuple[str, bytes, str | None] | None:
        """Return an object's ETag, bytes and the digest beside it."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with answer["Body"] as body:
                content = body.read()
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _GONE:
                return None
            raise _unavailable(error) from error
        return answer["ETag"], content, answer["Metadata"].get("sha256")

    def _put(self, key: str, content: bytes, content_type: str, condition: Any) -> str:
        answer = self._client.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=content,
            ContentType=content_type,
            Metadata={"sha256": digest(content)},
            **condition,
        )
        return answer["ETag"]


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def _unavailable(error: Exception) -> SearchUnavailable:
    return SearchUnavailable(f"the bucket does not answer for the search index: {_code(error)}")
