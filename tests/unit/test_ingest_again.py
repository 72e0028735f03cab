"""A photograph that is taken in again: after a failure, a fix, or for another model."""

import pytest

from chalicelib.errors import StorageUnavailable
from chalicelib.images import Image, Prepared, State
from chalicelib.ingest import IngestOutcome
from chalicelib.transitions import deleted
from tests.ingesting import KEY, NOW, Room, created, prepared, removed
from tests.memory.catalogue import MemoryCatalogue


def test_a_redrive_skips_finished_work_and_force_does_not() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    assert room.ingest.created(created(None)) is IngestOutcome.DUPLICATE
    assert room.ingest.created(created(None, force=True)) is IngestOutcome.CAPTIONED
    record = room.record()
    assert (record.sequencer, record.version_id) == ("01", "v1")


def test_a_redrive_takes_up_what_another_model_did_and_a_replaced_file() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    assert room.with_model("net@2").created(created(None)) is IngestOutcome.CAPTIONED
    assert room.record().processed_by == "net@2"
    room.put(b"sits")
    assert room.with_model("net@2").created(created(None)) is IngestOutcome.CAPTIONED
    caption = room.record().caption
    assert caption and caption.text == "a brown dog sits"


def test_a_redrive_of_replaced_content_claims_no_version_it_did_not_read() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    room.put(b"sits")
    room.ingest.created(created(None))
    assert room.record().version_id is None
    assert room.ingest.created(created("02", "v2")) is IngestOutcome.CAPTIONED
    assert room.record().version_id == "v2"


def test_a_redrive_of_an_older_version_changes_nothing() -> None:
    room = Room()
    room.put(b"sits")
    room.put(b"runs")
    room.ingest.created(created("02", "v2"))
    assert room.ingest.created(created(None, "v1", force=True)) is IngestOutcome.STALE
    assert room.ingest.created(created(None, "v2", force=True)) is IngestOutcome.CAPTIONED


def test_a_redrive_resurrects_no_tombstone() -> None:
    room = Room()
    room.put(b"runs")
    room.delete()
    room.ingest.removed(removed("02"))
    assert room.ingest.created(created(None, force=True)) is IngestOutcome.STALE


def test_a_failure_is_told_and_tried_again_after_a_fix() -> None:
    room = Room()
    room.put(b"runs")
    event = created("01", "v1")
    assert room.ingest.fail(event, "captioning failed 3 times") is IngestOutcome.FAILED
    assert room.record().reason == "captioning failed 3 times"
    assert room.ingest.created(event) is IngestOutcome.CAPTIONED
    assert room.record().reason is None


class _CrashesAtTheWrite(MemoryCatalogue):
    def __init__(self) -> None:
        super().__init__()
        self.crashes = 1

    def save(self, image: Image, *, expected_rev: int) -> Image:
        if self.crashes:
            self.crashes -= 1
            raise StorageUnavailable("the process ended here")
        return super().save(image, expected_rev=expected_rev)


@pytest.mark.fault(7)
def test_a_crash_between_caption_and_write_is_made_good() -> None:
    room = Room()
    room.catalogue = _CrashesAtTheWrite()
    ingest = room.with_model("net@1")
    room.put(b"runs")
    with pytest.raises(StorageUnavailable):
        ingest.created(created("01", "v1"))
    assert ingest.created(created("01", "v1")) is IngestOutcome.CAPTIONED
    assert room.record().rev == 1 and len(room.derivatives()) == 2


def test_a_second_look_that_was_overtaken_leaves_the_newer_file_alone() -> None:
    room = Room()
    room.put(b"sits")
    room.ingest.created(created("01", "v1"))
    newer = room.ingest

    def while_the_file_is_replaced(data: bytes) -> Prepared:
        room.put(b"runs")
        newer.created(created("02", "v2"))
        return prepared(data)

    slow = room.with_model("net@1", while_the_file_is_replaced)
    assert slow.created(created(None, force=True)) is IngestOutcome.STALE
    record = room.record()
    assert record.caption and record.caption.text == "a brown dog runs"
    assert room.derivatives() == sorted(record.copies)


def test_a_second_look_that_fails_takes_no_caption_away() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    before = room.record()
    assert room.ingest.fail(created(None, force=True), "out of memory") is IngestOutcome.DUPLICATE
    assert room.record() == before


def test_a_refused_file_keeps_its_own_size_and_no_measures_of_the_one_before() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    room.put(b"no image")
    room.ingest.created(created(None))
    record = room.record()
    assert record.state is State.FAILED
    assert (record.size, record.width, record.height) == (8, None, None)


def test_a_refused_file_loses_the_models_caption_of_the_one_before() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    room.put(b"no image")
    room.ingest.created(created("02", "v2"))
    record = room.record()
    assert (record.state, record.caption, record.attributes) == (State.FAILED, None, ())


def test_a_refused_file_claims_no_version_that_was_not_read() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    room.put(b"no image")
    room.ingest.created(created(None))
    assert room.record().version_id is None


def test_a_newer_file_that_fails_shows_nothing_of_the_one_before() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    assert room.ingest.fail(created("02", "v2"), "out of memory") is IngestOutcome.FAILED
    record = room.record()
    assert (record.caption, record.visual, record.labels, record.sha256) == (None, None, (), None)
    assert (record.version_id, record.derivative_key) == ("v2", None)
    assert room.derivatives() == []


def test_the_same_event_that_fails_with_a_newer_model_takes_no_caption_away() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    before = room.record()
    newer = room.with_model("net@2")
    assert newer.fail(created("01", "v1"), "out of memory") is IngestOutcome.DUPLICATE
    assert room.record() == before


def test_a_photograph_deleted_before_its_event_comes_stays_deleted() -> None:
    room = Room()
    room.edit(caption="my Rex")
    room.put(b"runs")
    room.catalogue.save(deleted(room.record(), NOW), expected_rev=1)
    room.storage.delete(KEY)
    assert room.storage.read(KEY, version_id="v1", limit=100) == b"runs"
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.GONE
    assert room.record().state is State.DELETED
    room.put(b"sits")
    assert room.ingest.created(created("03", "v3")) is IngestOutcome.CAPTIONED
