"""AWS as far as the repository uses it: services that hold their state in memory.

What they do stands in AWS's documentation, which is named where a rule is not plain; DynamoDB and
S3 are held against moto by ``test_services.py``. `Client` stands in the place of boto3's: there
calls take time and go wrong.
"""

import hashlib
import json
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from types import SimpleNamespace
from typing import Any, ClassVar
from urllib.parse import quote_plus

from botocore.credentials import ReadOnlyCredentials
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.response import StreamingBody

from tests.simulation.scheduler import Process, Scheduler

BUCKET = "photographs"
QUEUE, DEAD_LETTERS = "queue", "dead-letters"
_CREDENTIALS = ReadOnlyCredentials("id", "key", None)
PAGE = 3  # small, so that everything has several


def refused(code: str, operation: str, **more: Any) -> ClientError:
    """Return a service's error."""
    answer: Any = {"Error": {"Code": code, "Message": code}, **more}
    return ClientError(answer, operation)


class Client:
    """A client of a service: each call is an effect of the simulation.

    ``_request_signer`` and ``meta`` are what links are signed with; nobody is asked for that.
    """

    _request_signer = SimpleNamespace(
        get_auth_instance=lambda *_: SimpleNamespace(credentials=_CREDENTIALS)
    )
    meta = SimpleNamespace(region_name="eu-central-1")

    def __init__(self, service: Any, scheduler: Scheduler) -> None:
        self._service = service
        self._scheduler = scheduler

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        act = getattr(self._service, operation)

        def call(*given: Any, **arguments: Any) -> Any:
            if operation.startswith("generate_"):
                return act(*given, **arguments)
            if operation == "transact_write_items":  # botocore does so, and repeats it with a retry
                arguments["ClientRequestToken"] = f"{self._scheduler.random.random()}"
            return self._scheduler.effect(
                f"{operation} {arguments.get('Key', '')}",
                partial(act, **arguments),
                partial(self._refusal, operation),
            )

        return call

    def get_paginator(self, operation: str) -> Any:
        """Return what lists page by page."""

        def paginate(**arguments: Any) -> Iterator[Any]:
            while True:
                answer = getattr(self, operation)(**arguments)
                yield answer
                if not answer["IsTruncated"]:
                    return
                arguments["StartAfter"] = answer["Contents"][-1]["Key"]

        return SimpleNamespace(paginate=paginate)

    def _refusal(self, operation: str, is_done: bool) -> Exception:
        if is_done:
            return ReadTimeoutError(endpoint_url=operation)
        return refused(self._service.throttled, operation)


# S3 ----------------------------------------------------------------------------------------------


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


class Bucket:
    """A versioned bucket that announces the changes under ``uploads/``."""

    throttled = "SlowDown"

    def __init__(
        self, scheduler: Scheduler, announce: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._scheduler = scheduler
        self._announce = announce
        self._count = 0
        self.versions: dict[str, list[Version]] = {}
        self.sequencers: Counter[str] = Counter()

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
            {
                "Key": key,
                "Size": len(version.body or b""),
                "ETag": version.etag,
                "LastModified": version.modified,
            }
            for key in found[:PAGE]
            if (version := self.current(key))
        ]
        return {"Contents": contents, "IsTruncated": len(found) > PAGE}

    def generate_presigned_url(self, operation: str, Params: Any, ExpiresIn: int = 0) -> str:
        return f"https://{BUCKET}.s3.test/{quote_plus(Params['Key'])}?x=y&X-Amz-Algorithm="

    def generate_presigned_post(self, bucket: str, key: str, **more: Any) -> Any:
        return {"url": f"https://{bucket}.s3.test", "fields": {"key": key}}

    def _add(self, key: str, body: bytes | None, metadata: Mapping[str, str]) -> Version:
        self._count += 1
        version = Version(f"v{self._count}", body, metadata, self._scheduler.now())
        self.versions.setdefault(key, []).append(version)
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

    def _described(self, version: Version) -> dict[str, Any]:
        return {
            "ContentLength": len(version.body or b""),
            "ETag": version.etag,
            "VersionId": version.id,
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


# SQS ---------------------------------------------------------------------------------------------


@dataclass(eq=False)
class QueueMessage:
    """A message and when it can be received again, in simulated seconds."""

    id: str
    body: str
    visible_at: float
    receives: int = 0


class Queues:
    """The captioner's queue and its dead letters.

    ``arrived`` is told when a message of the former can be received.
    """

    throttled = "RequestThrottled"
    attempts: ClassVar[int] = 5

    def __init__(self, scheduler: Scheduler, arrived: Callable[[], object]) -> None:
        self._scheduler = scheduler
        self._arrived = arrived
        self._count = 0
        self.held: dict[str, list[QueueMessage]] = {QUEUE: [], DEAD_LETTERS: []}

    def put(self, body: str, delay: float = 0.0) -> None:
        """Put a message on the captioner's queue, or two where it is duplicated."""
        for _ in range(2 if self._scheduler.happens("duplicated") else 1):
            self._count += 1
            message = QueueMessage(f"m{self._count}", body, self._scheduler.seconds + delay)
            self.held[QUEUE].append(message)
            self._scheduler.after(delay, self._arrived)
            delay += 10 ** self._scheduler.random.uniform(-1, 3)

    def take(self, name: str, most: int, hidden: float) -> list[QueueMessage]:
        """Receive messages in no order; what was received too often becomes a dead letter."""
        taken = []
        now = self._scheduler.seconds
        seen = [message for message in self.held[name] if message.visible_at <= now]
        self._scheduler.random.shuffle(seen)
        for message in seen[:most]:
            if name == QUEUE and message.receives >= self.attempts:
                self.held[QUEUE].remove(message)
                self.held[DEAD_LETTERS].append(message)
                message.visible_at = now
                continue
            message.receives += 1
            message.visible_at = now + hidden
            taken.append(message)
            if name == QUEUE:
                self._scheduler.after(hidden, self._arrived)
        return taken

    def forget(self, name: str, message_id: str) -> None:
        """Delete a message."""
        self.held[name] = [one for one in self.held[name] if one.id != message_id]

    def send_message_batch(self, QueueUrl: str, Entries: Any) -> Any:
        failed = []
        for entry in Entries:
            if self._scheduler.happens("partial"):
                failed.append({"Id": entry["Id"]})
            else:
                self.put(entry["MessageBody"])
        return {"Failed": failed}

    def receive_message(
        self, QueueUrl: str, MaxNumberOfMessages: int, VisibilityTimeout: int, WaitTimeSeconds: int
    ) -> Any:
        taken = self.take(QueueUrl, MaxNumberOfMessages, VisibilityTimeout)
        return {
            "Messages": [
                {"MessageId": one.id, "Body": one.body, "ReceiptHandle": one.id} for one in taken
            ]
        }

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> Any:
        self.forget(QueueUrl, ReceiptHandle)

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: Any) -> Any:
        now = self._scheduler.seconds
        waiting = sum(message.visible_at <= now for message in self.held[QueueUrl])
        return {"Attributes": {"ApproximateNumberOfMessages": str(waiting)}}


# EventBridge and Lambda --------------------------------------------------------------------------


@dataclass
class Bus:
    """An event bus that keeps what it was sent."""

    scheduler: Scheduler
    events: list[tuple[str, Any]] = field(default_factory=list)
    throttled: ClassVar[str] = "ThrottlingException"

    def put_events(self, Entries: Any) -> Any:
        failed = 0
        for entry in Entries:
            if self.scheduler.happens("partial"):
                failed += 1
            else:
                self.events.append((entry["DetailType"], json.loads(entry["Detail"])))
        return {"FailedEntryCount": failed}


class Function:
    """A function with containers that stay warm, of which ``concurrency`` run at once.

    Parameters
    ----------
    make
        Makes what a container holds.
    handle
        Answers an event, given that, and what tells the milliseconds that are left.
    """

    throttled = "TooManyRequestsException"

    def __init__(
        self,
        scheduler: Scheduler,
        make: Callable[[], Any],
        handle: Callable[[Any, Any, Callable[[], int]], Any],
        *,
        seconds: float,
        concurrency: int,
    ) -> None:
        self._scheduler = scheduler
        self._make = make
        self._handle = handle
        self._seconds = seconds
        self._concurrency = concurrency
        self._running = 0
        self._warm: list[Any] = []

    @property
    def is_busy(self) -> bool:
        """Whether no more calls are taken."""
        return self._running >= self._concurrency

    def begin(self, event: Any, ended: Callable[[Any, BaseException | None], None]) -> Any:
        """Begin a call; tell of its end. A container whose call was killed is not used again."""
        scheduler = self._scheduler
        container = self._warm.pop() if self._warm else self._make()
        process = Process(scheduler.seconds + self._seconds, container)
        self._running += 1

        def remaining() -> int:
            return int(1000 * (process.deadline - scheduler.seconds))

        def work() -> Any:
            answer, error = None, None
            try:
                answer = self._handle(container, event, remaining)
            except Exception as raised:  # the runtime reports it
                error = raised
            finally:
                self._running -= 1
                if not process.is_dead:
                    self._warm.append(container)
                    ended(answer, error)
                else:
                    ended(None, TimeoutError())
            if error:
                raise error
            return answer

        return scheduler.spawn(work, process)

    def forget_containers(self) -> None:
        """Let every later call begin in a new container, as after a deployment."""
        self._warm.clear()

    def invoke(self, FunctionName: str, InvocationType: str, Payload: str) -> Any:
        """Call it without waiting; a call that fails is tried twice again.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        """
        self._attempt(json.loads(Payload), 3)
        return {}

    def _attempt(self, event: Any, tries: int) -> None:
        if self.is_busy:
            self._scheduler.after(5, lambda: self._attempt(event, tries))
            return

        def ended(_: Any, error: BaseException | None) -> None:
            if error and tries > 1:
                self._scheduler.after(60, lambda: self._attempt(event, tries - 1))

        self.begin(event, ended)


def in_event(item: Mapping[str, Any] | None) -> Any:
    """Return an item as a function's event has it: binary values are base64 text."""
    return item and {
        name: {"B": b64encode(value["B"]).decode()} if "B" in value else value
        for name, value in item.items()
    }
