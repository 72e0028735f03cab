"""Collections of a split: captioned by the model, by people, or by both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.retrieval.photographs import Bundle, documents, picture_vectors, text_vectors
from captioner.vision.text import F32
from chalicelib.attributes import extract
from chalicelib.images import Source
from chalicelib.search.port import Document
from training.dataset import Split

CAPTIONS = 5  # a photograph


@dataclass(frozen=True)
class Asked:
    """Queries, each with the photograph that it describes.

    Attributes
    ----------
    texts, vectors
        As a person types them, and their semantic vectors.
    own
        Place of the photograph in the collection.
    """

    texts: Sequence[str]
    vectors: Sequence[bytes]
    own: Sequence[int]

    def some(self, chosen: Sequence[int]) -> "Asked":
        """Return chosen ones of them."""
        return Asked(
            [self.texts[at] for at in chosen],
            [self.vectors[at] for at in chosen],
            [self.own[at] for at in chosen],
        )


@dataclass(frozen=True)
class Material:
    """A split, what the pipeline stores of it, and semantic vectors of its pictures alone."""

    split: Split
    captioned: Sequence[Document]
    pictures: Sequence[bytes]
    asked: Asked

    def asked_by(self, count: int) -> "Material":
        """Return the same with the first ``count`` captions of each photograph as queries."""
        first = [at for at in range(len(self.asked.texts)) if at % CAPTIONS < count]
        return replace(self, asked=self.asked.some(first))


def read(split: Split, from_: Bundle) -> Material:
    """Return a split's documents and its human captions as queries.

    A caption's quotation marks say what is written on a sign: they are left out, since in the
    search box they would ask for photographs whose own caption holds the phrase.
    """
    texts = [caption.replace('"', " ") for captions in split.captions for caption in captions]
    own = [at for at, captions in enumerate(split.captions) for _ in captions]
    captioned = documents(split.photographs, from_)
    pictures = picture_vectors(split.photographs, from_)
    return Material(split, captioned, pictures, Asked(texts, text_vectors(texts, from_), own))


def told_by_people(material: Material, skipped: int, count: int, every: int = 1) -> list[Document]:
    """Return the documents with human captions.

    Parameters
    ----------
    skipped
        Which caption is left out: the one that is asked.
    count
        How many of the others, joined.
    every
        One photograph in so many has them; the others keep the model's.
    """
    found = []
    for at, (document, captions) in enumerate(
        zip(material.captioned, material.split.captions, strict=True)
    ):
        others = [captions[(skipped + step) % len(captions)] for step in range(1, count + 1)]
        text = " ".join(others)
        told = replace(
            document, text=text, source=Source.USER, attributes=tuple(extract(" . ".join(others)))
        )
        found.append(document if at % every else told)
    return found


def floats(vectors: Sequence[bytes | None]) -> F32:
    """Return float16 vectors as rows; one that is missing as zeros."""
    rows = [np.frombuffer(vector or bytes(512), "<f2") for vector in vectors]
    return np.stack(rows).astype(np.float32)
