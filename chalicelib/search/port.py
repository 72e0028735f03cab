"""What a search engine can do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.attributes import extract
from chalicelib.images import HUMAN_SOURCES, Attribute, Image, Label, Source, State
from chalicelib.search.query import Query, Results
from chalicelib.search.suggestions import Suggestion

# Less probable labels are shown, counted and filtered by, but no text finds them.
SEARCHED_FROM = 0.3
SEARCHABLE = frozenset({State.CAPTIONED, State.NEEDS_REVIEW})


@dataclass(frozen=True, slots=True)
class Document:
    """What the index holds of one record; ``deleted`` stands for a tombstone."""

    image_id: str
    rev: int
    owner: str
    deleted: bool = False
    state: State = State.CAPTIONED
    name: str = ""
    text: str = ""
    source: Source | None = None
    attributes: tuple[Attribute, ...] = ()
    labels: tuple[Label, ...] = ()
    visual: bytes | None = None
    semantic: bytes | None = None
    created_at: datetime | None = None

    @property
    def seen(self) -> tuple[str, ...]:
        """The labels that a text finds."""
        return seen(self.labels)


class Searching(Protocol):
    """What the API needs: to ask. ``embedded.PublishedIndex`` can do no more."""

    def search(self, query: Query) -> Results:
        """Answer a query.

        Raises
        ------
        InvalidField
            ``cursor`` is forged or of another query, ``text`` cannot be understood.
        SearchUnavailable
            The engine is down: never an empty result instead.
        """

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what the last word of ``prefix`` may become, the commonest first.

        Subjects, colours and actions in the form the index compares, and words of captions and
        labels as they are written, each with how many of the owner's photographs have it; nothing
        that no photograph of the owner's has. Nothing for an empty prefix.
        """

    def nearest(self, owner: str | None, words: Sequence[str]) -> Mapping[str, str]:
        """Return for words that no photograph of the owner's holds the nearest known ones.

        A word that is held in any form (its stem), or that has no known word within
        ``spelling.edits``, is left out. Of equally near words the commonest. Counts may lag
        behind; a word that is not the owner's never appears.
        """


class SearchIndex(Searching, Protocol):
    """Port. Adapters: ``memory`` for tests of callers, ``embedded``; one contract test for all."""

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents in any order; an older ``rev`` than the held one changes nothing.

        A removal keeps its ``rev``, so that an older write never brings a photograph back.

        Returns
        -------
        tuple[str, ...]
            Ids that could not be taken in and should be tried again.

        Raises
        ------
        SearchUnavailable
            Nothing was taken in.
        """


def seen(labels: Sequence[Label]) -> tuple[str, ...]:
    """Return the labels that a text finds: those that are probable enough."""
    return tuple(label.word for label in labels if label.probability >= SEARCHED_FROM)


def document_of(image: Image) -> Document:
    """Return what the index should hold of ``image``: a removal unless it is searchable."""
    if image.state not in SEARCHABLE:
        return Document(image.image_id, image.rev, image.owner, deleted=True, state=image.state)
    caption = image.caption
    return Document(
        image_id=image.image_id,
        rev=image.rev,
        owner=image.owner,
        state=image.state,
        name=image.name,
        text=caption.text if caption else "",
        source=caption.source if caption else None,
        attributes=_attributes(image),
        labels=image.labels,
        visual=image.visual,
        semantic=image.semantic,
        created_at=image.created_at,
    )


def _attributes(image: Image) -> tuple[Attribute, ...]:
    # Attributes that a person gave stand in the record alone; what the caption beside them,
    # a person's too, says of its subjects is found as well. A model's caption adds nothing.
    caption = image.caption
    if caption is None or not {caption.source, image.attributes_source} <= HUMAN_SOURCES:
        return image.attributes
    said = (found for found in extract(caption.text) if found not in image.attributes)
    return (*image.attributes, *said)
