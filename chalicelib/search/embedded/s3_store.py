"""Snapshots in the bucket, replaced under a condition so that no writer undoes another's."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import SearchUnavailable
from chalicelib.search.embedded.snapshot import Snapshot, SnapshotConflict, digest, verified
from chalicelib.storage.port import INDEX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

KEY = f"{INDEX}snapshot.sqlite"
_GONE = frozenset({"NoSuchKey", "404", "NotFound"})
_CONFLICT = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412", "409"})


class S3SnapshotStore:
    """Adapter of the port ``SnapshotStore``; retries are the client's configuration.

    Conditional writes: Amazon S3 User Guide, "How to prevent object overwrites with conditional
    writes" (``If-Match``, ``If-None-Match``).
    """

    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self._place: Any = {"Bucket": bucket, "Key": KEY}

    def tag(self) -> str | None:
        """Return the object's ETag."""
        try:
            return self._client.head_object(**self._place)["ETag"]
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _GONE:
                return None
            raise _unavailable(error) from error

    def read(self) -> Snapshot | None:
        """Return the object, verified."""
        try:
            answer = self._client.get_object(**self._place)
            with answer["Body"] as body:
                image = body.read()
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _GONE:
                return None
            raise _unavailable(error) from error
        return verified(answer["ETag"], image, answer["Metadata"].get("sha256"))

    def write(self, image: bytes, *, replacing: str | None) -> str:
        """Replace the object if it is still the one it was made from."""
        condition: Any = {"IfMatch": replacing} if replacing else {"IfNoneMatch": "*"}
        try:
            answer = self._client.put_object(
                **self._place,
                **condition,
                Body=image,
                ContentType="application/vnd.sqlite3",
                Metadata={"sha256": digest(image)},
            )
        except (ClientError, BotoCoreError) as error:
            if _code(error) in _CONFLICT | _GONE:
                raise SnapshotConflict from error
            raise _unavailable(error) from error
        return answer["ETag"]


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else ""


def _unavailable(error: Exception) -> SearchUnavailable:
    return SearchUnavailable(f"the bucket does not answer for the search index: {_code(error)}")
