"""A deployment of which every adapter is AWS's in moto, and a captioner that knows few pictures."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from typing import Any
from zlib import crc32

import app as entry_point
from captioner.batch import BatchProcessor
from chalicelib import bootstrap
from chalicelib.access import TokenStore
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.encoder import Crop, Vector
from chalicelib.errors import RejectedImage
from chalicelib.images import Prepared
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import SqsDeadLetters, SqsQueue
from chalicelib.reconciling.index import Repairing
from chalicelib.search import SearchIndex
from chalicelib.search.port import document_of
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from chalicelib.search.replicated.reader import FRESH_SECONDS
from chalicelib.settings import Settings
from tests.api import Answer, NotedReconciling, NotedReindexing
from tests.attending import LooksEverywhere
from tests.buckets import S3Bucket, client
from tests.corpora import VECTORS
from tests.gateway import Gateway
from tests.histories import Telling
from tests.images_table import counts_table, images_table

BUCKET, SPACE = "photographs", "net@1"
GATEWAY = Gateway(entry_point.app)


def likeness(content: bytes) -> bytes:
    """Return one of a few vectors, the same for the same content."""
    return VECTORS[crc32(content) % len(VECTORS)]


def described(content: bytes) -> Prepared:
    """Return what the model makes of a picture, which is the text that it is to see."""
    caption = content.decode(errors="replace")
    if not caption.startswith("a "):
        raise RejectedImage("the file is no JPEG, PNG, WebP or GIF image")
    return Prepared(
        captions=(caption, "an animal"),
        confidence=0.7,
        needs_review=caption.endswith("?"),
        visual=likeness(content),
        semantic=likeness(caption.encode()),
        width=4,
        height=3,
        content_type="image/jpeg",
        display=b"small copy of " + content,
        labels=((caption.split()[1], 0.9),),
        space=SPACE,
    )


class Likenesses(LooksEverywhere):
    """Adapter of the port ``Encoder``, of the same model."""

    def text(self, text: str, telling: Sequence[str] = ()) -> Vector:
        return Vector(likeness(text.encode()), SPACE)

    def words(self) -> Sequence[str]:
        return ()

    def image(self, content: bytes, crop: Crop | None) -> Vector:
        return Vector(likeness(content), SPACE)

    def stored(self, key: str, version_id: str | None, crop: Crop | None) -> Vector:
        return Vector(likeness(key.encode()), SPACE)


class _Uncounted:
    def count(self, what: str) -> None:
        pass

    def failed(self, message_id: str) -> None:
        raise  # noqa: PLE0704  what the captioner handles


class Deployment:
    """The API, the captioner and the indexer, and S3's events between them.

    Photographs of two deployments have the same ids, since both call their bucket the same.

    Parameters
    ----------
    name
        Of its tables and its queue, and of its bucket in truth.
    now
        The time, which deployments may share.
    engine
        OpenSearch's index; None for one that is published in the bucket.

    Attributes
    ----------
    calls
        What was asked of AWS: services and operations.
    """

    def __init__(
        self, name: str, now: Callable[[], datetime], engine: SearchIndex | None = None
    ) -> None:
        self.calls: list[str] = []
        s3, self._sqs, dynamodb = (self._noted(client(one)) for one in ("s3", "sqs", "dynamodb"))
        s3.meta.events.register(
            "provide-client-params.s3", lambda params, **_: params | {"Bucket": name}
        )
        s3.create_bucket(Bucket=BUCKET)
        self.bucket = S3Bucket(s3, BUCKET)
        self.bucket.keep_versions()
        self.storage: Any = Telling(self.bucket)
        for table in (images_table(name), counts_table(f"{name}-counts"), tokens_table(name)):
            dynamodb.create_table(**table)
        self.catalogue = DynamoCatalogue(dynamodb, name, f"{name}-counts")
        self.tokens = TokenStore(dynamodb, f"{name}-tokens", lambda: now().timestamp())
        self._queue_url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self._queue = SqsQueue(self._sqs, self._queue_url)
        self._captioner = self._make_captioner(now)
        self._indexed: dict[str, int] = {}
        self._told = 0
        self._writer: Any = engine
        searched: Any = engine
        if engine is None:
            store, looks = S3IndexStore(s3, BUCKET), count(step=FRESH_SECONDS)
            self._writer = IndexWriter(store, tuple)
            self._writer.rebuild()
            searched = PublishedIndex(store, clock=lambda: next(looks))
        self._repository = self._make_repository(searched, now)

    def call(
        self, method: str, target: str, body: Any = None, *, token: str, **headers: str
    ) -> Answer:
        """Send a request as API Gateway does."""
        entry_point.provider.repository = self._repository
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        sent["Authorization"] = f"Bearer {token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        raw = b"" if body is None else json.dumps(body).encode()
        try:
            told = GATEWAY.answer(method, target, sent, raw)
        finally:
            del entry_point.provider.repository
        return Answer(told.status, told.headers, told.body.decode())

    def upload(self, key: str, content: bytes) -> None:
        """Let a file come, by a form or by hand."""
        self.storage.write(key, content, content_type="image/jpeg")

    def settle(self) -> None:
        """Let captioner and indexer do what there is to do."""
        while messages := self._waiting():
            for body in messages:
                self._deliver(body)
        changed = [
            image
            for image in self.catalogue.scan()
            if self._indexed.get(image.image_id) != image.rev
        ]
        if changed:
            assert self._writer.apply([document_of(image) for image in changed]) == ()
        self._indexed |= {image.image_id: image.rev for image in changed}

    def _waiting(self) -> list[str]:
        told = [json.dumps(message) for message in self.storage.messages[self._told :]]
        self._told = len(self.storage.messages)
        answer = self._sqs.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=10)
        return told + [message["Body"] for message in answer.get("Messages", ())]

    def _deliver(self, body: str) -> None:
        record = {"messageId": "1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        assert self._captioner.process([record], lambda: 60_000) == []

    def _make_captioner(self, now: Callable[[], datetime]) -> BatchProcessor:
        ingest = Ingest(
            self.catalogue, self.storage, described, model="net@1", clock=now, max_bytes=100
        )
        imports = self._make_imports(now)
        return BatchProcessor(ingest, imports, _Uncounted(), self._queue, bucket=BUCKET)

    def _make_imports(self, now: Callable[[], datetime]) -> Imports:
        return Imports(self.catalogue, self.storage, self._queue, now)

    def _make_repository(self, searched: Any, now: Callable[[], datetime]) -> bootstrap.Repository:
        starting = NotedReindexing()
        made = bootstrap.assemble(
            Settings(bucket=BUCKET, table="images", tokens_table="tokens", max_upload_bytes=100),
            catalogue=self.catalogue,
            storage=self.storage,
            index=searched,
            encoder=Likenesses(),
            tokens=self.tokens,
            queue=self._queue,
            dead_letters=SqsDeadLetters(self._sqs, self._queue_url),
            reindexing=starting,
            recounting=starting,
            reconciling=NotedReconciling(),
            index_repair=Repairing(self._writer, self.catalogue),
        )
        return replace(
            made,
            collection=replace(made.collection, clock=now),
            entering=replace(made.entering, clock=now),
            upkeep=replace(made.upkeep, imports=self._make_imports(now)),
        )

    def _noted(self, made: Any) -> Any:
        service = made.meta.service_model.service_name

        def note(model: Any, **_: Any) -> None:
            self.calls.append(f"{service} {model.name}")

        made.meta.events.register("before-call", note)
        return made


def tokens_table(name: str) -> dict[str, Any]:
    """Return the table of tokens, as it is made without the template."""
    return {
        "TableName": f"{name}-tokens",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "token_sha256", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "token_sha256", "AttributeType": "S"}],
    }
