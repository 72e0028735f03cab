"""Records as items, in a client's form and in a stream's."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.catalogue.dynamodb import image_of, item_of
from chalicelib.images import Attribute, Caption, Entry, Garment, Image, Label, Source, State

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
IMAGE = Image(
    "id-1",
    "ann",
    "bucket",
    "uploads/ann/x.jpg",
    state=State.CAPTIONED,
    rev=3,
    caption=Caption("a dog", Source.MODEL, "slim@1", 0.25, ("dogs",)),
    attributes=(
        Attribute("dog", ("brown",), ("run",), places=("beach", "sand")),
        Attribute("girl", ("pink",), (), (Garment("dress", ("pink",)),)),
    ),
    labels=(Label("dog", 0.93), Label("fire engine", 0.3125)),
    visual=bytes(range(256)) * 2,
    form_until=MOMENT,
    placeholder="#8a7f70",
    taken_at=datetime.fromisoformat("2024-05-01T13:20"),
    camera="Canon EOS R5",
    orientation=6,
    position=(47.5, -8.25),
    created_at=MOMENT,
    updated_at=MOMENT,
)


def test_an_item_is_the_record() -> None:
    assert image_of(item_of(IMAGE)) == IMAGE


TEXTS = st.lists(st.text(max_size=3), max_size=2).map(tuple)
GARMENTS = st.lists(st.builds(Garment, st.text(max_size=3), TEXTS), max_size=2).map(tuple)
ATTRIBUTES = st.lists(
    st.builds(Attribute, st.text(max_size=3), TEXTS, TEXTS, GARMENTS, TEXTS), max_size=2
).map(tuple)


@given(ATTRIBUTES, TEXTS, TEXTS)
def test_whatever_is_said_of_a_photograph_can_be_read_back(
    attributes: tuple[Attribute, ...], keywords: tuple[str, ...], alternatives: tuple[str, ...]
) -> None:
    caption = Caption("a dog", Source.USER, alternatives=alternatives)
    image = replace(IMAGE, attributes=attributes, keywords=keywords, caption=caption)
    assert image_of(item_of(image)) == image


def test_a_cameras_time_is_kept_without_a_zone() -> None:
    assert item_of(IMAGE)["taken_at"] == {"S": "2024-05-01T13:20:00"}
    assert image_of(item_of(IMAGE)).taken_at == datetime.fromisoformat("2024-05-01T13:20")


def test_an_item_need_not_tell_of_every_kind_of_word() -> None:
    item = item_of(IMAGE)
    del item["attributes"]["L"][0]["M"]["places"]
    read = image_of(item).attributes
    assert read == (Attribute("dog", ("brown",), ("run",)), IMAGE.attributes[1])


def test_a_request_that_described_a_file_which_came_another_way_is_read_again() -> None:
    described = replace(IMAGE, entry=Entry("of the request"))
    assert image_of(item_of(described)) == described


def test_an_older_item_has_no_labels() -> None:
    item = item_of(IMAGE)
    del item["labels"]
    assert image_of(item) == replace(IMAGE, labels=())


def test_an_older_item_has_no_colour() -> None:
    item = item_of(IMAGE)
    del item["placeholder"]
    assert image_of(item) == replace(IMAGE, placeholder=None)


def test_an_item_that_is_no_record_is_refused_without_telling_what_it_says() -> None:
    item = item_of(IMAGE)
    item["caption"]["M"]["source"] = {"S": "somebody's secret"}
    with pytest.raises(ValueError, match=r"by its caption\.source") as raised:
        image_of(item)
    assert "secret" not in str(raised.value)


def test_a_stream_event_is_the_record_though_its_bytes_are_base64() -> None:
    event = json.dumps(item_of(IMAGE), default=lambda raw: base64.b64encode(raw).decode())
    assert image_of(json.loads(event)) == IMAGE
