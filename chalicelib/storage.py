"""What the repository asks of its bucket, how keys are laid out in it, and S3's adapter.

::

    uploads/<owner>/<anything>     photographs and descriptions.txt, watched for events
    derived/<image_id>/<name>      metadata-free copies for display, small and large
    index/                         the published search index
    imports/<import_id>.json       reports of imports
"""

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import PayloadTooLarge, StorageUnavailable
from chalicelib.links import Clock, StableLinks, utc_now
from chalicelib.names import DEFAULT_OWNER, UPLOADS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_KEY_BYTES = 1_024  # https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
UPLOAD_SECONDS = 15 * 60
# How long the bucket's lifecycle keeps a version that was replaced or deleted.
FORMER_VERSION_DAYS = 30
# The id of what was stored while the bucket kept no versions:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/AddingObjectstoVersioningEnabledBuckets.html
NULL_VERSION = "null"
_DOWNLOAD_SECONDS = 60 * 60
_GONE = frozenset({"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed"})


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object of the bucket, without its bytes.

    Attributes
    ----------
    version_id
        None where a listing does not tell it (`Storage.objects`).
    modified_at
        When it was stored.
    """

    key: str
    size: int
    etag: str
    version_id: str | None = None
    modified_at: datetime | None = None

    @property
    def version(self) -> str:
        """Its version, where it is told: of what has none the null version."""
        return self.version_id or NULL_VERSION


@dataclass(frozen=True, slots=True)
class PresignedPost:
    """Where and with which form fields a browser or script uploads one file."""

    url: str
    fields: dict[str, str]


class Storage(Protocol):
    """Port. Adapter: `S3Storage`; tests have one in memory, and one contract test for both.

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

    def head(self, key: str) -> StoredObject | None:
        """Return what is known of the object that a key holds now, or None where it holds none."""

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object, such as a copy for display."""

    def delete(self, key: str) -> None:
        """Remove an object; no error where it is gone."""

    def objects(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield the objects under a prefix in key order, those after the key ``after``."""

    def newest_versions(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield the same as `objects`, each with the id of its version."""

    def presigned_post(
        self, key: str, *, content_type: str, max_bytes: int, sha256: str | None = None
    ) -> PresignedPost:
        """Return a form that lets a file of this key and type in, no larger, for 15 minutes.

        Where ``sha256`` (hexadecimal) is given, it lets that content in and no other.
        """

    def presigned_gets(self, names: Mapping[str, str | None]) -> dict[str, str]:
        """Return for each key a URL good for an hour at least.

        A browser saves the object under the name given for its key. None: it shows it, and keeps
        it, since such a URL is the same for hours (`chalicelib.links.StableLinks`).
        """


class S3Storage:
    """Adapter on S3; retries are the client's configuration."""

    def __init__(self, client: "S3Client", bucket: str, clock: Clock = utc_now) -> None:
        self._client = client
        self._links = StableLinks(client, clock)
        self.bucket = bucket

    def read(self, key: str, *, version_id: str | None = None, limit: int) -> bytes | None:
        """Return an object's bytes; its length is looked at before they are fetched."""
        version = {"VersionId": version_id} if version_id else {}
        try:
            answer = self._look_for(self._client.get_object, key, **version)
            with answer["Body"] as body:
                size = answer["ContentLength"]
                if size > limit:
                    raise PayloadTooLarge(f"{size} bytes, at most {limit} are allowed")
                content: bytes = body.read()
                return content
        except _Gone:
            return None
        except (BotoCoreError, OSError) as error:
            raise StorageUnavailable("the bucket stopped in the middle of an object") from error

    def head(self, key: str) -> StoredObject | None:
        """Return an object without its bytes; under a delete marker there is none (404).

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
        """
        try:
            found = self._look_for(self._client.head_object, key)
        except _Gone:
            return None
        return StoredObject(
            key,
            found["ContentLength"],
            found["ETag"],
            found.get("VersionId"),
            found["LastModified"],
        )

    def write(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store an object."""
        self._call(self._client.put_object, Key=key, Body=body, ContentType=content_type)

    def delete(self, key: str) -> None:
        """Remove an object; earlier versions age out by the bucket's lifecycle."""
        self._call(self._client.delete_object, Key=key)

    def objects(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield what lies under a prefix, in key order."""
        start = {"StartAfter": after} if after else {}
        while True:
            answer = self._call(self._client.list_objects_v2, Prefix=prefix, **start)
            for entry in answer.get("Contents", ()):
                yield _listed(entry)
            if not answer.get("IsTruncated"):
                return
            start = {"StartAfter": answer["Contents"][-1]["Key"]}

    def newest_versions(self, prefix: str, *, after: str | None = None) -> Iterator[StoredObject]:
        """Yield what lies under a prefix, by the listing of all versions and delete markers.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
        """
        start = {"KeyMarker": after} if after else {}
        while True:
            answer = self._call(self._client.list_object_versions, Prefix=prefix, **start)
            for entry in answer.get("Versions", ()):
                # Some list the marker's own key again, of which nothing is wanted.
                if entry["IsLatest"] and entry["Key"] != after:
                    yield _listed(entry)
            if not answer.get("IsTruncated"):
                return
            start = {"KeyMarker": answer["NextKeyMarker"]}
            if "NextVersionIdMarker" in answer:
                start["VersionIdMarker"] = answer["NextVersionIdMarker"]

    def presigned_post(
        self, key: str, *, content_type: str, max_bytes: int, sha256: str | None = None
    ) -> PresignedPost:
        """Return a form whose policy fixes key, type and checksum, and limits the size."""
        fields = {"Content-Type": content_type, **(_checksum(sha256) if sha256 else {})}
        answer = self._client.generate_presigned_post(
            self.bucket,
            key,
            Fields=dict(fields),
            Conditions=[
                *({name: value} for name, value in fields.items()),
                ["content-length-range", 1, max_bytes],
            ],
            ExpiresIn=UPLOAD_SECONDS,
        )
        return PresignedPost(answer["url"], answer["fields"])

    def presigned_gets(self, names: Mapping[str, str | None]) -> dict[str, str]:
        """Return URLs; see `Storage.presigned_gets`.

        S3 sends no ``nosniff``, so what a person uploaded is never given a type a browser
        would run: it is saved, as bytes. Only derivatives, written here, are shown.
        """
        return {
            key: self._link_to_save(key, name) if name else self._links.link(self.bucket, key)
            for key, name in names.items()
        }

    def _link_to_save(self, key: str, name: str) -> str:
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentDisposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            "ResponseContentType": "application/octet-stream",
        }
        url: str = self._client.generate_presigned_url(
            "get_object", Params=parameters, ExpiresIn=_DOWNLOAD_SECONDS
        )
        return url

    def _look_for(self, operation: Callable[..., Any], key: str, **arguments: Any) -> Any:
        if len(key.encode()) > MAX_KEY_BYTES:  # S3 refuses the request
            raise _Gone
        return self._call(operation, Key=key, **arguments)

    def _call(self, operation: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return operation(Bucket=self.bucket, **arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _GONE:
                raise _Gone from error
            raise StorageUnavailable(f"the bucket refused: {code}") from error
        except BotoCoreError as error:
            raise StorageUnavailable("the bucket did not answer") from error


class _Gone(Exception):  # a signal between two methods of this module
    pass


def _listed(entry: Mapping[str, Any]) -> StoredObject:
    """Return an entry of a listing, which names a version or does not."""
    return StoredObject(
        entry["Key"],
        entry["Size"],
        entry["ETag"],
        entry.get("VersionId"),
        entry["LastModified"],
    )


def _checksum(sha256: str) -> dict[str, str]:
    """Return the fields of a form by which S3 refuses any other content.

    https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html
    https://repost.aws/questions/QUgivVIUn6QrGVpETR1wQ4KQ
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """
    return {
        "x-amz-checksum-algorithm": "SHA256",
        "x-amz-checksum-sha256": b64encode(bytes.fromhex(sha256)).decode(),
    }


def owner_of(key: str) -> str:
    """Return whose photograph a key under ``UPLOADS`` is: its folder, else ``DEFAULT_OWNER``."""
    parts = key.removeprefix(UPLOADS).split("/", 1)
    return parts[0] if len(parts) == 2 and parts[0] else DEFAULT_OWNER
