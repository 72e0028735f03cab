"""What the ingest is given of a file."""

import io
from datetime import datetime
from functools import partial

import numpy as np
import pytest
from PIL import Image

from captioner.decoding import Pixels
from captioner.photograph import read
from captioner.preparing import average, prepare
from captioner.vision.labels import Label
from captioner.vision.prediction import Caption, Prediction
from tests.phone import photograph_of_a_phone

READ = partial(read, max_pixels=1_000)
VECTOR = np.full(256, 1 / 16, np.float32)


class Says:
    def __init__(
        self, *captions: str, vector: float = 1 / 16, labels: tuple[Label, ...] = ()
    ) -> None:
        vectors = np.full(256, vector, np.float32)
        said = tuple(Caption(text) for text in captions)
        probability = 0.25 if captions else 0.0
        self._prediction = Prediction(
            said, labels, vectors, vectors, probability, True, bool(captions)
        )

    def describe(self, pixels: Pixels) -> Prediction:
        return self._prediction


def photograph() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(written, "PNG")
    return written.getvalue()


def test_captions_come_best_first_and_once_with_the_probability_of_the_best() -> None:
    model = Says("a dog", "a cat", "a dog")
    prepared = prepare(photograph(), describe=model.describe, read=READ)
    assert prepared.captions == ("a dog", "a cat") and prepared.confidence == 0.25
    assert (prepared.width, prepared.height, prepared.content_type) == (30, 20, "image/png")
    assert prepared.display.startswith(b"RIFF")


def test_vectors_are_256_numbers_of_16_bits() -> None:
    prepared = prepare(photograph(), describe=Says().describe, read=READ)
    assert prepared.visual is not None
    assert np.frombuffer(prepared.visual, "<f2").tolist() == VECTOR.tolist()


def test_a_model_that_says_nothing_and_computes_no_numbers_asks_for_review() -> None:
    prepared = prepare(photograph(), describe=Says(vector=float("nan")).describe, read=READ)
    assert prepared.captions == () and prepared.confidence is None and prepared.needs_review
    assert prepared.visual is None and prepared.semantic is None
    assert prepared.labels == () and not prepared.withheld


def test_labels_and_what_is_withheld_are_passed_on() -> None:
    model = Says("a dog", labels=(Label("cat", 0.75), Label("bed", 0.125)))
    prepared = prepare(photograph(), describe=model.describe, read=READ)
    assert prepared.labels == (("cat", 0.75), ("bed", 0.125))
    assert prepared.needs_review and prepared.withheld


def drawn(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


@pytest.mark.parametrize(
    ("image", "colour"),
    [
        (Image.new("RGB", (30, 20), (200, 150, 90)), "#c8965a"),
        (Image.new("L", (30, 20), 128), "#808080"),
        (Image.new("RGBA", (30, 20), (255, 0, 0, 0)), "#ffffff"),  # mixed with white
    ],
    ids=["one colour", "grey", "clear"],
)
def test_until_the_picture_is_there_its_average_colour_is_shown(
    image: Image.Image, colour: str
) -> None:
    prepared = prepare(drawn(image), describe=Says().describe, read=READ)
    assert prepared.placeholder == colour


def test_the_average_colour_is_of_all_pixels() -> None:
    halves = np.zeros((2_000, 1_500, 3), np.uint8)
    halves[1_000:] = (200, 100, 10)
    assert average(halves) == "#643205"


def test_a_file_says_when_and_with_what_it_was_taken() -> None:
    prepared = prepare(photograph_of_a_phone(), describe=Says().describe, read=READ)
    assert prepared.taken_at == datetime.fromisoformat("2024-05-01T13:20")
    assert (prepared.camera, prepared.orientation) == ("Apple iPhone 15", 6)
    assert (prepared.width, prepared.height) == (20, 30)


@pytest.mark.parametrize("keep", [False, True])
def test_where_it_was_taken_is_told_only_where_that_is_kept_and_never_in_the_copy(
    keep: bool,
) -> None:
    prepared = prepare(
        photograph_of_a_phone(), describe=Says().describe, read=READ, keep_position=keep
    )
    assert prepared.position == ((46.948, 7.4475) if keep else None)
    with Image.open(io.BytesIO(prepared.display)) as shown:
        assert not shown.getexif() and not {"exif", "xmp"} & shown.info.keys()
