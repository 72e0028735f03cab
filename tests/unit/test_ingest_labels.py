"""What the model sees is kept beside captions, and a caption that is withheld stands nowhere."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chalicelib.catalogue.dynamodb import image_of, item_of
from chalicelib.images import Attribute, Caption, Label, Prepared, Source, State
from chalicelib.ingest import IngestOutcome
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import document_of
from chalicelib.transitions import NO_CAPTION, TOO_UNSURE
from tests.ingesting import Room, created, prepared, removed
from tests.searching import found

LABELS = (("Cat", 0.93), ("cup", 0.31))
SEEN = (Label("cat", 0.93), Label("cup", 0.31))


def seeing(**changes: Any) -> Callable[[bytes], Prepared]:
    def seen(data: bytes) -> Prepared:
        return replace(prepared(data), **({"labels": LABELS} | changes))

    return seen


def described(**changes: Any) -> Room:
    room = Room(seeing(**changes))
    room.put(b"runs")
    room.ingest.created(created("01", "v1"))
    return room


def test_labels_leave_caption_and_attributes_as_they_are() -> None:
    record = described().record()
    assert record.labels == SEEN
    assert record.caption is not None and record.caption.text == "a brown dog runs"
    assert [attribute.subject for attribute in record.attributes] == ["dog"]
    assert record.state is State.CAPTIONED


def test_a_persons_words_stand_and_labels_beside_them() -> None:
    room = Room(seeing(withheld=True))
    mine = Caption("my grandmother's teapot", Source.USER)
    room.edit(caption=mine.text, attributes=(Attribute("teapot"),))
    room.put(b"runs")
    assert room.ingest.created(created("01", "v1")) is IngestOutcome.CAPTIONED
    record = room.record()
    assert (record.caption, record.attributes) == (mine, (Attribute("teapot"),))
    assert record.labels == SEEN


def test_a_withheld_caption_leaves_no_sentence_anywhere() -> None:
    room = described(withheld=True, needs_review=True)
    record = room.record()
    assert (record.state, record.reason) == (State.NEEDS_REVIEW, TOO_UNSURE)
    assert (record.caption, record.attributes, record.attributes_source) == (None, (), None)
    assert record.labels == SEEN
    assert "brown" not in repr(item_of(record))
    index = EmbeddedIndex()
    index.apply([replace(document_of(record), owner="ann")])
    assert found(index, text="brown dog") == set()
    assert found(index, text="cat") == {record.image_id}


def test_a_withheld_caption_takes_away_the_one_an_earlier_model_wrote() -> None:
    room = described()
    later = room.with_model("net@2", seeing(withheld=True, labels=(("rocket", 0.8),)))
    later.created(created(None, force=True))
    record = room.record()
    assert (record.caption, record.attributes) == (None, ())
    assert record.labels == (Label("rocket", 0.8),)


def test_a_frame_with_nothing_to_see_says_so() -> None:
    record = described(captions=(), labels=(), withheld=True).record()
    assert (record.state, record.reason) == (State.NEEDS_REVIEW, NO_CAPTION)
    assert (record.caption, record.labels) == (None, ())


def test_labels_go_with_their_photograph() -> None:
    room = described()
    room.delete()
    room.ingest.removed(removed("02"))
    assert room.record().labels == ()
    assert image_of(item_of(room.record())).labels == ()


def test_a_file_that_can_no_longer_be_read_has_no_labels() -> None:
    room = described()
    room.put(b"no image")
    room.ingest.created(created("02", "v2"))
    assert (room.record().state, room.record().labels) == (State.FAILED, ())
