"""Records as items of the table and as a function's event carries them."""

from base64 import b64encode

from chalicelib.catalogue.items import image_of, item_of
from chalicelib.images import Image


def test_vectors_are_read_from_a_functions_event_where_they_are_base64_text() -> None:
    image = Image("id", "me", "bucket", "uploads/me/a.jpg", visual=b"\x00\xff" * 256)
    item = item_of(image)
    event = {**item, "visual": {"B": b64encode(item["visual"]["B"]).decode()}}
    assert image_of(event) == image_of(item)
    assert image_of(event).visual == image.visual
