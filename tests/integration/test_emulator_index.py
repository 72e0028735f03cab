"""The embedded engine's one index in a bucket, and two processes of the indexer that write it."""

import multiprocessing
import time
from collections.abc import Iterator
from multiprocessing.process import BaseProcess

import pytest

from chalicelib.errors import SearchUnavailable
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from chalicelib.search.replicated.manifest import Manifest
from tests.buckets import client, s3_bucket
from tests.deployed import eventually
from tests.publishing import document, found

pytestmark = [pytest.mark.stack, pytest.mark.slow]

BUCKET, BATCHES = "indexed-by-two", 12
_PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture
def store(emulator: str) -> S3IndexStore:
    s3_bucket(BUCKET, emulator)
    return S3IndexStore(client("s3", emulator), BUCKET)


def take_in(url: str, name: str) -> None:
    """Take batches in, each until it is published, as the stream delivers them."""
    indexer = IndexWriter(S3IndexStore(client("s3", url), BUCKET), lambda: ())
    for batch in range(BATCHES):
        while not published(indexer, f"{name}{batch}"):
            time.sleep(0.05)


def published(indexer: IndexWriter, image_id: str) -> bool:
    try:
        return indexer.apply([document(image_id)]) == ()
    except SearchUnavailable:
        return False


def started(url: str, name: str) -> BaseProcess:
    process = _PROCESSES.Process(target=take_in, args=(url, name), daemon=True)
    process.start()
    return process


def images(names: str) -> Iterator[str]:
    return (f"{name}{batch}" for name in names for batch in range(BATCHES))


@pytest.mark.fault(27)
def test_two_processes_write_one_index_and_one_of_them_is_killed(
    emulator: str, store: S3IndexStore
) -> None:
    ash, birch = started(emulator, "a"), started(emulator, "b")
    reader = PublishedIndex(store)
    eventually(lambda: "b3" in found(reader))
    birch.kill()
    birch = started(emulator, "b")  # what it had not finished is delivered again
    for process in (ash, birch):
        process.join(120)
        assert process.exitcode == 0
    indexer = IndexWriter(store, lambda: ())
    assert {held.image_id for held in indexer.held(None, 100)} == {*images("ab")}
    standing = store.manifest()
    assert standing is not None
    manifest = Manifest.decoded(standing.content)
    named = {part.name for part in (manifest.base, *manifest.pending)}
    assert named <= {name for name, _ in store.parts()}
