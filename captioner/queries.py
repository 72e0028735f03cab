"""What the model says of images that someone asks about: docs/contracts.md, "Encoder function"."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from captioner.decoding import Crop, Pixels, crop
from captioner.photograph import Photograph
from captioner.preparing import packed
from captioner.vision.model import Model
from captioner.vision.text import F32
from chalicelib.errors import InvalidField, PayloadTooLarge, RejectedImage
from chalicelib.names import UPLOADS
from chalicelib.storage import Storage

_ANSWERED = (InvalidField, PayloadTooLarge, RejectedImage)


@dataclass(frozen=True, slots=True)
class Queries:
    """Answer the encoder's requests.

    Stored photographs are taken from ``storage``; nothing is ever fetched by URL. There are limits
    for the bytes of an image that comes with the request and of a stored one; ``read`` has its own.
    """

    model: Model
    storage: Storage
    read: Callable[[bytes], Photograph]
    max_query_bytes: int
    max_stored_bytes: int

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return vectors in base64, or the attention of captions.

        ``{"error": …}`` where the request is at fault.
        """
        try:
            return self._vectors(request)
        except _ANSWERED as error:
            field = error.field if isinstance(error, InvalidField) else None
            told = {"type": type(error).__name__, "detail": error.detail, "field": field}
            return {"error": told}

    def _vectors(self, request: Mapping[str, Any]) -> dict[str, Any]:
        match request:
            case {"image": str(image)}:
                return self._of(self._sent(image), request.get("crop"))
            case {"key": str(key), "captions": [*captions]}:
                pixels = self._stored(key, request.get("version_id")).pixels
                return self._looked(pixels, [str(text) for text in captions])
            case {"key": str(key)}:
                return self._of(self._stored(key, request.get("version_id")), request.get("crop"))
        raise InvalidField("request", "needs one of image and key")

    def _of(self, photograph: Photograph, part: object) -> dict[str, Any]:
        pixels = photograph.pixels
        if part is not None:
            pixels = crop(pixels, _crop(part))
        visual, semantic = self.model.embed(pixels)
        told = {"visual": _written(visual), "semantic": _written(semantic)}
        return told | {"space": self.model.space}

    def _looked(self, pixels: Pixels, captions: list[str]) -> dict[str, Any]:
        looked = self.model.attention(pixels, captions)
        rows, columns = looked.shape
        told = [[[word.text, _rounded(word.attention)] for word in one] for one in looked.captions]
        return {"rows": rows, "columns": columns, "captions": told}

    def _sent(self, image: str) -> Photograph:
        if len(image) > self.max_query_bytes * 4 // 3 + 4:
            raise PayloadTooLarge(f"at most {self.max_query_bytes} bytes are allowed")
        try:
            data = base64.b64decode(image, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidField("image", "is not base64") from error
        return self.read(data)

    def _stored(self, key: str, version_id: object) -> Photograph:
        if not key.startswith(UPLOADS):
            raise InvalidField("key", f"must begin with {UPLOADS}")
        version = version_id if isinstance(version_id, str) else None
        data = self.storage.read(key, version_id=version, limit=self.max_stored_bytes)
        if data is None:
            raise RejectedImage("the photograph is no longer stored")
        return self.read(data)


def _crop(part: object) -> Crop:
    match part:
        case [
            int() | float() as x,
            int() | float() as y,
            int() | float() as w,
            int() | float() as h,
        ]:
            return float(x), float(y), float(w), float(h)
    raise InvalidField("crop", "must be four numbers: x, y, width, height")


def _rounded(attention: F32) -> list[float]:
    return [round(weight, 4) for weight in attention.ravel().tolist()]


def _written(vector: F32) -> str:
    numbers = packed(vector)
    if numbers is None:
        raise RejectedImage("the model finds nothing to compare it by")
    return base64.b64encode(numbers).decode()
