"""Records as items, in a client's form and in a stream's."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime

from chalicelib.catalogue.items import image_of, item_of
from chalicelib.images import Attribute, Caption, Garment, Image, Label, Source, State

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
        Attribute("dog", ("brown",), ("run",)),
        Attribute("girl", ("pink",), (), (Garment("dress", ("pink",)),)),
    ),
    labels=(Label("dog", 0.93), Label("fire engine", 0.3125)),
    visual=bytes(range(256)) * 2,
    created_at=MOMENT,
    updated_at=MOMENT,
)


def test_an_item_is_the_record() -> None:
    assert image_of(item_of(IMAGE)) == IMAGE


def test_an_older_item_has_no_labels() -> None:
    item = item_of(IMAGE)
    del item["labels"]
    assert image_of(item) == replace(IMAGE, labels=())


def test_a_stream_event_is_the_record_though_its_bytes_are_base64() -> None:
    event = json.dumps(item_of(IMAGE), default=lambda raw: base64.b64encode(raw).decode())
    assert image_of(json.loads(event)) == IMAGE
