"""S3 as far as the repository uses it: versions, delete markers, conditions and events."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import quote_plus

from botocore.response import StreamingBody

from chalicelib.names import INDEX
from tests.simulation.scheduler import Scheduler
from tests.simulation.services import BUCKET, PAGE, Service, refused


@dataclass(frozen=True)
class Version:
    """One version of a key; a delete marker where there is no body."""

    id: str
    body: bytes | None
    metadata: Mapping[str, str]
    modified: Any

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body or b"").hexdigest()}"'


class Bucket(Service):
    """A versioned bucket that announces the changes under ``uploads/``."""

    name = "s3"
    throttled = "SlowDown"

    def __init__(
        self, scheduler: Scheduler, announce: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._scheduler = scheduler
        self._announce = announce
        self._count = 0
        self.versions: dict[str, list[Version]] = {}
        self.stored: dict[str, list[bytes]] = {}  # what is purged since, too
        self.sequencers: Counter[str] = Counter()

    def part(self, arguments: Mapping[str, Any]) -> str:
        """Tell the published index apart, which may be down by itself."""
        key = str(arguments.get("Key") or arguments.get("Prefix"))
        return "index" if key.startswith(INDEX) else self.name

    def current(self, key: str) -> Version | None:
        """Return what a key holds; None where it never was or a delete marker is the newest."""
        versions = self.versions.get(key)
        return versions[-1] if versions and versions[-1].body is not None else None

    def keys(self, prefix: str) -> list[str]:
        """Return the keys under a prefix that hold an object."""
        return sorted(k for k in self.versions if k.startswith(prefix) and self.current(k))

    def get_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> Any:
        found = self._found("GetObject", Key, VersionId)
        body = found.body or b""
        stream = StreamingBody(BytesIO(body), len(body))
        return self._described(found) | {"Body": stream}

    def head_object(self, Bucket: str, Key: str) -> Any:
        if self.current(Key) is None:
            raise refused("404", "HeadObject")
        return self._described(self._found("HeadObject", Key, None))

    def put_object(
        self,
        Bucket: str,
        Key: str,
        Body: bytes,
        ContentType: str,
        Metadata: Mapping[str, str] | None = None,
        IfMatch: str | None = None,
        IfNoneMatch: str | None = None,
    ) -> Any:
        held = self.current(Key)
        if (IfMatch and (held is None or held.etag != IfMatch)) or (IfNoneMatch and held):
            raise refused(
                "NoSuchKey" if IfMatch and not held else "PreconditionFailed", "PutObject"
            )
        version = self._add(Key, Body, Metadata or {})
        self._tell("ObjectCreated:Put", Key, version)
        return {"ETag": version.etag, "VersionId": version.id}

    def delete_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> Any:
        """Put a delete marker, also over nothing, or delete a version for good.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
        """
        if VersionId is None:
            marker = self._add(Key, None, {})
            self._tell("ObjectRemoved:DeleteMarkerCreated", Key, marker)
            return {}
        left = [version for version in self.versions.get(Key, []) if version.id != VersionId]
        gone = [version for version in self.versions.get(Key, []) if version.id == VersionId]
        self.versions[Key] = left
        for version in gone:
            self._tell("ObjectRemoved:Delete", Key, version)
        return {}

    def delete_objects(self, Bucket: str, Delete: Any) -> Any:
        for entry in Delete["Objects"]:
            self.delete_object(Bucket, entry["Key"])
        return {}

    def list_objects_v2(self, Bucket: str, Prefix: str, StartAfter: str = "") -> Any:
        """List a page; S3 may answer with fewer than the thousand it was asked for."""
        found = [key for key in self.keys(Prefix) if key > StartAfter]
        contents = [
            self._entry(key, version) for key in found[:PAGE] if (version := self.current(key))
        ]
        return {"Contents": contents, "IsTruncated": len(found) > PAGE}

    def list_object_versions(
        self, Bucket: str, Prefix: str, KeyMarker: str = "", VersionIdMarker: str = ""
    ) -> Any:
        """List a page of whole keys, so that no marker of a version is needed."""
        keys = sorted(k for k, held in self.versions.items() if k.startswith(Prefix) and held)
        ahead = [key for key in keys if key > KeyMarker]
        versions = [
            self._entry(key, version) | {"VersionId": version.id, "IsLatest": at == 0}
            for key in ahead[:PAGE]
            for at, version in enumerate(reversed(self.versions[key]))
            if version.body is not None
        ]
        more = {"NextKeyMarker": ahead[PAGE - 1]} if len(ahead) > PAGE else {}
        return {"Versions": versions, "IsTruncated": bool(more)} | more

    def generate_presigned_url(self, operation: str, Params: Any, ExpiresIn: int = 0) -> str:
        return f"https://{BUCKET}.s3.test/{quote_plus(Params['Key'])}?x=y&X-Amz-Algorithm="

    def generate_presigned_post(self, bucket: str, key: str, **more: Any) -> Any:
        return {"url": f"https://{bucket}.s3.test", "fields": {"key": key}}

    def _add(self, key: str, body: bytes | None, metadata: Mapping[str, str]) -> Version:
        self._count += 1
        version = Version(f"v{self._count}", body, metadata, self._scheduler.now())
        self.versions.setdefault(key, []).append(version)
        if body:
            self.stored.setdefault(key, []).append(body)
        return version

    def _found(self, operation: str, key: str, version_id: str | None) -> Version:
        if version_id is None:
            if (version := self.current(key)) is None:
                raise refused("NoSuchKey", operation)
            return version
        for version in self.versions.get(key, []):
            if version.id == version_id and version.body is None:
                raise refused("MethodNotAllowed", operation)
            if version.id == version_id:
                return version
        raise refused("NoSuchVersion", operation)

    @staticmethod
    def _entry(key: str, version: Version) -> dict[str, Any]:
        size, modified = len(version.body or b""), version.modified
        return {"Key": key, "Size": size, "ETag": version.etag, "LastModified": modified}

    def _described(self, version: Version) -> dict[str, Any]:
        return {
            "ContentLength": len(version.body or b""),
            "ETag": version.etag,
            "VersionId": version.id,
            "LastModified": version.modified,
            "Metadata": version.metadata,
        }

    def _tell(self, name: str, key: str, version: Version) -> None:
        if not key.startswith("uploads/"):
            return
        self.sequencers[key] += 1
        # Of unequal lengths, which are compared as if zeros followed.
        more = self._scheduler.random.choice(["", "3", "0A"])
        told = {"key": quote_plus(key), "versionId": version.id}
        told["sequencer"] = f"{self.sequencers[key]:04X}{more}"
        if name.startswith("ObjectCreated"):
            told["size"] = len(version.body or b"")  # type: ignore[assignment]
        record = {"eventName": name, "s3": {"bucket": {"name": BUCKET}, "object": told}}
        self._announce(key, {"Records": [record]})
