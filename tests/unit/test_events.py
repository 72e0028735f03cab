"""What the queue's messages mean."""

import json
import logging
import unicodedata
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import events
from chalicelib.events import ContinueImport, EventKind, ObjectEvent

BUCKET = "photographs"
HEX = st.text("0123456789ABCDEF", min_size=1, max_size=24)


def record(key: str, name: str = "ObjectCreated:Post", **more: Any) -> dict[str, Any]:
    found = {"key": quote_plus(key), "sequencer": "0055", **more}
    return {"eventName": name, "s3": {"bucket": {"name": BUCKET}, "object": found}}


def message(*records: dict[str, Any]) -> str:
    return json.dumps({"Records": list(records)})


@pytest.mark.fault(4)
@pytest.mark.parametrize(
    "key",
    [
        "uploads/ada/two words.jpg",
        "uploads/ada/1+1.jpg",
        "uploads/ada/already%2Bencoded%20once.jpg",
        "uploads/ada/" + unicodedata.normalize("NFC", "café.jpg"),
        "uploads/ada/" + unicodedata.normalize("NFD", "café.jpg"),
        "uploads/ada/🐕.jpg",
        "uploads/ada/../up.jpg",
        "uploads/" + "k" * 1016,
    ],
)
def test_a_key_is_decoded_once_and_stays_intact(key: str) -> None:
    (event,) = events.read(message(record(key)), BUCKET)
    assert isinstance(event, ObjectEvent)
    assert event.key == key


@pytest.mark.fault(4)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(lambda k: k[-1] != "/"))
def test_any_key_comes_through(name: str) -> None:
    (event,) = events.read(message(record("uploads/" + name)), BUCKET)
    assert isinstance(event, ObjectEvent) and event.key == "uploads/" + name


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("ObjectCreated:Put", EventKind.CREATED),
        ("s3:ObjectCreated:CompleteMultipartUpload", EventKind.CREATED),
        ("ObjectRemoved:Delete", EventKind.REMOVED),
        ("s3:ObjectRemoved:DeleteMarkerCreated", EventKind.REMOVED),
        ("LifecycleExpiration:Delete", EventKind.REMOVED),
        ("LifecycleExpiration:DeleteMarkerCreated", EventKind.REMOVED),
    ],
)
def test_what_expires_is_gone_as_what_is_deleted(name: str, kind: EventKind) -> None:
    (event,) = events.read(message(record("uploads/a.jpg", name)), BUCKET)
    assert isinstance(event, ObjectEvent) and event.kind is kind


def test_an_event_tells_kind_version_sequencer_and_size() -> None:
    body = message(record("uploads/a.jpg", versionId="v7", size=12))
    assert events.read(body, BUCKET) == (
        ObjectEvent(BUCKET, "uploads/a.jpg", EventKind.CREATED, "v7", "0055", 12),
    )


def test_all_records_of_a_message_are_read() -> None:
    body = message(record("uploads/a.jpg"), record("uploads/b.jpg", "ObjectRemoved:Delete"))
    assert [e.kind for e in events.read(body, BUCKET) if isinstance(e, ObjectEvent)] == [
        EventKind.CREATED,
        EventKind.REMOVED,
    ]


def test_a_delete_marker_is_no_version_of_the_photograph() -> None:
    body = message(record("uploads/a.jpg", "ObjectRemoved:DeleteMarkerCreated", versionId="m1"))
    (event,) = events.read(body, BUCKET)
    assert isinstance(event, ObjectEvent) and event.version_id is None


@pytest.mark.fault(5)
@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}),
        "{}",
        "[]",
        "no json",
        "[" * 100_000,
        json.dumps({"Records": [1, {"s3": {}}]}),
        json.dumps({"redrive": {"key": "index/latest"}}),
        message(record("derived/a.webp")),
        message(record("uploads/folder/")),
        message(record("uploads/a.jpg", "ObjectTagging:Put")),
        message(record("uploads/a.jpg")).replace(BUCKET, "somebody-elses"),
    ],
    ids=lambda body: body[:40],
)
def test_what_is_not_ours_is_acknowledged(body: str) -> None:
    assert events.read(body, BUCKET) == ()


def test_only_what_nobody_sends_on_purpose_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    # S3 sends it whenever the bucket's notifications are configured: an alarm at each deployment.
    events.read(json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}), BUCKET)
    assert caplog.records == []
    events.read(json.dumps({"Event": "something else"}), BUCKET)
    assert len(caplog.records) == 1


def test_a_redrive_names_what_is_known_of_the_upload() -> None:
    body = json.dumps(events.redrive("uploads/a.jpg", size=12))
    assert events.read(body, BUCKET) == (
        ObjectEvent(BUCKET, "uploads/a.jpg", EventKind.CREATED, None, None, 12, force=False),
    )


def test_a_redrive_by_hand_may_be_wrong_about_the_upload() -> None:
    body = json.dumps({"redrive": {"key": "uploads/a.jpg", "size": "x", "force": "x"}})
    assert events.read(body, BUCKET) == (ObjectEvent(BUCKET, "uploads/a.jpg", EventKind.CREATED),)


def test_a_redrive_names_key_and_force() -> None:
    body = json.dumps(events.redrive("uploads/a.jpg", force=True))
    assert events.read(body, BUCKET) == (
        ObjectEvent(BUCKET, "uploads/a.jpg", EventKind.CREATED, force=True),
    )


def test_an_import_goes_on_from_its_line() -> None:
    request = ContinueImport("ab12", 501)
    assert events.read(json.dumps(events.continue_import(request)), BUCKET) == (request,)


@pytest.mark.fault(2)
def test_a_shorter_sequencer_is_padded_at_its_right() -> None:
    assert not events.is_older("0055AED6DCD90281E5", "0055AED6DCD90281E50")
    assert events.is_older("0055AED6DCD90281E5", "0055AED6DCD90281E51")
    assert events.is_older("00FF", "01")


def test_any_event_is_newer_than_none() -> None:
    assert events.is_older(None, "01")
    assert not events.is_older("01", None)
    assert not events.is_older(None, None)


@pytest.mark.fault(2)
@given(HEX, HEX, HEX)
def test_sequencers_are_in_one_order(one: str, two: str, three: str) -> None:
    width = max(map(len, (one, two, three)))
    numbers = [int(text.ljust(width, "0"), 16) for text in (one, two, three)]
    assert events.is_older(one, two) == (numbers[0] < numbers[1])
    if events.is_older(one, two) and events.is_older(two, three):
        assert events.is_older(one, three)
