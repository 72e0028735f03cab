"""Wires the services with their adapters: the deployed ones here, others by whoever tests."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import boto3
from botocore.config import Config

from chalicelib.access import Tokens, TokenStore
from chalicelib.api.collection import Collection
from chalicelib.api.overview import Overview
from chalicelib.api.searching import Searching
from chalicelib.catalogue import Catalogue
from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.encoder import Encoder, LambdaEncoder
from chalicelib.search import SearchIndex
from chalicelib.settings import Settings
from chalicelib.storage import Storage
from chalicelib.storage.s3 import S3Storage

# Exponential back-off with jitter: botocore's standard mode. API Gateway waits 29 s in all.
CONFIGURATION = Config(
    retries={"mode": "standard", "total_max_attempts": 4}, connect_timeout=2, read_timeout=20
)


@dataclass(frozen=True, slots=True)
class Repository:
    """Everything the API's routes work with."""

    storage: Storage
    tokens: Tokens
    collection: Collection
    searching: Searching
    overview: Overview


def assembled(
    settings: Settings,
    *,
    catalogue: Catalogue,
    storage: Storage,
    index: SearchIndex,
    encoder: Encoder,
    tokens: Tokens,
) -> Repository:
    """Return the services, given their adapters."""
    return Repository(
        storage=storage,
        tokens=tokens,
        collection=Collection(catalogue, storage, settings.max_upload_bytes),
        searching=Searching(catalogue, index, encoder, settings.max_query_image_bytes),
        overview=Overview(catalogue, index),
    )


class Door:
    """Where the entry point gets its repository; tests leave another one here."""

    def __init__(self, connect: Callable[[Settings], Repository]) -> None:
        self._connect = connect
        self._repository: Repository | None = None

    def open(self, environment: Mapping[str, str]) -> Repository:
        """Return the repository, connected at the first call."""
        if self._repository is None:
            self._repository = self._connect(Settings.from_environment(environment))
        return self._repository

    def leave(self, repository: Repository | None) -> None:
        """Let the next call of ``open`` return this; None connects anew."""
        self._repository = repository


def connected(settings: Settings) -> Repository:
    """Return the services with the deployed adapters."""
    dynamodb = boto3.client("dynamodb", config=CONFIGURATION)
    storage = S3Storage(boto3.client("s3", config=CONFIGURATION), settings.bucket)
    lambda_ = boto3.client("lambda", config=CONFIGURATION)
    return assembled(
        settings,
        catalogue=DynamoCatalogue(dynamodb, settings.table),
        storage=storage,
        index=index_of(settings),
        encoder=LambdaEncoder(lambda_, settings.encoder_function),
        tokens=TokenStore(dynamodb, settings.tokens_table),
    )


def index_of(settings: Settings) -> SearchIndex:
    """Return the search engine the settings name."""
    raise ValueError(f"IMAGE_REPO_SEARCH is {settings.search!r}")


door = Door(connected)
