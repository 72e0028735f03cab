"""What the indexer is made of, from the environment."""

from collections.abc import Iterator

import boto3
from botocore.config import Config

from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.catalogue.port import Catalogue
from chalicelib.catalogue.progress import RecountProgress
from chalicelib.catalogue.recount import Recount
from chalicelib.catalogue.table import Table
from chalicelib.names import EMBEDDED
from chalicelib.reconciling.index import Repairing
from chalicelib.reindexing import AutomaticReindexing, LambdaReindexing, RunStateStore
from chalicelib.search.opensearch import OpenSearchIndex, RebuildingIndex, RetryingClient, connect
from chalicelib.search.port import Document, document_of
from chalicelib.search.replicated import IndexWriter, S3IndexStore
from chalicelib.settings import Settings, variable
from chalicelib.storage import S3Storage
from indexer.batch import Indexer
from indexer.changes import EventBus

# Standard mode waits exponentially and with jitter between its tries.
_ENGINE_SECONDS = 30.0
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5)


def bootstrap(settings: Settings) -> Indexer:
    """Wire the adapters.

    Raises
    ------
    ValueError
        They name no event bus, or a search engine and not where it is.
    """
    if not settings.event_bus:
        raise ValueError(f"environment lacks {variable('event_bus')}")
    dynamodb = boto3.client("dynamodb", config=_RETRIES)
    catalogue = DynamoCatalogue(dynamodb, settings.table, settings.counts_table)
    s3 = boto3.client("s3", config=_RETRIES)
    bus = EventBus(boto3.client("events", config=_RETRIES), settings.event_bus)
    storage = S3Storage(s3, settings.bucket)
    runs = RunStateStore(storage)
    tables = Table(dynamodb, settings.table), Table(dynamodb, settings.counts_table)
    counting = Recount(*tables, RecountProgress(storage))
    if settings.search == EMBEDDED:
        store = S3IndexStore(s3, settings.bucket)
        writer = IndexWriter(store, lambda: documents(catalogue), catalogue=settings.table)
        return Indexer(writer, bus, runs, counting, Repairing(writer, catalogue))
    itself = LambdaReindexing(boto3.client("lambda", config=_RETRIES), settings.indexer_function)
    index = RebuildingIndex(
        OpenSearchIndex(
            RetryingClient(connect(settings.search_endpoint, _ENGINE_SECONDS)),
            catalogue=settings.table,
        ),
        lambda after: documents(catalogue, after),
        AutomaticReindexing(runs.newest, itself),
    )
    return Indexer(index, bus, runs, counting, Repairing(index, catalogue))


def documents(catalogue: Catalogue, after: str | None = None) -> Iterator[Document]:
    """Yield what the index should hold of every record, or of those after one."""
    return map(document_of, catalogue.scan(after))
