"""The simulated services answer as moto's do: the adapters that are simulated meet both."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.errors import NotFound, RevisionConflict
from chalicelib.images import Image, State
from chalicelib.search.replicated import S3IndexStore
from chalicelib.search.replicated.store import ManifestConflict
from chalicelib.storage import S3Storage
from chalicelib.transitions import deleted, edited
from tests.images_table import counts_table, images_table
from tests.simulation.dynamodb import COUNTS, IMAGES, DynamoDB
from tests.simulation.s3 import Bucket
from tests.simulation.scheduler import START, Scheduler
from tests.simulation.services import BUCKET

KEYS = ("uploads/ann/a.jpg", "uploads/ann/b c+d.jpg", "derived/x/1.webp", "index/a")


@pytest.fixture
def clients() -> Iterator[tuple[Any, Any]]:
    """Yield moto's clients of S3 and DynamoDB, with what the stack has there."""
    with mock_aws():
        session = boto3.Session("test", "test", region_name="us-east-1")
        s3: Any = session.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        dynamodb: Any = session.client("dynamodb")
        dynamodb.create_table(**images_table(IMAGES))
        dynamodb.create_table(**counts_table(COUNTS))
        yield s3, dynamodb


class Walk:
    """Steps of chance through a bucket; what is seen there does not name versions."""

    def __init__(self, client: Any, seed: int) -> None:
        self._client = client
        self._random = Random(seed)
        self._storage = S3Storage(client, BUCKET)
        self._versions: list[tuple[str, str]] = []

    def step(self) -> object:
        key = self._random.choice(KEYS)
        match self._random.randrange(6):
            case 0 | 1:
                body = f"{self._random.random()}".encode()
                put = self._client.put_object(
                    Bucket=BUCKET, Key=key, Body=body, ContentType="text/plain"
                )
                self._versions.append((key, put["VersionId"]))
                return put["ETag"]
            case 2:
                self._storage.delete(key)
            case 3 if self._versions:
                key, version = self._random.choice(self._versions)
                self._client.delete_object(Bucket=BUCKET, Key=key, VersionId=version)
            case 4 if self._versions:
                key, version = self._random.choice(self._versions)
                return self._storage.read(key, version_id=version, limit=1_000)
        found = self._storage.head(key)
        listed = [(one.key, one.size, one.etag) for one in self._storage.objects("uploads/")]
        versions = self._storage.newest_versions("uploads/")
        newest = [(one.key, one.size, one.etag) for one in versions]
        read = self._storage.read(key, limit=1_000)
        return found and (found.size, found.etag), listed, newest, read


@pytest.mark.parametrize("seed", range(5))
def test_a_simulated_bucket_answers_as_motos(seed: int, clients: tuple[Any, Any]) -> None:
    simulated = Bucket(Scheduler("services"), lambda *_: None)
    one, other = Walk(simulated, seed), Walk(clients[0], seed)
    for _ in range(60):
        assert one.step() == other.step()


def test_a_simulated_bucket_refuses_the_same_manifests(clients: tuple[Any, Any]) -> None:
    simulated: Any = Bucket(Scheduler("services"), lambda *_: None)
    for client in (simulated, clients[0]):
        store = S3IndexStore(client, BUCKET)
        first = store.publish(b"{}", replacing=None)
        assert store.tag() == first
        with pytest.raises(ManifestConflict):
            store.publish(b"{}", replacing=None)
        second = store.publish(b"{ }", replacing=first)
        with pytest.raises(ManifestConflict):
            store.publish(b"{  }", replacing=first)
        assert store.tag() == second != first


def _written(catalogue: DynamoCatalogue, random: Random) -> object:
    """Write one record, and return what came of it and of all questions."""
    number = random.randrange(4)
    image_id, moment = f"id-{number}", START + timedelta(seconds=number)
    expected = random.randrange(4)
    states = [State.PENDING, State.CAPTIONED, State.FAILED]
    image = Image(
        image_id,
        "ann",
        BUCKET,
        f"uploads/ann/{image_id}",
        random.choice(states),
        created_at=moment,
        updated_at=moment,
    )
    image = edited(image, START, caption=f"{random.random()}")
    image = deleted(image, START) if random.random() < 0.2 else image
    try:
        saved: object = catalogue.save(image, expected_rev=expected).rev
    except (RevisionConflict, NotFound) as error:
        saved = type(error)
    page = catalogue.list("ann", state=random.choice([None, *states]), limit=2, cursor=None)
    listed = [sorted((one.image_id, one.rev) for one in page.items)]
    if page.cursor:
        more = catalogue.list("ann", state=None, limit=50, cursor=None)
        listed.append(sorted((one.image_id, one.rev) for one in more.items))
    scanned = sorted((one.image_id, one.rev, one.state) for one in catalogue.scan())
    return saved, listed, scanned, catalogue.counts("ann").states, catalogue.get(image_id)


@pytest.mark.parametrize("seed", range(5))
def test_a_simulated_table_answers_as_motos(seed: int, clients: tuple[Any, Any]) -> None:
    changes: list[Any] = []
    simulated: Any = DynamoDB(Scheduler("services"), lambda *change: changes.append(change))
    one, other = Random(seed), Random(seed)
    catalogues = [DynamoCatalogue(each, IMAGES, COUNTS) for each in (simulated, clients[1])]
    for _ in range(40):
        assert _written(catalogues[0], one) == _written(catalogues[1], other)
    assert all(before != after for before, after in changes)
