"""A table restored from a point in time is indexed as it is, whatever was indexed before it."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.catalogue.dynamodb import DynamoCatalogue
from chalicelib.errors import NotFound, SearchUnavailable
from chalicelib.images import Caption, Image, Source, State
from chalicelib.reindexing import AutomaticReindexing, RunStateStore
from chalicelib.search.conditions import Living
from chalicelib.search.execution import Searcher
from chalicelib.search.opensearch import OpenSearchIndex, RebuildingIndex, RetryingClient
from chalicelib.search.port import Document, RebuildableIndex, Retrieval, document_of
from chalicelib.search.replicated import IndexWriter, PublishedIndex, S3IndexStore
from chalicelib.storage import S3Storage
from indexer.bootstrap import documents
from tests.images_table import counts_table, images_table
from tests.opensearch import IMPATIENT, needs_opensearch, own_prefix, shared_client

BUCKET = "photographs"


class Inline:
    """Does at once what an invoked function would do; the run's state in the bucket tells of it."""

    def __init__(self, system: "System") -> None:
        self._system = system

    def start(self, run_id: str, *, roll_back: bool = False, unless_running: bool = False) -> None:
        assert unless_running and not roll_back
        self._system.reindex(run_id)


@dataclass
class System:
    """A table, indexer and reader of one deployment; the bucket and the engine outlive it.

    Attributes
    ----------
    prefix
        Of its indexes on OpenSearch; None where the index is published.
    is_cut
        Whether a reading of the catalogue fails at its end.
    """

    clients: dict[str, Any]
    table: str
    prefix: str | None
    is_cut: bool = False

    def __post_init__(self) -> None:
        self.catalogue = DynamoCatalogue(self.clients["dynamodb"], self.table, "counts")
        self.runs = RunStateStore(S3Storage(self.clients["s3"], BUCKET))
        self.index, self.reader = self._embedded() if self.prefix is None else self._cluster()

    def process(self) -> RebuildableIndex:
        """Return the index of another process of the indexer."""
        return (self._embedded() if self.prefix is None else self._cluster())[0]

    def reindex(self, run_id: str = "asked") -> int:
        return self.runs.run(run_id, roll_back=False, work=self.process().rebuild)

    def everything(self, after: str | None = None) -> Iterator[Document]:
        yield from documents(self.catalogue, after)
        if self.is_cut:
            raise SearchUnavailable("cut off")

    def save(self, name: str, text: str, state: State = State.CAPTIONED) -> None:
        """Write a record, and let the stream deliver it."""
        held = self.catalogue.get(name)
        image = held or Image(name, "ann", BUCKET, f"uploads/ann/{name}.jpg")
        changed = replace(image, state=state, caption=Caption(text, Source.USER))
        stored = self.catalogue.save(changed, expected_rev=image.rev)
        assert self.index.apply([document_of(stored)]) == ()

    def check(self) -> None:
        """Hold the index against the catalogue, record by record."""
        if self.prefix is not None:
            shared_client().indices.refresh(index=self.prefix)
        reader = (self._embedded() if self.prefix is None else self._cluster())[1]
        (found,) = reader.view().retrieve([Retrieval(Living(), size=1_000, stored=True)])
        told = {one.image_id: one.text for one in found.stored.values()}
        records = map(document_of, self.catalogue.scan())
        assert told == {one.image_id: one.text for one in records if not one.deleted}

    def _embedded(self) -> tuple[RebuildableIndex, Searcher]:
        store = S3IndexStore(self.clients["s3"], BUCKET)
        writer = IndexWriter(store, self.everything, catalogue=self.table)
        return writer, PublishedIndex(store, catalogue=self.table)

    def _cluster(self) -> tuple[RebuildableIndex, Searcher]:
        index = OpenSearchIndex(
            RetryingClient(shared_client(), IMPATIENT),
            prefix=str(self.prefix),
            catalogue=self.table,
            refresh="true",
        )
        automatic = AutomaticReindexing(lambda: None, Inline(self))
        return RebuildingIndex(index, self.everything, automatic, batch=1), index


@pytest.fixture(params=["embedded", pytest.param("opensearch", marks=needs_opensearch)])
def system(request: pytest.FixtureRequest) -> Iterator[System]:
    """Yield a deployment whose table was restored from before its last changes, and is indexed."""
    names = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    own = own_prefix() if request.param == "opensearch" else nullcontext()
    with mock_aws(), own as prefix:
        clients = {name: boto3.client(name, "us-east-1", **names) for name in ("dynamodb", "s3")}  # type: ignore[call-overload]
        clients["s3"].create_bucket(Bucket=BUCKET)
        clients["dynamodb"].create_table(**images_table("images"))
        clients["dynamodb"].create_table(**counts_table("counts"))
        yield System(clients, "images", prefix)


def restored(system: System) -> System:
    """Let much happen after a backup, and return a deployment of the table restored from it."""
    for name in ("edited", "deleted", "as it was"):
        system.save(name, "before")
    system.save("gone", "before", State.DELETED)
    system.clients["dynamodb"].restore_table_to_point_in_time(
        SourceTableName="images", TargetTableName="restored", UseLatestRestorableTime=True
    )
    for n in range(3):
        system.save("edited", f"after {n}")
        system.save("since", f"after {n}")
    system.save("deleted", "after", State.DELETED)
    system.save("gone", "after")
    system.check()
    return System(system.clients, "restored", system.prefix)


@pytest.mark.fault(37)
def test_after_a_re_index_the_index_is_the_restored_table(system: System) -> None:
    now = restored(system)
    assert now.reindex() == 4
    now.check()
    now.save("edited", "once more")  # at a lower revision than the former table had
    now.save("new", "new")
    now.check()


@pytest.mark.fault(37)
def test_the_first_write_has_the_restored_table_indexed(system: System) -> None:
    now = restored(system)
    now.save("edited", "once more")
    now.check()


@pytest.mark.fault(37)
def test_there_is_no_way_back_to_the_index_of_the_former_table(system: System) -> None:
    now = restored(system)
    now.reindex()
    with pytest.raises(NotFound, match="table"):
        now.process().roll_back()
    now.check()
    now.reindex()
    assert now.process().roll_back() == 4
    now.check()


@pytest.mark.fault(37)
def test_an_interrupted_re_index_of_the_former_table_is_not_resumed(system: System) -> None:
    now = restored(system)
    system.is_cut = True
    with pytest.raises(SearchUnavailable):
        system.reindex("cut")
    now.reindex()
    now.check()


def test_a_process_that_missed_a_re_index_takes_lower_revisions_in(system: System) -> None:
    """As after a table was restored under the name that it had."""
    for n in range(3):
        system.save("edited", f"text {n}")
    key = {"image_id": {"S": "edited"}}
    system.clients["dynamodb"].delete_item(TableName="images", Key=key)
    assert system.reindex() == 0
    system.save("edited", "at the first revision")
    system.check()
