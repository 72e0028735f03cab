"""The encoder function as the API asks it."""

import base64
import io
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from captioner.vision import words
from chalicelib.encoder import Attention, QueryEncoder, Vector
from chalicelib.errors import (
    EncoderUnavailable,
    ImageRepoError,
    InvalidField,
    PayloadTooLarge,
    RejectedImage,
)

VISUAL, SEMANTIC = b"\x00\x3c" * 256, b"\x00\x38" * 256
BOTH = {
    "visual": base64.b64encode(VISUAL).decode(),
    "semantic": base64.b64encode(SEMANTIC).decode(),
}


class Functions:
    """A Lambda client whose function answers with one thing."""

    def __init__(self, answers: Any, **more: str) -> None:
        self.answers = answers
        self.more = more
        self.asked: list[Any] = []

    def invoke(self, *, FunctionName: str, Payload: bytes) -> Any:  # noqa: N803
        assert FunctionName == "encoder"
        self.asked.append(json.loads(Payload))
        if isinstance(self.answers, Exception):
            raise self.answers
        raw = self.answers if isinstance(self.answers, bytes) else json.dumps(self.answers).encode()
        return {"Payload": io.BytesIO(raw), **self.more}


class Words:
    """A text encoder that counts how often it was loaded."""

    loaded = 0

    space = "m@1"

    def __init__(self) -> None:
        Words.loaded += 1

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        return np.array([len(text), 0.5], np.float32)

    def likely(self, telling: Sequence[str]) -> None:
        """Know no word by itself."""


def encoder(functions: Functions) -> QueryEncoder:
    return QueryEncoder(Words, functions, "encoder")  # type: ignore[arg-type]


def test_images_and_stored_ones_are_asked_for_as_agreed() -> None:
    functions = Functions(BOTH)
    asking = encoder(functions)
    assert asking.image(b"raw", (0, 0, 0.5, 1)) == Vector(VISUAL)
    assert asking.stored("uploads/ann/x.jpg", "v1", None) == Vector(VISUAL)
    assert functions.asked == [
        {"image": "cmF3", "crop": [0, 0, 0.5, 1]},
        {"key": "uploads/ann/x.jpg", "version_id": "v1", "crop": None},
    ]


@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"type": "RejectedImage", "detail": "not an image", "field": None}, RejectedImage),
        ({"type": "InvalidField", "detail": "outside", "field": "crop"}, InvalidField),
        ({"type": "PayloadTooLarge", "detail": "5 MB"}, PayloadTooLarge),
        ({"type": "SomethingNew", "detail": "?"}, EncoderUnavailable),
        ({}, EncoderUnavailable),
    ],
)
def test_what_the_function_refuses_is_refused_alike(
    told: dict[str, object], error: type[ImageRepoError]
) -> None:
    with pytest.raises(error):
        encoder(Functions({"error": told})).image(b"raw", None)


@pytest.mark.parametrize(
    "functions",
    [
        Functions(ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke")),
        Functions(ReadTimeoutError(endpoint_url="x")),
        Functions({"errorMessage": "out of memory"}, FunctionError="Unhandled"),
        Functions(b"not json"),
        Functions(["a list"]),
        Functions({"semantic": "cut"}),
        Functions({"visual": "", "something": "else"}),
        Functions({**BOTH, "visual": base64.b64encode(b"short").decode()}),
    ],
)
def test_a_function_that_fails_or_answers_nonsense_is_unavailable(functions: Functions) -> None:
    with pytest.raises(EncoderUnavailable):
        encoder(functions).image(b"raw", None)


def test_attention_is_asked_for_as_agreed() -> None:
    told = {"rows": 1, "columns": 2, "captions": [[["dog", [0.75, 0.25]]], []]}
    functions = Functions(told)
    found = encoder(functions).attention("uploads/ann/x.jpg", "v1", ("dog", ""))
    assert found == Attention(1, 2, ((("dog", (0.75, 0.25)),), ()))
    asked = {"key": "uploads/ann/x.jpg", "version_id": "v1", "captions": ["dog", ""]}
    assert functions.asked == [asked]


@pytest.mark.parametrize(
    "told", [{}, {"rows": 1, "columns": 2, "captions": [["dog"]]}, BOTH, {"captions": []}]
)
def test_a_function_that_knows_no_attention_is_unavailable(told: dict[str, object]) -> None:
    with pytest.raises(EncoderUnavailable):
        encoder(Functions(told)).attention("uploads/ann/x.jpg", None, ("dog",))


def test_texts_are_encoded_here_by_what_is_loaded_once() -> None:
    functions = Functions(BOTH)
    near, loaded = encoder(functions), Words.loaded
    found = [np.frombuffer(near.text(text).numbers, "<f2").tolist() for text in ("snow", "dog")]
    assert found == [[4, 0.5], [3, 0.5]]
    assert Words.loaded == loaded + 1
    assert functions.asked == []


def test_a_damaged_text_side_is_an_encoder_that_is_unavailable(tmp_path: Path) -> None:
    functions: Any = Functions(BOTH)
    damaged = QueryEncoder(partial(words.load, tmp_path), functions, "encoder")
    with pytest.raises(EncoderUnavailable, match="text encoder is missing or damaged"):
        damaged.text("a dog")
