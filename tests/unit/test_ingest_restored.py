"""Versions and delete markers that are removed by hand: the bucket tells what is there."""

from dataclasses import replace

import pytest

from chalicelib.images import Image, State
from chalicelib.ingest import NEVER_BEGUN, EventRecorder, IngestOutcome
from chalicelib.transitions import deleted
from tests.ingesting import KEY, NOW, Room, created, removed


def captioned(*bodies: bytes) -> Room:
    room = Room()
    for number, body in enumerate(bodies, start=1):
        room.put(body)
        room.ingest.created(created(f"0{number}", f"v{number}"))
    return room


def but_for_the_event(record: Image) -> Image:
    """Return a record without what tells which event it has come to."""
    return replace(record, rev=0, sequencer=None)


def caption(room: Room) -> str | None:
    found = room.record().caption
    return found.text if found else None


@pytest.mark.fault(33)
def test_a_delete_marker_that_is_removed_brings_the_photograph_back() -> None:
    room = captioned(b"runs")
    room.delete()
    assert room.ingest.removed(removed("02")) is IngestOutcome.DELETED
    marker = room.storage.purge(KEY)
    assert room.ingest.removed(removed("03", marker)) is IngestOutcome.CAPTIONED
    record = room.record()
    assert (record.state, caption(room)) == (State.CAPTIONED, "a brown dog runs")
    assert (record.sequencer, record.version_id, record.size) == ("03", "v1", 4)


def test_what_a_person_wrote_is_not_known_after_a_deletion() -> None:
    room = captioned(b"runs")
    room.edit(caption="my Rex")
    room.delete()
    room.ingest.removed(removed("02"))
    room.ingest.removed(removed("03", room.storage.purge(KEY)))
    assert caption(room) == "a brown dog runs"


def test_a_deletion_undone_before_its_event_comes_changes_nothing() -> None:
    room = captioned(b"runs")
    room.edit(caption="my Rex")
    before = room.record()
    room.delete()
    marker = room.storage.purge(KEY)
    for event in (removed("03", marker), removed("02"), removed("03", marker)):
        assert room.ingest.removed(event) is IngestOutcome.STALE
    assert but_for_the_event(room.record()) == but_for_the_event(before)


def test_a_deletion_by_the_api_that_is_undone_by_hand_is_undone_in_either_order() -> None:
    for order in ((0, 1), (1, 0)):
        room = captioned(b"runs")
        room.catalogue.save(deleted(room.record(), NOW), expected_rev=room.record().rev)
        room.delete()
        events = (removed("02"), removed("03", room.storage.purge(KEY)))
        for number in order:
            room.ingest.removed(events[number])
        assert room.record().state is State.CAPTIONED


def test_a_file_that_a_cut_deletion_left_does_not_come_back_with_a_purge() -> None:
    room = captioned(b"runs", b"sits")
    room.catalogue.save(deleted(room.record(), NOW), expected_rev=room.record().rev)
    room.storage.purge(KEY, "v1")
    assert room.ingest.removed(removed("03", "v1")) is IngestOutcome.STALE
    assert room.record().state is State.DELETED


def test_an_older_version_that_is_deleted_for_good_leaves_the_photograph_alone() -> None:
    room = captioned(b"runs", b"sits")
    before = room.record()
    room.storage.purge(KEY, "v1")
    assert room.ingest.removed(removed("03", "v1")) is IngestOutcome.STALE
    assert but_for_the_event(room.record()) == but_for_the_event(before)


def test_an_older_version_whose_successor_no_event_told_of_is_no_reason_for_a_tombstone() -> None:
    room = captioned(b"runs")
    room.put(b"sits")
    room.storage.purge(KEY, "v1")
    assert room.ingest.removed(removed("03", "v1")) is IngestOutcome.CAPTIONED
    assert caption(room) == "a brown dog sits"


def test_the_version_below_the_newest_is_described_once_that_is_deleted_for_good() -> None:
    room = captioned(b"runs", b"sits")
    room.storage.purge(KEY, "v2")
    assert room.ingest.removed(removed("03", "v2")) is IngestOutcome.CAPTIONED
    assert (caption(room), room.record().version_id) == ("a brown dog runs", "v1")
    assert room.derivatives() == sorted(room.record().copies)


def test_the_last_version_that_is_deleted_for_good_leaves_a_tombstone() -> None:
    room = captioned(b"runs")
    room.storage.purge(KEY, "v1")
    assert room.ingest.removed(removed("02", "v1")) is IngestOutcome.DELETED


def test_versions_purged_under_a_delete_marker_change_nothing() -> None:
    room = captioned(b"runs", b"sits")
    room.delete()
    room.ingest.removed(removed("03"))
    before = room.record()
    room.storage.purge(KEY, "v1")
    assert room.ingest.removed(removed("04", "v1")) is IngestOutcome.DELETED
    assert but_for_the_event(room.record()) == but_for_the_event(before)


def test_a_version_restored_by_copying_it_is_a_new_photograph_of_the_key() -> None:
    room = captioned(b"runs")
    room.delete()
    room.ingest.removed(removed("02"))
    body = room.storage.read(KEY, version_id="v1", limit=100)
    assert body
    room.put(body)
    assert room.ingest.created(created("03", "v3")) is IngestOutcome.CAPTIONED
    assert caption(room) == "a brown dog runs"


def test_without_a_model_what_is_described_stays_and_what_is_there_again_fails() -> None:
    room = captioned(b"runs")
    before = room.record()
    recorder = EventRecorder(room.catalogue, room.storage, clock=lambda: NOW)
    assert recorder.removed(removed("02", "v0")) is IngestOutcome.STALE
    assert but_for_the_event(room.record()) == but_for_the_event(before)
    room.delete()
    assert recorder.removed(removed("03")) is IngestOutcome.DELETED
    room.storage.purge(KEY)
    assert recorder.removed(removed("04", "v2")) is IngestOutcome.FAILED
    record, held = room.record(), room.storage.head(KEY)
    assert held and (record.reason, record.updated_at) == (NEVER_BEGUN, NOW)
    assert (record.sequencer, record.version_id, record.size) == ("04", held.version_id, held.size)
