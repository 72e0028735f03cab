"""Wires the services with their adapters: the deployed ones here, others by whoever tests."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from chalicelib.access import TOKEN_PREFIX, Caller, Tokens, TokenStore
from chalicelib.api.collection import Collection
from chalicelib.api.cross_origin import CrossOrigin
from chalicelib.api.entering import Entering
from chalicelib.api.reviewing import Reviewing
from chalicelib.api.searching import SearchService
from chalicelib.api.signing_in import SignIn
from chalicelib.api.tokens import TokenAdministration
from chalicelib.api.upkeep import Upkeep
from chalicelib.catalogue import Catalogue
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.dead_letters import DeadLetters
from chalicelib.deadline import Deadline
from chalicelib.encoder import Encoder, QueryEncoder, TextEncoder
from chalicelib.imports import Imports
from chalicelib.ingest import EventRecorder
from chalicelib.names import EMBEDDED
from chalicelib.queue import DeadLetterQueue, Queue, SqsDeadLetters, SqsQueue
from chalicelib.rebuild import Rebuild
from chalicelib.reconciling.counting import Counting
from chalicelib.reconciling.index import IndexRepair, LambdaIndexRepair
from chalicelib.reconciling.reconciler import Reconciler
from chalicelib.reconciling.report import ReportStore
from chalicelib.reconciling.starting import LambdaReconciling, Reconciling
from chalicelib.recounting import AutomaticRecounting, Recounting
from chalicelib.reindexing import (
    AutomaticReindexing,
    LambdaReindexing,
    Reindexing,
    RunStateStore,
)
from chalicelib.search.port import Searching as SearchEngine
from chalicelib.search.replicated import PublishedIndex, S3IndexStore
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage, Storage

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Exponential back-off with jitter: botocore's standard mode. All tries of one call fit into
# `REQUEST_SECONDS`, and where other calls came before it, `Deadline` lets fewer be sent.
CONFIGURATION = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=4
)
# The reconciler waits for the indexer, which may have to start and to open its index; while that
# works on the stream, Lambda refuses another call (429), which is tried again.
PATIENT = CONFIGURATION.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 8}, read_timeout=120)
)
# A function of the image takes seconds to start.
ENCODER_CONFIGURATION = CONFIGURATION.merge(
    Config(retries={"mode": "standard", "total_max_attempts": 2}, read_timeout=9)
)
ENGINE_SECONDS = 4.0
ENGINE_TRIES = 3
# Presigned URLs of the former signature cannot say how a browser should save the file. By default
# botocore presigns for the global host, which redirects a new bucket's requests (307) for up to a
# day and refuses those of regions launched after March 2019 (400); a browser's CORS preflight
# follows no redirect:
# https://repost.aws/knowledge-center/s3-http-307-response
# https://docs.aws.amazon.com/AmazonS3/latest/API/UsingRouting.html
S3_CONFIGURATION = CONFIGURATION.merge(
    Config(
        signature_version="s3v4",
        s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
    )
)


@dataclass(frozen=True, slots=True)
class Repository:
    """Everything the API's routes and the scheduled function work with."""

    storage: Storage
    tokens: Tokens
    cross_origin: CrossOrigin
    collection: Collection
    entering: Entering
    searching: SearchService
    reviewing: Reviewing
    upkeep: Upkeep
    token_administration: TokenAdministration
    dead_letters: DeadLetters
    reconciler: Reconciler
    sign_in: SignIn | None

    def caller(self, token: str) -> Caller | None:
        """Return who a token of the table, or the identity provider's, stands for."""
        if self.sign_in is None or token.startswith(TOKEN_PREFIX):
            return self.tokens.caller(token)
        return self.sign_in.caller(token)


def _now() -> datetime:
    return datetime.now(UTC)


def assemble(
    settings: Settings,
    *,
    catalogue: Catalogue,
    storage: Storage,
    index: SearchEngine,
    encoder: Encoder,
    tokens: Tokens,
    queue: Queue,
    dead_letters: DeadLetterQueue,
    reindexing: Reindexing,
    recounting: Recounting,
    reconciling: Reconciling,
    index_repair: IndexRepair,
    sleep: Callable[[float], None] = time.sleep,
    sign_in: SignIn | None = None,
    clock: Callable[[], datetime] = _now,
    executor: Callable[[int], Executor] = ThreadPoolExecutor,
) -> Repository:
    """Return the services, given their adapters.

    ``clock`` tells the time, and ``executor`` makes a pool for so many calls at once.
    """
    imports = Imports(catalogue, storage, queue, clock)
    recorder = EventRecorder(catalogue, storage, clock=clock)
    return Repository(
        storage=storage,
        tokens=tokens,
        cross_origin=CrossOrigin.of(settings.cors_origins),
        collection=Collection(
            catalogue, storage, index, AutomaticRecounting(recounting, clock), clock
        ),
        entering=Entering(catalogue, storage, settings.max_upload_bytes, clock),
        searching=SearchService(catalogue, storage, index, encoder, settings.max_query_image_bytes),
        reviewing=Reviewing(catalogue, storage, index, encoder),
        upkeep=Upkeep(
            Rebuild(catalogue, storage, queue),
            reindexing,
            recounting,
            RunStateStore(storage, clock),
            imports,
            reconciling,
            ReportStore(storage),
        ),
        token_administration=TokenAdministration(tokens),
        dead_letters=DeadLetters(dead_letters, recorder, imports, settings.bucket),
        reconciler=Reconciler(
            catalogue,
            storage,
            queue,
            index_repair,
            Counting(recounting, RecountProgress(storage, clock), clock, sleep),
            reindexing,
            clock,
            executor,
        ),
        sign_in=sign_in,
    )


class Provider:
    """Holds the repository that the entry point works with.

    Parameters
    ----------
    load_text
        Loads the model's text encoder.

    Attributes
    ----------
    deadline
        Of the request that is worked on: whoever receives one begins it.
    """

    def __init__(self, load_text: Callable[[], TextEncoder]) -> None:
        self._load_text = load_text
        self.deadline = Deadline()

    @cached_property
    def repository(self) -> Repository:
        """Connected at the first use; tests set another and delete it.

        Raises
        ------
        ValueError
            The environment lacks a setting, or has one that cannot be.
        """
        return connect(Settings.from_environment(), self._load_text, self.deadline)


def connect(
    settings: Settings, load_text: Callable[[], TextEncoder], deadline: Deadline
) -> Repository:
    """Return the services with the deployed adapters.

    Parameters
    ----------
    load_text
        Loads the model's text encoder.
    deadline
        That every adapter keeps to.

    Raises
    ------
    ValueError
        The settings name a search engine and not where it is.
    """
    dynamodb = boto3.client("dynamodb", config=CONFIGURATION)
    s3 = boto3.client("s3", config=S3_CONFIGURATION)
    lambda_ = boto3.client("lambda", config=CONFIGURATION)
    encoders = boto3.client("lambda", config=ENCODER_CONFIGURATION)
    sqs = boto3.client("sqs", config=CONFIGURATION)
    for client in (dynamodb, s3, lambda_, encoders, sqs):
        deadline.hold(client)
    storage = S3Storage(s3, settings.bucket)
    reindexing = LambdaReindexing(lambda_, settings.indexer_function)
    automatic = AutomaticReindexing(RunStateStore(storage).newest, reindexing)
    return assemble(
        settings,
        catalogue=DynamoCatalogue(dynamodb, settings.table, settings.counts_table),
        storage=storage,
        index=_engine(settings, s3, automatic, deadline),
        encoder=QueryEncoder(load_text, encoders, settings.encoder_function),
        tokens=TokenStore(dynamodb, settings.tokens_table),
        queue=SqsQueue(sqs, settings.queue_url),
        dead_letters=SqsDeadLetters(sqs, settings.dead_letter_queue_url),
        reindexing=reindexing,
        recounting=reindexing,
        reconciling=LambdaReconciling(lambda_, settings.reconciler_function),
        index_repair=LambdaIndexRepair(
            lambda: boto3.client("lambda", config=PATIENT), settings.indexer_function
        ),
        sign_in=SignIn.of(settings),
    )


def _engine(
    settings: Settings, s3: "S3Client", automatic: AutomaticReindexing, deadline: Deadline
) -> SearchEngine:
    if settings.search == EMBEDDED:
        store = S3IndexStore(s3, settings.bucket)
        return PublishedIndex(store, automatic.start, catalogue=settings.table)
    # Its client takes 150 ms to import, which the embedded engine need not wait for.
    from chalicelib.search import opensearch  # noqa: PLC0415

    client = opensearch.RetryingClient(
        opensearch.connect(settings.search_endpoint, ENGINE_SECONDS),
        opensearch.BackOff(tries=ENGINE_TRIES),
        # Of a connection, and of the answer.
        may_send=lambda: deadline.allows(2 * ENGINE_SECONDS),
    )
    return opensearch.OpenSearchIndex(client, catalogue=settings.table, on_outdated=automatic.start)
