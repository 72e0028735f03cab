"""What entering a photograph again makes of its record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.errors import NotFound
from chalicelib.events import EventKind, ObjectEvent
from chalicelib.images import Attribute, Entry, Image, ModelRun, Source, State
from chalicelib.transitions import (
    awaited,
    captioned_by_model,
    deleted,
    described,
    expired,
    failed,
    pending,
    rejected,
)
from tests.ingesting import prepared

BUCKET, KEY = "photographs", "uploads/ada/x/dog.jpg"
START = datetime(2026, 1, 2, tzinfo=UTC)
LATER = START + timedelta(hours=1)
EVENT = ObjectEvent(BUCKET, KEY, EventKind.CREATED, "v1", "01")
RUN = ModelRun("net@1", 4, "aa")
NEW = replace(
    pending(BUCKET, KEY, START, content_type="image/jpeg", size=9, sha256="aa"),
    entry=Entry("request", "announced"),
)


def captioned(image: Image = NEW) -> Image:
    ready = prepared(b"x")
    return captioned_by_model(image, EVENT, RUN, ready, derivative_key="derived/x", now=START)


def test_how_a_photograph_was_asked_for_outlives_its_files_and_not_its_deletion() -> None:
    for record in (
        captioned(),
        rejected(NEW, EVENT, RUN, "damaged", START),
        failed(NEW, EVENT, "out of memory", START),
        expired(NEW, START),
    ):
        assert record.entry == NEW.entry
    assert deleted(captioned(), START).entry is None


def test_an_announcement_is_a_claim_until_the_file_has_been_read() -> None:
    assert NEW.sha256 == "aa"
    read = captioned_by_model(
        NEW, EVENT, replace(RUN, sha256="bb"), prepared(b"x"), derivative_key="d", now=START
    )
    assert read.sha256 == "bb"


def test_a_file_that_never_came_is_awaited_again_with_what_was_said_of_it() -> None:
    mine = expired(described(NEW, START, Source.USER, caption="my Rex"), START)
    form = pending(
        BUCKET,
        "uploads/ada/y/z.jpg",
        LATER,
        content_type="image/png",
        size=10,
        sha256="bb",
        form_until=LATER,
    )
    again = awaited(mine, form, LATER)
    assert (again.content_type, again.size, again.sha256) == ("image/png", 10, "bb")
    assert again.updated_at == LATER
    assert (again.state, again.reason, again.form_until) == (State.PENDING, None, LATER)
    assert (again.key, again.created_at, again.caption) == (KEY, START, mine.caption)
    with pytest.raises(NotFound):
        awaited(deleted(mine, START), form, LATER)


def test_an_import_changes_what_imports_said_and_nothing_of_a_users() -> None:
    dog, cat = (Attribute("dog"),), (Attribute("cat"),)
    first = described(captioned(), LATER, Source.IMPORT, caption="a dog", attributes=dog)
    assert (first.attributes, first.attributes_source) == (dog, Source.IMPORT)
    assert described(first, LATER, Source.IMPORT, caption="a dog", attributes=dog) is first
    second = described(first, LATER, Source.IMPORT, caption="a cat", attributes=cat)
    assert second.caption and (second.caption.text, second.attributes) == ("a cat", cat)
    mine = described(second, LATER, Source.USER, caption="my Rex", attributes=())
    assert described(mine, LATER, Source.IMPORT, caption="a cat", attributes=cat) is mine


def test_nobody_describes_what_is_deleted() -> None:
    for source in (Source.USER, Source.IMPORT):
        with pytest.raises(NotFound):
            described(deleted(NEW, START), LATER, source, attributes=())
