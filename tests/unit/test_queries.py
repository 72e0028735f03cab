"""What the encoder answers, and what it refuses."""

import base64
import io
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image

from captioner.decoding import Pixels
from captioner.photograph import read
from captioner.queries import Queries
from captioner.vision.prediction import Looked, Word
from captioner.vision.text import F32
from tests.memory.storage import MemoryStorage

KEY = "uploads/ada/a.png"


class Mean:
    """Encodes an image as its mean and its height."""

    space = "m@1"

    def embed(self, pixels: Pixels) -> tuple[F32, F32]:
        return np.full(256, pixels.mean(), np.float32), np.full(256, pixels.shape[0], np.float32)

    def attention(self, pixels: Pixels, captions: list[str]) -> Looked:
        """Look at all words where the picture is bright."""
        above, below = pixels[: pixels.shape[0] // 2].mean(), pixels[pixels.shape[0] // 2 :].mean()
        bright = np.array([[above], [below]], np.float32) / (above + below)
        words = ([Word(word, -1.0, bright) for word in text.split()] for text in captions)
        return Looked((2, 1), tuple(map(tuple, words)))


def photograph() -> bytes:
    """Return a picture that is black above and white below."""
    image = Image.new("L", (10, 20))
    image.paste(255, (0, 10, 10, 20))
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def ask(**request: Any) -> dict[str, Any]:
    storage = MemoryStorage()
    storage.write(KEY, photograph(), content_type="image/png")
    model: Any = Mean()
    reading = partial(read, max_pixels=9_999)
    queries = Queries(model, storage, reading, max_query_bytes=200, max_stored_bytes=1_000)
    return queries.answer(request)


def number(vector: str) -> float:
    return float(np.frombuffer(base64.b64decode(vector), "<f2")[0])


def sent() -> str:
    return base64.b64encode(photograph()).decode()


def test_an_image_has_both_vectors_sent_or_stored() -> None:
    answer = ask(image=sent(), crop=None)
    assert (number(answer["visual"]), number(answer["semantic"])) == (127.5, 20)
    assert ask(key=KEY, version_id=None, crop=None) == answer
    assert ask(key=KEY, version_id="v1") == answer


def test_a_crop_is_cut_before_it_is_encoded() -> None:
    answer = ask(image=sent(), crop=[0, 0.5, 1, 0.5])
    assert (number(answer["visual"]), number(answer["semantic"])) == (255, 10)


def test_a_stored_image_is_looked_at_for_every_word_of_captions() -> None:
    answer = ask(key=KEY, version_id=None, captions=["white paper", ""])
    told = [[["white", [0.0, 1.0]], ["paper", [0.0, 1.0]]], []]
    assert answer == {"rows": 2, "columns": 1, "captions": told}


@pytest.mark.fault(23)
@pytest.mark.parametrize(
    ("request_", "kind", "field"),
    [
        ({}, "InvalidField", "request"),
        ({"text": "five"}, "InvalidField", "request"),
        ({"url": "http://169.254.169.254/"}, "InvalidField", "request"),
        ({"image": "http://169.254.169.254/"}, "InvalidField", "image"),
        ({"image": "file:///etc/passwd"}, "InvalidField", "image"),
        ({"image": "é"}, "InvalidField", "image"),
        ({"image": ""}, "RejectedImage", None),
        ({"image": "AAAA"}, "RejectedImage", None),
        ({"image": "A" * 400}, "PayloadTooLarge", None),
        ({"key": "imports/x.json"}, "InvalidField", "key"),
        ({"key": "uploads/ada/gone.png"}, "RejectedImage", None),
        ({"key": "uploads/ada/gone.png", "captions": ["a dog"]}, "RejectedImage", None),
        ({"key": "imports/x.json", "captions": ["a dog"]}, "InvalidField", "key"),
        ({"key": KEY, "crop": [0, 0, 2, 1]}, "InvalidField", "crop"),
        ({"key": KEY, "crop": [0, 0, 1]}, "InvalidField", "crop"),
        ({"key": KEY, "crop": [0, 0, float("nan"), 1]}, "InvalidField", "crop"),
        ({"key": KEY, "crop": "0,0,1,1"}, "InvalidField", "crop"),
    ],
)
def test_what_cannot_be_encoded_is_named(
    request_: dict[str, Any], kind: str, field: str | None
) -> None:
    error = ask(**request_)["error"]
    assert (error["type"], error["field"]) == (kind, field)
    assert error["detail"]
