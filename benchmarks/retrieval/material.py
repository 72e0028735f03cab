"""Collections of a split: captioned by the model, by people, or by both."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.retrieval.photographs import documents, picture_vectors, text_vectors
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

    def caption(self, number: int) -> "Asked":
        """Return those that are this caption of a photograph, the first being 0."""
        some = slice(number, None, CAPTIONS)
        return Asked(self.texts[some], self.vectors[some], self.own[some])


@dataclass(frozen=True)
class Material:
    """A split, what the pipeline stores of it, and semantic vectors of its pictures alone."""

    split: Split
    captioned: Sequence[Document]
    pictures: Sequence[bytes]
    asked: Asked


def read(split: Split) -> Material:
    """Return a split's documents and its human captions as queries.

    A caption's quotation marks say what is written on a sign: they are left out, since in the
    search box they would ask for photographs whose own caption holds the phrase.
    """
    texts = [caption.replace('"', " ") for captions in split.captions for caption in captions]
    own = [at for at, captions in enumerate(split.captions) for _ in captions]
    captioned, pictures = documents(split.photographs), picture_vectors(split.photographs)
    return Material(split, captioned, pictures, Asked(texts, text_vectors(texts), own))


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
    found = list(material.captioned)
    for at in range(0, len(found), every):
        captions = material.split.captions[at]
        others = [captions[(skipped + step) % len(captions)] for step in range(1, count + 1)]
        attributes = tuple(extract(" . ".join(others)))
        found[at] = replace(
            found[at], text=" ".join(others), source=Source.USER, attributes=attributes
        )
    return found
