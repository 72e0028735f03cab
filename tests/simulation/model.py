"""What stands in the place of decoder, model and text encoder: what they say follows from bytes."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from chalicelib.encoder import Crop, Vector
from chalicelib.errors import RejectedImage
from chalicelib.images import VECTOR_SIZE, Prepared
from tests.attending import LooksEverywhere
from tests.simulation.scheduler import Killed, Scheduler

SPACE = "net@1"  # of all releases of the model: another one is another decoder
DAMAGED = "the image is damaged"
# What a file is, by its first word.
PHOTO, BAD, UNSURE, LARGE, DEADLY = b"photo", b"bad", b"unsure", b"large", b"deadly"


def vector_of(content: bytes) -> bytes:
    """Return a unit vector that no other content has."""
    seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
    numbers = np.random.default_rng(seed).normal(size=VECTOR_SIZE)
    return (numbers / np.linalg.norm(numbers)).astype("<f2").tobytes()


def caption_of(content: bytes, model: str) -> str:
    """Return what a model says of a file: a word of the content and one of the model's release."""
    word = content.decode().rpartition(" ")[2]
    return f"a dog named {word} by {model.replace('@', '')}"


def display_of(content: bytes, size: str) -> bytes:
    """Return the copy for display."""
    return size.encode() + b" of " + content


def prepare_with(model: str, scheduler: Scheduler) -> Callable[[bytes], Prepared]:
    """Return what decodes and describes a file in a while, or dies over it."""

    def prepare(content: bytes) -> Prepared:
        scheduler.sleep(scheduler.random.uniform(0.2, 4))
        if content.startswith(BAD):
            raise RejectedImage(DAMAGED)
        if content.startswith(DEADLY):
            scheduler.process.kill()
            raise Killed
        vector = vector_of(content)
        large = display_of(content, "large") if content.startswith(LARGE) else None
        return Prepared(
            captions=(caption_of(content, model),),
            confidence=0.9,
            needs_review=content.startswith(UNSURE),
            visual=vector,
            semantic=vector,
            width=600,
            height=400,
            content_type="image/jpeg",
            display=display_of(content, "small"),
            large=large,
            space=SPACE,
        )

    return prepare


class Encoder(LooksEverywhere):
    """The encoder of queries."""

    def text(self, text: str, telling: Sequence[str] = ()) -> Vector:
        """Return a text's vector."""
        return Vector(vector_of(text.encode()), SPACE)

    def words(self) -> Sequence[str]:
        """Return no words."""
        return ()

    def image(self, content: bytes, crop: Crop | None) -> Vector:
        """Return a picture's vector."""
        return Vector(vector_of(content), SPACE)

    def stored(self, key: str, version_id: str | None, crop: Crop | None) -> Vector:
        """Return the vector of a picture in the bucket."""
        return Vector(vector_of(key.encode()), SPACE)
