"""What events make of records, in any order and more than once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.errors import RevisionConflict
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Attribute, Caption, Prepared, Source, State
from chalicelib.ingest import IngestOutcome
from tests.ingesting import ID, NOW, Room, created, prepared, removed


def test_an_upload_ends_as_a_captioned_record() -> None:
    room = Room()
    room.put(b"runs")
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.CAPTIONED
    record = room.record()
    assert record.owner == "ada" and record.state is State.CAPTIONED and record.rev == 1
    assert record.caption == Caption("a brown dog runs", Source.MODEL, "net@1", 0.7, ("an animal",))
    assert record.attributes == (Attribute("dog", ("brown",), ("run",)),)
    assert (record.size, record.width, record.height) == (4, 4, 3)
    assert record.derivative_key and room.storage.read(record.derivative_key, limit=99)


@pytest.mark.fault(1)
def test_the_same_event_again_changes_nothing() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    before = room.record()
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.DUPLICATE
    assert room.record() == before


@pytest.mark.fault(1)
def test_two_workers_on_the_same_event_leave_one_caption() -> None:
    room = Room()
    room.put(b"runs")
    other = room.with_model("net@1")

    def while_the_other_finishes(data: bytes) -> Prepared:
        other.created(created("01", "v1"))
        return prepared(data)

    slow = room.with_model("net@1", while_the_other_finishes)
    assert slow.created(created("01", "v1")) is IngestOutcome.DUPLICATE
    assert room.record().rev == 1


@pytest.mark.fault(2)
def test_version_two_before_version_one_stays() -> None:
    room = Room()
    room.put(b"sits")
    room.put(b"runs")
    room.ingest.created(created("0A1", "v2"))
    assert room.ingest.created(created("0A", "v1")) is IngestOutcome.STALE
    record = room.record()
    assert record.version_id == "v2" and record.caption
    assert record.caption.text == "a brown dog runs"


def test_a_slow_older_version_overwrites_neither_record_nor_copy() -> None:
    room = Room()
    room.put(b"sits")
    room.put(b"runs")

    def while_the_newer_finishes(data: bytes) -> Prepared:
        room.ingest.created(created("02", "v2"))
        return prepared(data)

    slow = room.with_model("net@1", while_the_newer_finishes)
    assert slow.created(created("01", "v1")) is IngestOutcome.STALE
    record = room.record()
    assert record.version_id == "v2"
    assert room.derivatives() == sorted(record.copies)


def test_a_replaced_photograph_leaves_its_own_copies_for_display() -> None:
    room = Room()
    for number, body in enumerate((b"sits", b"runs"), 1):
        room.put(body)
        room.ingest.created(created(f"0{number}", f"v{number}"))
    assert room.derivatives() == sorted(room.record().copies)


@pytest.mark.fault(3)
def test_a_deletion_before_its_upload_keeps_it_out() -> None:
    room = Room()
    room.put(b"runs")
    room.delete()
    assert room.ingest.removed(removed("02")) is IngestOutcome.DELETED
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.STALE
    assert room.record().state is State.DELETED


@pytest.mark.fault(3)
def test_after_a_deletion_the_key_can_be_used_again() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    room.delete()
    room.ingest.removed(removed("02"))
    assert room.record().caption is None and room.derivatives() == []
    assert room.ingest.removed(removed("02")) is IngestOutcome.DUPLICATE
    room.put(b"sits")
    assert room.ingest.created(created("03", "v3")) is IngestOutcome.CAPTIONED
    assert room.ingest.removed(removed("02")) is IngestOutcome.STALE
    assert room.record().state is State.CAPTIONED


@pytest.mark.fault(2, 3)
@given(
    st.permutations([created("01", "v1"), created("012", "v2"), removed("02"), created("03", "v3")])
)
def test_whatever_the_order_the_newest_event_wins(order: list[ObjectEvent]) -> None:
    room = Room()
    for body in (b"one", b"two", b"three"):
        room.put(body)
    for event in [*order, *order]:
        apply = room.ingest.created if event.kind is EventKind.CREATED else room.ingest.removed
        apply(event)
    record = room.record()
    assert record.state is State.CAPTIONED and record.version_id == "v3"
    assert room.derivatives() == sorted(record.copies)


@pytest.mark.fault(15)
def test_an_object_that_is_gone_is_left_to_the_newer_event() -> None:
    room = Room()
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.GONE
    assert room.catalogue.get(ID) is None


def test_a_file_that_is_no_photograph_fails_visibly_and_once() -> None:
    room = Room()
    room.put(b"no image")
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.FAILED
    record = room.record()
    assert record.state is State.FAILED and record.reason
    assert "no JPEG" in record.reason and record.updated_at == NOW
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.DUPLICATE


def test_a_file_beyond_the_limit_fails_visibly() -> None:
    room = Room()
    room.put(b"x" * 101)
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.FAILED
    assert "100" in (room.record().reason or "")


def test_a_users_caption_and_attributes_stand() -> None:
    room = Room()
    room.put(b"runs")
    by_hand = (Attribute("poodle"),)
    room.edit(caption="my Rex", attributes=by_hand)
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.CAPTIONED
    record = room.record()
    assert record.caption == Caption(
        "my Rex", Source.USER, alternatives=("a brown dog runs", "an animal")
    )
    assert record.attributes == by_hand
    assert record.visual and record.semantic


@pytest.mark.fault(18)
def test_an_edit_during_the_captioning_wins() -> None:
    room = Room()
    room.put(b"runs")

    def while_the_user_writes(data: bytes) -> Prepared:
        room.edit(caption="my Rex")
        return prepared(data)

    slow = room.with_model("net@1", while_the_user_writes)
    assert slow.created(created("01", "v1")) is IngestOutcome.CAPTIONED
    caption = room.record().caption
    assert caption and caption.text == "my Rex"
    assert "a brown dog runs" in caption.alternatives


def test_a_model_without_a_caption_asks_for_review() -> None:
    def wordless(data: bytes) -> Prepared:
        return replace(prepared(data), captions=(), confidence=None, visual=None, semantic=None)

    room = Room(wordless)
    room.put(b"runs")
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.NEEDS_REVIEW
    record = room.record()
    assert record.caption is None and record.attributes == () and record.reason


def test_of_many_captions_the_best_few_are_alternatives() -> None:
    def wordy(data: bytes) -> Prepared:
        return replace(prepared(data), captions=tuple(f"caption {number}" for number in range(51)))

    room = Room(wordy)
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    caption = room.record().caption
    assert caption and caption.alternatives == tuple(f"caption {number}" for number in range(1, 6))


def test_a_copy_that_is_yet_to_be_named_is_removed_only_when_it_can_no_longer_be_named() -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    read = room.record()
    room.storage.write(f"derived/{ID}/cut-r2.webp", b"webp", content_type="image/webp")
    room.ingest.sweep(created("01", "v1"))
    assert {*room.derivatives()} == read.copies
    with pytest.raises(RevisionConflict):  # of the worker that read before, and was not killed
        room.catalogue.save(read, expected_rev=read.rev)


@pytest.mark.parametrize("name", ["cut-r1.webp", "cut-r1-large.webp", "cut.webp"])
def test_a_copy_that_no_worker_can_name_any_more_is_removed_and_the_record_left_alone(
    name: str,
) -> None:
    room = Room()
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    before = room.record()
    room.storage.write(f"derived/{ID}/{name}", b"webp", content_type="image/webp")
    room.ingest.sweep(created("01", "v1"))
    assert {*room.derivatives()} == before.copies
    assert room.record() == before
