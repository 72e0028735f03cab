"""What the indexer is made of, from the environment."""

from collections.abc import Iterator, Mapping

import boto3
from botocore.config import Config

from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.catalogue.port import Catalogue
from chalicelib.search.embedded import PublishingIndex, S3SnapshotStore
from chalicelib.search.port import Document, document_of
from chalicelib.settings import Settings
from indexer.announcing import EventBridge
from indexer.batch import Indexer

# Standard mode waits exponentially and with jitter between its tries.
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5)


def bootstrap(environment: Mapping[str, str]) -> Indexer:
    """Wire the adapters.

    Raises
    ------
    ValueError
        A variable is missing.
    """
    settings = Settings.from_environment(environment)
    if not settings.event_bus:
        raise ValueError("environment lacks IMAGE_REPO_EVENT_BUS")
    catalogue = DynamoCatalogue(boto3.client("dynamodb", config=_RETRIES), settings.table)
    store = S3SnapshotStore(boto3.client("s3", config=_RETRIES), settings.bucket)
    events = EventBridge(boto3.client("events", config=_RETRIES), settings.event_bus)
    return Indexer(PublishingIndex(store, lambda: documents(catalogue)), events)


def documents(catalogue: Catalogue) -> Iterator[Document]:
    """Yield what the index should hold of every record."""
    return map(document_of, catalogue.everything())
