"""What the index holds of a record, where the record says it twice."""

from dataclasses import replace

import pytest

from chalicelib.images import Attribute, Caption, Image, Label, Source, State
from chalicelib.search.port import document_of

GIVEN = Attribute("Rex", ("tan",), ())
SAID = Attribute("dog", (), ("run",))


def record(caption: Source, attributes: Source | None) -> Image:
    return Image(
        "id-1",
        "ann",
        "photographs",
        "uploads/ann/x/id-1.jpg",
        State.CAPTIONED,
        caption=Caption("a dog is running", caption),
        attributes=(GIVEN,),
        attributes_source=attributes,
    )


@pytest.mark.parametrize("caption", [Source.USER, Source.IMPORT])
@pytest.mark.parametrize("attributes", [Source.USER, Source.IMPORT])
def test_a_persons_attributes_are_found_beside_those_of_their_caption(
    caption: Source, attributes: Source
) -> None:
    assert document_of(record(caption, attributes)).attributes == (GIVEN, SAID)


def test_what_was_given_and_is_said_too_is_held_once() -> None:
    twice = replace(record(Source.USER, Source.USER), attributes=(SAID,))
    assert document_of(twice).attributes == (SAID,)


def test_a_models_caption_adds_nothing_to_a_persons_attributes() -> None:
    assert document_of(record(Source.MODEL, Source.USER)).attributes == (GIVEN,)


def test_attributes_that_were_read_from_a_caption_stand_alone() -> None:
    assert document_of(record(Source.USER, Source.MODEL)).attributes == (GIVEN,)
    assert document_of(record(Source.MODEL, Source.MODEL)).attributes == (GIVEN,)


def test_keywords_are_labels_that_are_sure() -> None:
    seen = (Label("dog", 0.4), Label("cup", 0.2))
    filed = replace(record(Source.USER, None), labels=seen, keywords=("Dog", "Lake Como"))
    assert set(document_of(filed).labels) == {
        Label("dog", 1.0),
        Label("cup", 0.2),
        Label("lake como", 1.0),
    }
