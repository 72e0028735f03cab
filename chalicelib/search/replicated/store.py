"""Where the published index lies: the port, and its adapter on the bucket."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import SearchUnavailable
from chalicelib.names import INDEX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MANIFEST = f"{INDEX}manifest.json"
PARTS = f"{INDEX}parts/"
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})
_CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})
_MOST_REMOVED = 1_000  # keys of one DeleteObjects call


class ManifestConflict(Exception):
    """Another manifest was published since the one that was to be replaced."""


class UnusableIndex(SearchUnavailable):
    """What is published cannot be read; the catalogue makes it anew."""


class DamagedIndex(UnusableIndex):
    """A published object is not what was published."""


class MissingPart(DamagedIndex):
    """A part that a manifest names is not there."""


class OutdatedIndex(UnusableIndex):
    """Another version of this program published it, in a format that this one cannot read."""


@dataclass(frozen=True, slots=True)
class Published:
    """A verified object and its tag, which names this very state of it as an ETag does."""

    tag: str
    content: bytes


class IndexStore(Protocol):
    """Port. Adapter: `S3IndexStore`; one contract test for it and the tests' own.

    One manifest, which is replaced, and parts, which are written once. Every method raises
    ``SearchUnavailable`` where the store does not answer after retries.
    """

    def tag(self) -> str | None:
        """Return the current manifest's tag, None where nothing was ever published."""

    def manifest(self) -> Published | None:
        """Return the current manifest, None where there is none.

        Raises
        ------
        DamagedIndex
            It is damaged.
        """

    def publish(self, manifest: bytes, *, replacing: str | None) -> str:
        """Replace the manifest it was made from (None: the first) and return its tag.

        Raises
        ------
        ManifestConflict
            The current manifest is not ``replacing``; nothing was written.
        """

    def add(self, name: str, content: bytes) -> None:
        """Write a part, before the manifest that names it."""

    def part(self, name: str) -> bytes:
        """Return a part as it is; whoever asks knows its digest.

        Raises
        ------
        MissingPart
            There is none of this name.
        """

    def parts(self) -> Iterable[tuple[str, datetime]]:
        """Yield the names of all parts, and when they were written."""

    def remove(self, names: Sequence[str]) -> None:
        """Remove parts; those that are not there are no error."""


class S3IndexStore:
    """Adapter on a bucket; retries are the client's configuration.

    Conditional writes: Amazon S3 User Guide, "How to prevent object overwrites with conditional
    writes" (``If-Match``, ``If-None-Match``).
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def tag(self) -> str | None:
        """Return the manifest's ETag."""
        try:
            with _answers(MANIFEST):
                return self._client.head_object(Bucket=self._bucket, Key=MANIFEST)["ETag"]
        except MissingPart:
            return None

    def manifest(self) -> Published | None:
        """Return the manifest, verified."""
        try:
            answer, content = self._get(MANIFEST)
        except MissingPart:
            return None
        expected = answer["Metadata"].get("sha256")
        return Published(answer["ETag"], verified(content, expected, "the manifest"))

    def publish(self, manifest: bytes, *, replacing: str | None) -> str:
        """Replace the manifest if it is still the one it was made from."""
        condition: Any = {"IfMatch": replacing} if replacing else {"IfNoneMatch": "*"}
        try:
            return self._put(MANIFEST, manifest, ContentType="application/json", **condition)
        except MissingPart as error:
            raise ManifestConflict from error

    def add(self, name: str, content: bytes) -> None:
        """Write a part."""
        self._put(PARTS + name, content, ContentType="application/octet-stream")

    def part(self, name: str) -> bytes:
        """Return a part."""
        return self._get(PARTS + name)[1]

    def parts(self) -> Iterable[tuple[str, datetime]]:
        """Yield names and times, listed page by page."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=PARTS
        )
        with _answers(PARTS):
            for page in pages:
                for stored in page.get("Contents", ()):
                    yield stored["Key"].removeprefix(PARTS), stored["LastModified"]

    def remove(self, names: Sequence[str]) -> None:
        """Remove parts, a thousand a call."""
        keys: Any = [{"Key": PARTS + name} for name in names]
        for at in range(0, len(keys), _MOST_REMOVED):
            some = keys[at : at + _MOST_REMOVED]
            with _answers(PARTS):
                self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": some, "Quiet": True}
                )

    def _get(self, key: str) -> tuple[Any, bytes]:
        with _answers(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with answer["Body"] as body:
                return answer, body.read()

    def _put(self, key: str, content: bytes, **more: Any) -> str:
        metadata = {"sha256": digest(content)}
        with _answers(key):
            answer = self._client.put_object(
                Bucket=self._bucket, Key=key, Body=content, Metadata=metadata, **more
            )
        return answer["ETag"]


@contextmanager
def _answers(key: str) -> Iterator[None]:
    """Turn the SDK's errors about an object into the port's."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        code = str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""
        if code in _GONE:
            raise MissingPart(f"{key} of the published search index is gone; rebuild it") from error
        if code in _CONFLICT:
            raise ManifestConflict from error
        message = f"the bucket does not answer for the search index: {code}"
        raise SearchUnavailable(message) from error


def digest(content: bytes) -> str:
    """Return what a store or a manifest keeps beside an object."""
    return sha256(content).hexdigest()


def verified(content: bytes, expected: str | None, what: str) -> bytes:
    """Return bytes that are those that were published.

    Raises
    ------
    DamagedIndex
        They are not.
    """
    if digest(content) != expected:
        raise DamagedIndex(f"{what} of the published search index is damaged; rebuild it")
    return content
