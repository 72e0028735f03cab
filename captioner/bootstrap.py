"""What the functions are made of, from the environment."""

from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import boto3
from botocore.config import Config

from captioner.batch import BatchProcessor, Metrics
from captioner.doubts import Doubts, Rates
from captioner.isolation import IsolatedReader
from captioner.preparing import prepare, version_of
from captioner.queries import Queries
from captioner.vision.bundle import DEFAULT_BUNDLE, load
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.imports import Imports
from chalicelib.ingest import Ingest
from chalicelib.queue import SqsQueue
from chalicelib.settings import Settings
from chalicelib.storage import S3Storage

# Standard mode waits exponentially and with jitter between its tries.
_RETRIES = Config(retries={"mode": "standard", "total_max_attempts": 5}, connect_timeout=5)

# For more than half of a photograph's time one core is at work, or AWS is waited for; the function
# has nearly two.
WORKERS = 2


class Telemetry(Metrics, Rates, Protocol):
    """Where outcomes and the share of doubtful captions are kept."""


def bootstrap(settings: Settings, metrics: Telemetry) -> tuple[BatchProcessor, Queries]:
    """Wire the adapters: the captioner's work and the encoder's; one image serves both.

    Raises
    ------
    BundleError
        The model's bundle is missing, damaged or of another version.
    """
    model = load(DEFAULT_BUNDLE)
    read = IsolatedReader(max_pixels=settings.max_pixels)
    storage = S3Storage(boto3.client("s3", config=_RETRIES), settings.bucket)
    dynamodb = boto3.client("dynamodb", config=_RETRIES)
    catalogue = DynamoCatalogue(dynamodb, settings.table, settings.counts_table)
    queue = SqsQueue(boto3.client("sqs", config=_RETRIES), settings.queue_url)
    now = partial(datetime.now, UTC)
    described = partial(
        prepare,
        read=read,
        describe=model.describe,
        keep_position=settings.keep_position,
        space=model.space,
    )
    ingest = Ingest(
        catalogue,
        storage,
        Doubts(described, metrics),
        model=version_of(model),
        clock=now,
        max_bytes=settings.max_upload_bytes,
    )
    imports = Imports(catalogue, storage, queue, now)
    queries = Queries(
        model,
        storage,
        read,
        max_query_bytes=settings.max_query_image_bytes,
        max_stored_bytes=settings.max_upload_bytes,
    )
    batch = BatchProcessor(ingest, imports, metrics, queue, bucket=settings.bucket, workers=WORKERS)
    return batch, queries
