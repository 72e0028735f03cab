"""Query vectors: what turns a text or an image into the numbers that are compared."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import (
    EncoderUnavailable,
    ImageRepoError,
    InvalidField,
    PayloadTooLarge,
    RejectedImage,
)
from chalicelib.images import VECTOR_SIZE
from chalicelib.search.query import LikelyWords

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_VECTOR_BYTES = 2 * VECTOR_SIZE
Crop = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Vector:
    """What a text or an image becomes.

    Attributes
    ----------
    numbers
        256 float16 numbers of unit length, as bytes.
    space
        As of `chalicelib.images.Image`; None where it is not known, as of a function of an earlier
        release.
    likely
        Of a text: what its words say of photographs with visual vectors of the space; None where
        the model knows none of them.
    """

    numbers: bytes
    space: str | None = None
    likely: LikelyWords | None = None


@dataclass(frozen=True, slots=True)
class Attention:
    """Where the model looks in a photograph for the words of captions.

    Attributes
    ----------
    rows, columns
        Of the grid that is laid over the whole upright image.
    captions
        Each a sequence of words, each with its weights by rows, which sum to one.
    """

    rows: int
    columns: int
    captions: tuple[tuple[tuple[str, tuple[float, ...]], ...], ...]


class Encoder(Protocol):
    """Port.

    Crops are x, y, width and height as fractions of the upright image. Every method raises
    ``EncoderUnavailable`` where nothing answers, ``RejectedImage`` where the bytes are no image,
    ``InvalidField`` where the crop cannot be.
    """

    def text(self, text: str, telling: Sequence[str] = ()) -> Vector:
        """Return the semantic vector of a text, and what its telling words say by themselves."""

    def words(self) -> Sequence[str]:
        """Return the words that it has learnt from captions, the most frequent first."""

    def image(self, content: bytes, crop: Crop | None) -> Vector:
        """Return the visual vector of an image."""

    def stored(self, key: str, version_id: str | None, crop: Crop | None) -> Vector:
        """Return the visual vector of an image of the bucket."""

    def attention(self, key: str, version_id: str | None, captions: Sequence[str]) -> Attention:
        """Return where the model looks in an image of the bucket, word by word."""


class TextEncoder(Protocol):
    """What turns a text into a vector by itself.

    Attributes
    ----------
    space
        As of `Vector`.
    words
        That it knows, the most frequent first.
    """

    space: str

    @property
    def words(self) -> Sequence[str]: ...  # noqa: D102

    def encode_query(self, text: str) -> npt.NDArray[np.float32]:
        """Return the semantic vector of a text: 256 numbers, of unit length."""

    def likely(self, telling: Sequence[str]) -> LikelyWords | None:
        """Return what a query's telling words say by themselves."""


class QueryEncoder:
    """Adapter that turns texts into vectors here and asks the encoder function for images.

    What the function is asked and answers: docs/contracts.md, "Encoder function".

    Parameters
    ----------
    load_text
        Loads what encodes texts, at the first text; ``OSError`` or ``ValueError`` where it is
        missing or damaged.
    """

    def __init__(
        self, load_text: Callable[[], TextEncoder], client: "LambdaClient", function: str
    ) -> None:
        self._load_text = load_text
        self._client = client
        self._function = function

    def text(self, text: str, telling: Sequence[str] = ()) -> Vector:
        """Return the semantic vector of a text, and what its telling words say by themselves."""
        encoder = self._texts
        numbers = encoder.encode_query(text).astype("<f2").tobytes()
        return Vector(numbers, encoder.space, encoder.likely(telling))

    def words(self) -> Sequence[str]:
        """Return the words that the text encoder knows."""
        return self._texts.words

    def image(self, content: bytes, crop: Crop | None) -> Vector:
        """Return the visual vector of an image."""
        return self._visual({"image": base64.b64encode(content).decode(), "crop": crop})

    def stored(self, key: str, version_id: str | None, crop: Crop | None) -> Vector:
        """Return the visual vector of an image of the bucket."""
        return self._visual({"key": key, "version_id": version_id, "crop": crop})

    def attention(self, key: str, version_id: str | None, captions: Sequence[str]) -> Attention:
        """Return where the model looks in an image of the bucket."""
        answer = self._ask({"key": key, "version_id": version_id, "captions": [*captions]})
        try:
            told = tuple(
                tuple((str(word), tuple(map(float, weights))) for word, weights in caption)
                for caption in answer["captions"]
            )
            return Attention(int(answer["rows"]), int(answer["columns"]), told)
        except (KeyError, TypeError, ValueError):
            raise EncoderUnavailable("the encoder answered with no attention") from None

    @cached_property
    def _texts(self) -> TextEncoder:
        try:
            return self._load_text()
        except (OSError, ValueError) as error:
            raise EncoderUnavailable("the model's text encoder is missing or damaged") from error

    def _visual(self, request: dict[str, Any]) -> Vector:
        answer = self._ask(request)
        try:
            vector = base64.b64decode(answer["visual"], validate=True)
        except (KeyError, TypeError, ValueError):
            vector = b""
        if len(vector) != _VECTOR_BYTES:
            raise EncoderUnavailable("the encoder answered with no vector")
        return Vector(vector, answer.get("space"))

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            answer = self._client.invoke(
                FunctionName=self._function, Payload=json.dumps(request).encode()
            )
            payload: dict[str, Any] = json.loads(answer["Payload"].read())
        except (ClientError, BotoCoreError, ValueError) as error:
            raise EncoderUnavailable("the encoder did not answer") from error
        if "FunctionError" in answer or not isinstance(payload, dict):
            raise EncoderUnavailable("the encoder failed")
        if "error" in payload:
            raise _error(payload["error"])
        return payload


def _error(told: dict[str, Any]) -> ImageRepoError:
    detail = str(told.get("detail", "the encoder refused"))
    match told.get("type"):
        case "InvalidField":
            return InvalidField(str(told.get("field") or "image"), detail)
        case "RejectedImage":
            return RejectedImage(detail)
        case "PayloadTooLarge":
            return PayloadTooLarge(detail)
        case _:
            return EncoderUnavailable(detail)
