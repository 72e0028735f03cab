"""The deployment: the repository's own functions on simulated services.

Wired as ``bootstrap`` wires them, but for the clients, the clock, and pools of tasks for threads.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any
from urllib.parse import urlencode
from zlib import crc32

from chalice.config import Config
from chalice.local import LocalGateway

import app as entry_point
from captioner.batch import BatchProcessor
from chalicelib import bootstrap
from chalicelib.access import TokenStore
from chalicelib.catalogue.dynamodb import DynamoCatalogue, image_of
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.catalogue.recount import Recount
from chalicelib.catalogue.table import Table
from chalicelib.errors import ImageRepoError
from chalicelib.folder_captions import is_caption_file
from chalicelib.images import DESCRIBED, Image, State
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import SqsDeadLetters, SqsQueue
from chalicelib.reindexing import AutomaticReindexing, LambdaReindexing, RunStateStore
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from chalicelib.search.replicated.manifest import Policy
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage
from indexer.batch import Indexer
from indexer.bootstrap import documents
from indexer.changes import NAMES, EventBus
from indexer.handler import answer
from tests.simulation.dynamodb import COUNTS, IMAGES, TOKENS, DynamoDB, Item
from tests.simulation.functions import Bus, Function, in_event
from tests.simulation.model import Encoder, prepare_with
from tests.simulation.s3 import Bucket
from tests.simulation.scheduler import Killed, Pool, Scheduler
from tests.simulation.services import BUCKET, DEAD_LETTERS, QUEUE, Client
from tests.simulation.sqs import Queues

SHARDS = 2
HIDDEN_SECONDS = 360
_SETTINGS = Settings(bucket=BUCKET, table=IMAGES, tokens_table=TOKENS, counts_table=COUNTS)
_POLICY = Policy(runs=3, share=0.1, fewest=6, kept=4)  # so that parts are merged in a short history
_GATEWAY = LocalGateway(entry_point.app, Config.create())


@dataclass(frozen=True)
class Answer:
    """What the API answered; 502 where its function ended before it did."""

    status: int
    body: Any = None


class _ContainersRepository(bootstrap.Provider):
    """Gives each request the repository of the container that it runs in."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler

    @property
    def repository(self) -> bootstrap.Repository:
        """That of the process whose code asks."""
        found: bootstrap.Repository = self._scheduler.process.container
        return found


class World:
    """Services, functions and what happens between them.

    Attributes
    ----------
    model
        ``name@version`` of the bundle that is deployed.
    dead
        Photographs (ids) whose DELETE was answered, and when, until a file is there again.
    changes
        What the catalogue's writes are to publish: name, id and revision.
    lost
        Keys of which the first event was never sent.
    violations
        Promises that were broken, in the order of time.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.model = "net@1"
        self.dead: dict[str, float] = {}
        self.changes: list[tuple[str, str, int]] = []
        self.lost: set[str] = set()
        self.violations: list[str] = []
        self.s3 = Bucket(scheduler, self._announced)
        self.sqs = Queues(scheduler, self._poll_queue)
        self.dynamodb = DynamoDB(scheduler, self._changed)
        self.bus = Bus(scheduler)
        self.captioner = self._function(self._captioner, self._caption, 60, 2)
        self.indexer = self._function(self._indexer, lambda held, event, _: answer(held, event))
        self.api = self._function(self.repository, self._answer, 29, 3)
        self.due = self._function(self.repository, self._settle, 120, 1)
        self._stream: list[list[tuple[int, Item | None, Item]]] = [[] for _ in range(SHARDS)]
        self._is_taken = [False] * SHARDS
        self._numbers = count(1)
        entry_point.provider = _ContainersRepository(scheduler)

    def violate(self, promise: str) -> None:
        """Note a promise that was broken."""
        self.violations.append(promise)

    def images(self) -> list[Image]:
        """Return every record, read without a call."""
        return [image_of(item) for item in self.dynamodb.tables[IMAGES].items.values()]

    def record(self, image_id: str) -> Image | None:
        """Return a record, read without a call."""
        item = self.dynamodb.tables[IMAGES].items.get(image_id)
        return image_of(item) if item else None

    def call(self, method: str, path: str, body: Any = None, *, token: str, **query: Any) -> Answer:
        """Ask the API, as a client that waits."""
        self.scheduler.sleep(0.01)
        while self.api.is_busy:
            self.scheduler.sleep(1)
        target = path + (f"?{urlencode(query)}" if query else "")
        request = (method, target, token, json.dumps(body).encode() if body is not None else b"")
        try:
            found: Answer = self.scheduler.join(self.api.begin(request, lambda *_: None))
        except Killed:
            return Answer(502)
        except ImageRepoError:  # of the authorizer
            return Answer(503)
        if found.status >= 500 and found.status != 503:
            self.violate(f"{method} /{path.split('/')[1]} answered {found.status}")
        return found

    def repository(self) -> bootstrap.Repository:
        """Return what a new container of the API holds."""
        scheduler = self.scheduler
        client: Callable[[Any], Any] = partial(Client, scheduler=scheduler)
        storage = self._storage()
        reindexing = LambdaReindexing(client(self.indexer), "indexer")
        automatic = AutomaticReindexing(
            RunStateStore(storage, scheduler.now).newest, reindexing, scheduler.now
        )
        store = S3IndexStore(client(self.s3), BUCKET)
        return bootstrap.assemble(
            _SETTINGS,
            catalogue=self._catalogue(),
            storage=storage,
            index=PublishedIndex(store, automatic.start, lambda: scheduler.seconds),
            encoder=Encoder(),
            tokens=self.tokens(),
            queue=SqsQueue(client(self.sqs), QUEUE),
            dead_letters=SqsDeadLetters(client(self.sqs), DEAD_LETTERS),
            reindexing=reindexing,
            recounting=reindexing,
            clock=scheduler.now,
            executor=partial(Pool, scheduler),
        )

    def tokens(self) -> TokenStore:
        """Return the tokens, as a new process reads them."""
        client: Any = Client(self.dynamodb, self.scheduler)
        return TokenStore(client, TOKENS, lambda: self.scheduler.now().timestamp())

    def count(self, what: str) -> None:
        """Take a metric of the captioner's."""

    def failed(self, message_id: str) -> None:
        """Take an error of the captioner's, which must be one that was foreseen."""
        error = sys.exc_info()[1]
        if not isinstance(error, ImageRepoError):
            self.violate(f"the captioner raised {error!r}")

    def _function(
        self,
        make: Callable[[], Any],
        handle: Callable[[Any, Any, Callable[[], int]], Any],
        seconds: float = 900,
        concurrency: int = 2,
    ) -> Function:
        def guarded(held: Any, event: Any, remaining: Callable[[], int]) -> Any:
            try:
                return handle(held, event, remaining)
            except ImageRepoError:
                raise
            except Exception as error:
                self.violate(f"a function raised {error!r}")
                raise

        return Function(self.scheduler, make, guarded, seconds=seconds, concurrency=concurrency)

    def _storage(self) -> S3Storage:
        client: Any = Client(self.s3, self.scheduler)
        return S3Storage(client, BUCKET, self.scheduler.now)

    def _catalogue(self) -> DynamoCatalogue:
        client: Any = Client(self.dynamodb, self.scheduler)
        return DynamoCatalogue(client, IMAGES, COUNTS, self.scheduler.sleep)

    # The captioner -------------------------------------------------------------------------------

    def _captioner(self) -> BatchProcessor:
        scheduler, catalogue, storage = self.scheduler, self._catalogue(), self._storage()
        queue: Any = Client(self.sqs, scheduler)
        ingest = Ingest(
            catalogue,
            storage,
            prepare_with(self.model, scheduler),
            model=self.model,
            clock=scheduler.now,
            max_bytes=1_000,
        )
        imports = Imports(catalogue, storage, SqsQueue(queue, QUEUE), scheduler.now, chunk=2)
        return BatchProcessor(ingest, imports, self, BUCKET, 2, partial(Pool, scheduler))

    @staticmethod
    def _caption(held: BatchProcessor, event: Any, remaining: Callable[[], int]) -> list[str]:
        return held.process(event, remaining)

    def _announced(self, key: str, event: dict[str, Any]) -> None:
        is_new = len(self.s3.versions[key]) == 1 and self.s3.current(key) is not None
        if is_new and not is_caption_file(key) and self.scheduler.happens("dropped"):
            self.lost.add(key)
        else:
            self.sqs.put(json.dumps(event), 10 ** self.scheduler.random.uniform(-1, 2))

    def _poll_queue(self) -> None:
        if self.captioner.is_busy:
            self.scheduler.after(2, self._poll_queue)
            return
        self.scheduler.after(self.scheduler.random.uniform(0, 3), self._receive)

    def _receive(self) -> None:
        if self.captioner.is_busy:
            self.scheduler.after(2, self._poll_queue)
            return
        messages = self.sqs.take(QUEUE, 10, HIDDEN_SECONDS)
        if not messages:
            return
        records = [
            {
                "messageId": message.id,
                "body": message.body,
                "attributes": {"ApproximateReceiveCount": str(message.receives)},
            }
            for message in messages
        ]

        def ended(failed: list[str] | None, error: BaseException | None) -> None:
            for message in messages:
                if failed is not None and message.id not in failed:
                    self.sqs.forget(QUEUE, message.id)

        self.captioner.begin(records, ended)

    # The indexer ---------------------------------------------------------------------------------

    def _indexer(self) -> Indexer:
        scheduler, catalogue, storage = self.scheduler, self._catalogue(), self._storage()
        client: Callable[[Any], Any] = partial(Client, scheduler=scheduler)
        table = partial(Table, client(self.dynamodb), sleep=scheduler.sleep)
        counting = Recount(
            table(IMAGES),
            table(COUNTS),
            RecountProgress(storage, scheduler.now),
            scheduler.sleep,
            lambda: scheduler.now().timestamp(),
        )
        writer = IndexWriter(
            S3IndexStore(client(self.s3), BUCKET),
            lambda: documents(catalogue),
            scheduler.now,
            _POLICY,
        )
        bus = EventBus(client(self.bus), "bus")
        return Indexer(writer, bus, RunStateStore(storage, scheduler.now), counting)

    def _changed(self, before: Item | None, after: Item) -> None:
        image_id, state = after["image_id"]["S"], State(after["state"]["S"])
        self._check_version(after)
        if image_id in self.dead and state is not State.DELETED:
            self.violate(f"a deleted photograph is {state} again")
        if state in NAMES and (before is None or before["state"] != after["state"]):
            self.changes.append((NAMES[state], image_id, int(after["rev"]["N"])))
        shard = crc32(image_id.encode()) % SHARDS
        self._stream[shard].append((next(self._numbers), before, after))
        self.scheduler.after(1, lambda: self._poll_shard(shard))

    def _check_version(self, after: Item) -> None:
        """See that a record names the version that it describes."""
        if after["state"]["S"] not in DESCRIBED or "version_id" not in after:
            return
        versions = self.s3.versions.get(after["key"]["S"], ())
        for version in versions:
            if version.id == after["version_id"]["S"]:
                digest = hashlib.sha256(version.body or b"").hexdigest()
                if digest != after["sha256"]["S"]:
                    self.violate("a record names another version than it describes")

    def _poll_shard(self, shard: int) -> None:
        waiting = self._stream[shard]
        if self._is_taken[shard] or not waiting:
            return
        if self.indexer.is_busy:
            self.scheduler.after(1, lambda: self._poll_shard(shard))
            return
        batch = waiting[: self.scheduler.random.randint(1, 6)]
        event = {"Records": [_stream_record(*one) for one in batch]}
        self._is_taken[shard] = True

        numbers = [number for number, _, _ in batch]

        def ended(told: Any, error: BaseException | None) -> None:
            failed = (
                [int(one["itemIdentifier"]) for one in told["batchItemFailures"]] if told else []
            )
            first = numbers[0] if error else min(failed, default=numbers[-1] + 1)
            self._stream[shard] = [one for one in self._stream[shard] if one[0] >= first]
            self._is_taken[shard] = False
            self.scheduler.after(1 if first > numbers[-1] else 20, lambda: self._poll_shard(shard))

        self.indexer.begin(event, ended)

    # The API -------------------------------------------------------------------------------------

    @staticmethod
    def _answer(
        held: bootstrap.Repository, request: tuple[str, str, str, bytes], _: Callable[[], int]
    ) -> Answer:
        method, target, token, body = request
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        try:
            told = _GATEWAY.handle_request(method, target, headers, body)
        except Exception as error:
            if (status := getattr(error, "CODE", None)) is None:
                raise
            return Answer(int(status))
        text = told["body"]
        return Answer(told["statusCode"], json.loads(text) if text else None)

    @staticmethod
    def _settle(held: bootstrap.Repository, event: Any, remaining: Callable[[], int]) -> None:
        """Do what is scheduled, which must fail by nothing but a service that does not answer."""
        context = _Context(remaining)
        scheduled: Mapping[str, Any] = dict.fromkeys(
            ("version", "id", "detail-type", "source", "account", "time", "region"), ""
        )
        entry_point.settle_what_is_due({**scheduled, "resources": [], "detail": {}}, context)

    def settle(self) -> None:
        """Run what is scheduled, and wait for it."""
        try:
            self.scheduler.join(self.due.begin({}, lambda *_: None))
        except (Killed, ImageRepoError):
            return  # the next one makes up for it


@dataclass(frozen=True)
class _Context:
    get_remaining_time_in_millis: Callable[[], int]
    function_name: str = "due"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn"
    aws_request_id: str = "request"


def _stream_record(number: int, before: Item | None, after: Item) -> dict[str, Any]:
    told = {"SequenceNumber": str(number), "NewImage": in_event(after)}
    return {"dynamodb": told | ({"OldImage": in_event(before)} if before else {})}
