"""What tests of the search engines share: the engines, photographs, and what was found."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from chalicelib.images import VECTOR_SIZE, Attribute, Source
from chalicelib.search import Document, Query, Results, SearchIndex
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.query import Floats
from tests.corpora import START, vector
from tests.plain_index import PlainIndex

ENGINES: dict[str, Callable[[], SearchIndex]] = {
    "plain": PlainIndex,
    "embedded": EmbeddedIndex,
}


def spread(direction: int) -> bytes:
    """Return a unit vector over the sixteen components from 16 × ``direction`` on."""
    return vector(*[0] * direction, 1)


def sparse(*parts: tuple[int, float]) -> bytes:
    """Return a vector with the given components, the others 0."""
    numbers = [0.0] * VECTOR_SIZE
    for place, number in parts:
        numbers[place] = number
    return struct.pack(f"<{VECTOR_SIZE}e", *numbers)


def document(image_id: str, text: str = "a dog", rev: int = 1, **more: object) -> Document:
    """Return a photograph that the model captioned."""
    values = {"owner": "ann", "source": Source.MODEL, "created_at": START} | more
    return Document(image_id, rev, text=text, **values)  # type: ignore[arg-type]


def told(image_id: str, text: str = "", **more: object) -> Document:
    """Return a photograph that a person captioned, of no known time."""
    values = {"owner": "ann", "source": Source.USER} | more
    return Document(image_id, 1, text=text, **values)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shown:
    """Knows a word, which pictures in the first direction of `tests.corpora.vector` show."""

    words: tuple[str, ...] = ("dog",)

    def probabilities(self, visual: Floats) -> Floats:
        """Give what the first of the directions says."""
        return np.clip(visual[:, :1] * 4, 0, 1)

    def shares(self, probabilities: Floats) -> Floats:
        """Give all of it."""
        return probabilities


def ids(results: Results) -> list[str]:
    """Return the ids of the hits in their order."""
    return [hit.image_id for hit in results.hits]


def found(index: SearchIndex, **query: object) -> set[str]:
    """Return the ids of whatever of Ann's a query finds."""
    return set(ids(index.search(Query(owner="ann", limit=100, **query))))  # type: ignore[arg-type]


# Who wears what colour and does what, told apart by subject.
SCENE = (
    document(
        "boy in red",
        attributes=(Attribute("boy", ("red",), ("run",)), Attribute("dog", ("brown",), ("sit",))),
    ),
    document(
        "boy in brown",
        attributes=(Attribute("boys", ("tan",), ("sitting",)), Attribute("dog", ("scarlet",))),
    ),
    document("woman", attributes=(Attribute("woman", ("red", "white"), ("walk", "talk")),)),
    document("bare"),
)
