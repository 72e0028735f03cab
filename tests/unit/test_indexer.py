"""The indexer: stream batches into the index, then events."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from moto import mock_aws

from chalicelib.catalogue.dynamodb import item_of
from chalicelib.catalogue.recount import Recounted
from chalicelib.errors import RevisionConflict, SearchUnavailable, Unavailable
from chalicelib.images import Caption, Image, Source, State
from chalicelib.reconciling.index import Repairing
from chalicelib.reindexing import Progress, RunStateStore, Stage
from chalicelib.search import Query
from chalicelib.search.replicated import IndexWriter, PublishedIndex
from chalicelib.settings import Settings
from indexer.batch import Indexer, Taken
from indexer.bootstrap import bootstrap, documents
from indexer.changes import EventBus
from indexer.handler import answer
from tests.memory.catalogue import MemoryCatalogue
from tests.memory.events import MemoryEvents
from tests.memory.index_store import MemoryIndexStore
from tests.memory.storage import MemoryStorage

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
PENDING = Image("a", "ann", "bucket", "uploads/ann/a.jpg", rev=1, created_at=MOMENT)
CAPTIONED = replace(
    PENDING, rev=2, state=State.CAPTIONED, caption=Caption("a dog", Source.MODEL, "slim@1", 0.9)
)
DELETED = replace(PENDING, rev=3, state=State.DELETED)
EVENT: Any = {"Source": "image-repo", "DetailType": "ImageCaptioned", "Detail": "{}"}


class NotedRecount:
    """Notes that it was asked to count, and is refused where a test wants."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.refusal: Exception | None = None

    def run(self, run_id: str, *, unless_running: bool = False) -> Recounted:
        if self.refusal:
            raise self.refusal
        self.asked.append((run_id, unless_running))
        return Recounted(records=7, corrected=1)


class Bench:
    """An indexer with everything it talks to."""

    def __init__(self) -> None:
        self.store = MemoryIndexStore()
        self.catalogue = MemoryCatalogue()
        self.events = MemoryEvents()
        index = IndexWriter(self.store, lambda: documents(self.catalogue))
        self.runs = RunStateStore(MemoryStorage())
        bus = EventBus(self.events, "bus")  # type: ignore[arg-type]
        self.counting = NotedRecount()
        repairing = Repairing(index, self.catalogue)
        self.indexer = Indexer(index, bus, self.runs, self.counting, repairing)  # type: ignore[arg-type]

    def deliver(self, *records: Mapping[str, Any]) -> list[str]:
        response = answer(self.indexer, {"Records": records})
        return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]

    def found(self, text: str = "dog") -> set[str]:
        results = PublishedIndex(self.store).search(Query(None, text=text, limit=100))
        return {hit.image_id for hit in results.hits}

    def told(self) -> list[str]:
        return [event["DetailType"] for event in self.events.published]

    def detail(self) -> dict[str, Any]:
        """Return the detail of the last event."""
        return dict(json.loads(self.events.published[-1]["Detail"]))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def record(number: int, before: Image | None, after: Image | None) -> dict[str, Any]:
    images = {"OldImage": before, "NewImage": after}
    stream = {name: item_of(image) for name, image in images.items() if image is not None}
    return {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": str(number), **stream}}


def test_a_captioned_photograph_is_searchable_and_told(bench: Bench) -> None:
    assert bench.deliver(record(1, None, PENDING), record(2, PENDING, CAPTIONED)) == []
    assert bench.found() == {"a"}
    (event,) = bench.events.published
    names = {"EventBusName": "bus", "Source": "image-repo", "DetailType": "ImageCaptioned"}
    assert event == names | {"Detail": event["Detail"]}
    assert bench.detail() == {
        "image_id": "a",
        "owner": "ann",
        "key": "uploads/ann/a.jpg",
        "rev": 2,
        "state": "captioned",
        "reason": None,
    }


def test_a_deleted_photograph_is_gone_and_told(bench: Bench) -> None:
    bench.deliver(record(1, PENDING, CAPTIONED), record(2, CAPTIONED, DELETED))
    assert bench.found() == set()
    assert bench.told() == ["ImageCaptioned", "ImageDeleted"]


def test_into_the_trash_a_photograph_goes_like_a_deleted_one_and_comes_out_like_a_new_one(
    bench: Bench,
) -> None:
    there = replace(CAPTIONED, rev=3, trashed_at=MOMENT, reason="so it was")
    bench.deliver(record(1, PENDING, CAPTIONED), record(2, CAPTIONED, there))
    assert bench.found() == set()
    assert bench.told() == ["ImageCaptioned", "ImageDeleted"]
    assert (bench.detail()["state"], bench.detail()["reason"]) == ("deleted", None)
    bench.deliver(record(3, there, replace(CAPTIONED, rev=4)))
    assert bench.found() == {"a"}
    assert bench.told()[2:] == ["ImageCaptioned"]


def test_of_what_is_in_the_trash_nothing_more_is_told(bench: Bench) -> None:
    there = replace(CAPTIONED, rev=3, trashed_at=MOMENT)
    late = replace(there, rev=4, state=State.FAILED, reason="not an image")
    bench.deliver(record(1, there, late), record(2, late, replace(DELETED, rev=5)))
    assert bench.told() == []


def test_an_item_removed_from_the_table_is_gone_too(bench: Bench) -> None:
    unsure = replace(CAPTIONED, state=State.NEEDS_REVIEW, reason="the model is not sure")
    bench.deliver(record(1, PENDING, unsure))
    assert bench.deliver(record(2, unsure, None)) == []
    assert bench.found() == set()
    assert bench.told() == ["ImageDeleted"]
    assert bench.detail()["reason"] is None


def test_a_failed_photograph_is_told_and_not_searchable(bench: Bench) -> None:
    failed = replace(PENDING, rev=2, state=State.FAILED, reason="not an image")
    bench.deliver(record(1, PENDING, failed))
    assert bench.found() == set()
    assert bench.detail()["reason"] == "not an image"


def test_an_edit_is_searchable_and_not_told(bench: Bench) -> None:
    edited = replace(CAPTIONED, rev=3, caption=Caption("a cat", Source.USER))
    bench.deliver(record(1, PENDING, CAPTIONED), record(2, CAPTIONED, edited))
    assert bench.found("cat") == {"a"}
    assert bench.found() == set()
    assert bench.told() == ["ImageCaptioned"]


def test_a_batch_delivered_twice_and_out_of_order_ends_the_same(bench: Bench) -> None:
    batch = [record(1, PENDING, CAPTIONED), record(2, CAPTIONED, DELETED)]
    bench.deliver(*batch)
    bench.deliver(*batch)
    bench.deliver(batch[0])
    assert bench.found() == set()


def test_records_that_nothing_can_read_are_left_out_and_hold_up_no_other(bench: Bench) -> None:
    poison = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "7", "NewImage": {"x": {}}}}
    odd = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "8", "NewImage": [None]}}
    bare = {"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "9"}}
    assert bench.deliver(poison, odd, record(10, PENDING, CAPTIONED), bare) == []
    assert bench.found() == {"a"}
    assert bench.told() == ["ImageCaptioned"]


def test_a_record_that_no_index_can_hold_is_left_out_and_told_of(bench: Bench) -> None:
    broken = replace(CAPTIONED, image_id="b", visual=b"short")
    records = [record(1, None, broken), record(2, PENDING, CAPTIONED)]
    assert bench.indexer.take(records) == Taken(1, 1, [])
    assert bench.found() == {"a"}
    assert bench.told() == ["ImageCaptioned", "ImageCaptioned"]


def test_while_the_index_is_down_the_whole_batch_is_delivered_again(bench: Bench) -> None:
    bench.store.down = True
    with pytest.raises(SearchUnavailable):
        bench.deliver(record(1, PENDING, CAPTIONED))
    assert bench.told() == []
    bench.store.down = False
    assert bench.deliver(record(1, PENDING, CAPTIONED)) == []
    assert (bench.found(), bench.told()) == ({"a"}, ["ImageCaptioned"])


def test_events_that_could_not_be_told_lose_no_index_and_are_told_again(bench: Bench) -> None:
    bench.events.down = True
    batch = [record(1, None, PENDING), record(2, PENDING, CAPTIONED)]
    assert bench.deliver(*batch) == ["2"]
    assert bench.found() == {"a"}
    bench.events.down = False
    assert bench.deliver(*batch) == []
    assert bench.told() == ["ImageCaptioned"]


def test_the_index_rebuilt_from_the_catalogue_is_the_index_streamed(bench: Bench) -> None:
    records: list[dict[str, Any]] = []
    for number in range(40):
        first = replace(PENDING, image_id=f"{number:02}", rev=0)
        before = bench.catalogue.save(first, expected_rev=0)
        states = [State.CAPTIONED, State.DELETED] if number % 3 == 0 else [State.CAPTIONED]
        records.append(record(len(records), None, before))
        for state in states:
            caption = Caption(f"dog {number}", Source.MODEL)
            changed = replace(before, state=state, caption=caption)
            after = bench.catalogue.save(changed, expected_rev=before.rev)
            records.append(record(len(records), before, after))
            before = after
    bench.deliver(*records)
    streamed = bench.found()
    assert len(streamed) == 26
    assert answer(bench.indexer, {"reindex": {}}) == {"records": 40}
    assert bench.found() == streamed
    bench.store.held = None
    bench.store.stored.clear()
    assert IndexWriter(bench.store, lambda: documents(bench.catalogue)).rebuild() == 40
    assert bench.found() == streamed
    bench.deliver(*records)
    assert bench.found() == streamed


def test_a_reindex_is_written_down_from_its_beginning_to_its_end(bench: Bench) -> None:
    bench.catalogue.save(replace(PENDING, rev=0), expected_rev=0)
    answer(bench.indexer, {"reindex": {"id": "seven"}})
    run = bench.runs.newest()
    assert run is not None
    assert (run.run_id, run.stage, run.records) == ("seven", Stage.FINISHED, 1)


def test_a_way_back_that_there_is_not_is_written_down_and_not_tried_again(bench: Bench) -> None:
    assert answer(bench.indexer, {"reindex": {"id": "8", "roll_back": True}}) == {"records": 0}
    run = bench.runs.newest()
    assert run is not None
    assert (run.stage, run.roll_back) == (Stage.FAILED, True)
    assert "no former search index" in str(run.reason)


def test_a_run_that_nobody_asked_for_leaves_another_alone(bench: Bench) -> None:
    bench.catalogue.save(replace(PENDING, rev=0), expected_rev=0)
    asked = {"id": "automatic", "unless_running": True}

    def work(progress: Progress) -> int:
        assert answer(bench.indexer, {"reindex": asked}) == {"records": 0}
        return 7

    assert bench.runs.run("seven", roll_back=False, work=work) == 7
    assert answer(bench.indexer, {"reindex": asked}) == {"records": 1}


def test_a_run_that_was_cut_goes_on_when_lambda_tries_its_request_again(bench: Bench) -> None:
    bench.catalogue.save(replace(PENDING, rev=0), expected_rev=0)
    asked = {"id": "automatic", "unless_running": True}

    def cut(progress: Progress) -> int:
        raise KeyboardInterrupt  # as where the process ends: nothing writes the run's end

    with pytest.raises(KeyboardInterrupt):
        bench.runs.run("automatic", roll_back=False, work=cut)
    assert answer(bench.indexer, {"reindex": asked}) == {"records": 1}


def test_a_recount_is_done_or_left_to_the_one_that_is_under_way(bench: Bench) -> None:
    asked = {"recount": {"id": "one", "unless_running": True}}
    assert answer(bench.indexer, asked) == {"records": 7}
    assert bench.counting.asked == [("one", True)]
    bench.counting.refusal = RevisionConflict("another recount is running")
    assert answer(bench.indexer, asked) == {"records": 0}


def test_the_reconciler_is_told_what_is_published_and_has_the_rest_indexed(bench: Bench) -> None:
    held = {"reconcile": {"after": None}}
    assert answer(bench.indexer, held) == {"held": []}
    bench.catalogue.save(CAPTIONED, expected_rev=0)  # of which no stream tells
    mend = {"reconcile": {"mend": ["a"]}}
    nothing = {"indexed": 0, "removed": 0, "ahead": 0, "passed_over": 0}
    assert answer(bench.indexer, mend) == nothing | {"indexed": 1}
    assert answer(bench.indexer, mend) == nothing
    assert bench.found() == {"a"}
    assert answer(bench.indexer, held) == {"held": [["a", 1, False]]}
    assert answer(bench.indexer, {"reconcile": {"after": "a"}}) == {"held": []}


def test_events_reach_the_bus_in_tens() -> None:
    with mock_aws():
        client = boto3.client(
            "events", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        client.create_event_bus(Name="bus")
        EventBus(client, "bus").publish([EVENT] * 23)


class RefusingBus:
    """A client of a bus that accepts the call and refuses an entry."""

    def put_events(self, **_: object) -> dict[str, int]:
        return {"FailedEntryCount": 1}


def test_an_entry_the_bus_refused_is_an_error() -> None:
    with pytest.raises(Unavailable, match="refused"):
        EventBus(RefusingBus(), "bus").publish([EVENT])  # type: ignore[arg-type]


def test_the_indexer_does_not_start_without_a_bus() -> None:
    settings = Settings(bucket="photographs", table="images", tokens_table="tokens")
    with pytest.raises(ValueError, match="IMAGE_REPO_EVENT_BUS"):
        bootstrap(settings)
