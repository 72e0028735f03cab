"""What containers of the functions hold, wired as ``bootstrap`` wires it.

But for the clients, the clock, and pools of tasks for threads.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from captioner.batch import BatchProcessor
from chalicelib import bootstrap
from chalicelib.access import TokenStore
from chalicelib.catalogue.dynamodb import DynamoCatalogue, image_of
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.catalogue.recount import Recount
from chalicelib.catalogue.table import Table
from chalicelib.deadline import Deadline
from chalicelib.errors import ImageRepoError
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import SqsDeadLetters, SqsQueue
from chalicelib.reconciling.index import LambdaIndexRepair, Repairing
from chalicelib.reconciling.starting import LambdaReconciling
from chalicelib.reindexing import AutomaticReindexing, LambdaReindexing, RunStateStore
from chalicelib.search.execution import Searcher
from chalicelib.search.opensearch import BackOff, RebuildingIndex, RetryingClient
from chalicelib.search.port import Document, RebuildableIndex, document_of
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from chalicelib.search.replicated.manifest import Policy
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage
from indexer.batch import Indexer
from indexer.bootstrap import documents
from indexer.changes import EventBus
from tests.simulation.dynamodb import COUNTS, IMAGES, TOKENS, DynamoDB, Item
from tests.simulation.functions import Bus, Function
from tests.simulation.model import Encoder, prepare_with
from tests.simulation.opensearch import Cluster, SimulatedOpenSearch
from tests.simulation.s3 import Bucket
from tests.simulation.scheduler import Lock, Pool, Scheduler
from tests.simulation.services import BUCKET, DEAD_LETTERS, QUEUE, Client
from tests.simulation.sqs import Queues

_SETTINGS = Settings(bucket=BUCKET, table=IMAGES, tokens_table=TOKENS, counts_table=COUNTS)
_POLICY = Policy(runs=3, share=0.1, fewest=6, kept=4)  # so that parts are merged in a short history


@dataclass(frozen=True)
class Container:
    """What a container of the API holds."""

    repository: bootstrap.Repository
    deadline: Deadline


class Metrics:
    """Takes the captioner's; an error must be one that was foreseen."""

    def __init__(self, violate: Callable[[str], None]) -> None:
        self._violate = violate

    def count(self, what: str) -> None:
        """Take a metric."""

    def failed(self, message_id: str) -> None:
        """Take an error."""
        error = sys.exc_info()[1]
        if not isinstance(error, ImageRepoError):
            self._violate(f"the captioner raised {error!r}")


class Deployment:
    """Services, and what the functions make of them.

    Attributes
    ----------
    model
        ``name@version`` of the bundle that is deployed.
    cluster
        Of OpenSearch; None where the embedded engine is used.
    history
        Every record at each of its revisions.
    """

    scheduler: Scheduler
    s3: Bucket
    sqs: Queues
    dynamodb: DynamoDB
    bus: Bus
    cluster: Cluster | None
    indexer: Function
    reconciler: Function
    metrics: Metrics
    model: str
    history: dict[tuple[str, int], Item]

    def repository(self, deadline: Deadline | None = None) -> bootstrap.Repository:
        """Return the services of the API, whose calls keep to a deadline if there is one."""
        scheduler = self.scheduler
        client: Callable[[Any], Any] = partial(Client, scheduler=scheduler, deadline=deadline)
        storage = S3Storage(client(self.s3), BUCKET, scheduler.now)
        reindexing = LambdaReindexing(client(self.indexer), "indexer")
        automatic = self._automatic(storage, reindexing)
        return bootstrap.assemble(
            _SETTINGS,
            catalogue=DynamoCatalogue(client(self.dynamodb), IMAGES, COUNTS, scheduler.sleep),
            storage=storage,
            index=self._engine(client, automatic, deadline),
            encoder=Encoder(),
            tokens=self.tokens(),
            queue=SqsQueue(client(self.sqs), QUEUE),
            dead_letters=SqsDeadLetters(client(self.sqs), DEAD_LETTERS),
            reindexing=reindexing,
            recounting=reindexing,
            reconciling=LambdaReconciling(client(self.reconciler), "reconciler"),
            index_repair=LambdaIndexRepair(lambda: self._client(self.indexer), "indexer"),
            sleep=scheduler.sleep,
            clock=scheduler.now,
            executor=partial(Pool, scheduler),
        )

    def new_container(self) -> Container:
        """Return what a new container of the API holds, and its clients keep to."""
        deadline = Deadline(lambda: self.scheduler.seconds)
        return Container(self.repository(deadline), deadline)

    def _client(self, service: Any) -> Any:
        return Client(service, self.scheduler)

    def _automatic(self, storage: S3Storage, reindexing: LambdaReindexing) -> AutomaticReindexing:
        now = self.scheduler.now
        return AutomaticReindexing(RunStateStore(storage, now).newest, reindexing, now)

    def _engine(
        self,
        client: Callable[[Any], Any],
        automatic: AutomaticReindexing,
        deadline: Deadline | None,
    ) -> Searcher:
        if self.cluster is None:
            store = S3IndexStore(client(self.s3), BUCKET)
            return PublishedIndex(store, automatic.start, lambda: self.scheduler.seconds)
        seconds = 2 * bootstrap.ENGINE_SECONDS
        may_send = partial(deadline.allows, seconds) if deadline else lambda: True
        return self._opensearch(bootstrap.ENGINE_TRIES, automatic.start, may_send)

    def _opensearch(
        self,
        tries: int,
        on_outdated: Callable[[], None] = lambda: None,
        may_send: Callable[[], bool] = lambda: True,
    ) -> SimulatedOpenSearch:
        back_off = BackOff(tries, sleep=self.scheduler.sleep, random=self.scheduler.random.random)
        client = RetryingClient(self._client(self.cluster), back_off, may_send)
        return SimulatedOpenSearch(client, self._document, on_outdated=on_outdated)

    def _document(self, image_id: str, rev: int) -> Document:
        return document_of(image_of(self.history[image_id, rev]))

    def tokens(self) -> TokenStore:
        """Return the tokens, as a new process reads them."""
        client = self._client(self.dynamodb)
        return TokenStore(client, TOKENS, lambda: self.scheduler.now().timestamp())

    def _storage(self) -> S3Storage:
        return S3Storage(self._client(self.s3), BUCKET, self.scheduler.now)

    def _catalogue(self) -> DynamoCatalogue:
        return DynamoCatalogue(self._client(self.dynamodb), IMAGES, COUNTS, self.scheduler.sleep)

    def new_captioner(self) -> BatchProcessor:
        """Return what a new container of the captioner holds."""
        scheduler, catalogue, storage = self.scheduler, self._catalogue(), self._storage()
        queue = SqsQueue(self._client(self.sqs), QUEUE)
        ingest = Ingest(
            catalogue,
            storage,
            prepare_with(self.model, scheduler),
            model=self.model,
            clock=scheduler.now,
            max_bytes=1_000,
        )
        lock = partial(Lock, scheduler)
        imports = Imports(catalogue, storage, queue, scheduler.now, chunk=2, lock=lock)
        return BatchProcessor(
            ingest, imports, self.metrics, queue, BUCKET, 2, executor=partial(Pool, scheduler)
        )

    def new_indexer(self) -> Indexer:
        """Return what a new container of the indexer holds."""
        scheduler, catalogue, storage = self.scheduler, self._catalogue(), self._storage()
        table = partial(Table, self._client(self.dynamodb), sleep=scheduler.sleep)
        counting = Recount(
            table(IMAGES),
            table(COUNTS),
            RecountProgress(storage, scheduler.now),
            scheduler.sleep,
            lambda: scheduler.now().timestamp(),
        )
        index = self._writer(catalogue, storage)
        bus = EventBus(self._client(self.bus), "bus")
        runs = RunStateStore(storage, scheduler.now)
        return Indexer(index, bus, runs, counting, Repairing(index, catalogue))

    def _writer(self, catalogue: DynamoCatalogue, storage: S3Storage) -> RebuildableIndex:
        if self.cluster is None:
            store = S3IndexStore(self._client(self.s3), BUCKET)
            return IndexWriter(store, lambda: documents(catalogue), self.scheduler.now, _POLICY)
        itself = LambdaReindexing(self._client(self.indexer), "indexer")
        return RebuildingIndex(
            self._opensearch(tries=5),
            lambda after: documents(catalogue, after),
            self._automatic(storage, itself),
            batch=2,
        )
