"""Versioned buckets that a person works at by hand, in memory, in moto and on the emulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import boto3
from botocore.config import Config
from moto import mock_aws

from chalicelib.catalogue import Catalogue
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.storage import S3Storage, Storage
from tests.images_table import counts_table, images_table
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.storage import MemoryStorage

BUCKET = "photographs"


class VersionedStorage(Storage, Protocol):
    """The port, and what somebody with rights on the bucket may do beside it."""

    def purge(self, key: str, version_id: str | None = None) -> str:
        """Delete a version, or the newest one, for good, be it a delete marker; return its id."""

    def versions(self, key: str) -> int:
        """Return how many versions and delete markers of a key are left."""

    def keep_versions(self) -> None:
        """Let the bucket keep versions from now on."""


class S3Bucket(S3Storage):
    """S3's adapter, and a person's hands."""

    def __init__(self, client: Any, bucket: str) -> None:
        super().__init__(client, bucket)
        self.client = client

    def purge(self, key: str, version_id: str | None = None) -> str:
        purged = version_id or next(
            str(one["VersionId"]) for one in self._listed(key) if one["IsLatest"]
        )
        self.client.delete_object(Bucket=self.bucket, Key=key, VersionId=purged)
        return purged

    def versions(self, key: str) -> int:
        return len(self._listed(key))

    def keep_versions(self) -> None:
        self.client.put_bucket_versioning(
            Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
        )

    def _listed(self, key: str) -> list[Any]:
        answer = self.client.list_object_versions(Bucket=self.bucket, Prefix=key)
        listed = (*answer.get("Versions", ()), *answer.get("DeleteMarkers", ()))
        return [one for one in listed if one["Key"] == key]


def client(service: str, url: str | None = None) -> Any:
    """Return a client of moto's, or of what answers at ``url``."""
    return boto3.client(  # type: ignore[call-overload]
        service,
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(s3={"addressing_style": "path"}),
    )


def s3_bucket(name: str, url: str | None = None, *, versioned: bool = True) -> S3Bucket:
    """Make a bucket."""
    made = S3Bucket(client("s3", url), name)
    made.client.create_bucket(Bucket=name)
    if versioned:
        made.keep_versions()
    return made


def dynamo_catalogue(name: str, url: str | None = None) -> DynamoCatalogue:
    """Make a catalogue's tables."""
    made = client("dynamodb", url)
    made.create_table(**images_table(f"{name}-images"))
    made.create_table(**counts_table(f"{name}-counts"))
    return DynamoCatalogue(made, f"{name}-images", f"{name}-counts")


@contextmanager
def adapters(kind: str, url: str = "", name: str = BUCKET) -> Iterator[tuple[Catalogue, Any]]:
    """Yield a catalogue and a bucket in ``memory``, in ``moto`` or on the ``emulator`` at a URL."""
    match kind:
        case "memory":
            yield MemoryCatalogue(), MemoryStorage(name)
        case "moto":
            with mock_aws():
                yield dynamo_catalogue(name), s3_bucket(name)
        case _:
            yield dynamo_catalogue(name, url), s3_bucket(name, url)
