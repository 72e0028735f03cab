"""What the index holds of one document, made ready to be written.

Captions are cleaned and measured, attributes normalised and vectors quantised once, by the
writer; whoever takes up what it published only inserts.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from chalicelib.attributes import normalised
from chalicelib.images import Attribute
from chalicelib.search.analysis import clean, stems
from chalicelib.search.port import Document
from chalicelib.search.vectors import quantised

_logger = logging.getLogger(__name__)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Term = tuple[str, str]  # kind ("subject", "colour", "action", "label", "seen") and value


@dataclass(frozen=True, slots=True)
class Entry:
    """One document as the tables hold it.

    Attributes
    ----------
    seen
        The labels that a text finds.
    length
        Stems of the caption.
    created
        Microseconds since 1970.
    traits
        The terms of each attribute, then those of the labels.
    visual, semantic
        Quantised.
    doc
        Its number in the index, the same in every copy; 0 where it has none yet.
    """

    image_id: str
    rev: int
    owner: str
    deleted: bool
    state: str
    source: str | None
    name: str
    text: str
    seen: str
    length: int
    created: int | None
    traits: tuple[tuple[Term, ...], ...] = ()
    visual: bytes | None = None
    semantic: bytes | None = None
    doc: int = 0

    def unnumbered(self) -> "Entry":
        """Return the entry for an index that numbers documents otherwise."""
        return replace(self, doc=0)


def microseconds(moment: datetime | None) -> int | None:
    """Return a moment as microseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


def entries_of(documents: Iterable[Document]) -> tuple[list[Entry], tuple[str, ...]]:
    """Return documents made ready, and the ids of malformed ones."""
    entries: list[Entry] = []
    failed: list[str] = []
    for document in documents:
        try:
            entries.append(entry_of(document))
        except ValueError as error:
            _logger.error("document %s refused: %s", document.image_id, error)
            failed.append(document.image_id)
    return entries, tuple(failed)


def entry_of(document: Document) -> Entry:
    """Return what is to be held of a document; of a removed one neither words nor vectors.

    Raises
    ------
    ValueError
        One of its vectors is malformed.
    """
    visual, semantic = _quantised(document.visual), _quantised(document.semantic)
    gone = document.deleted
    return Entry(
        image_id=document.image_id,
        rev=document.rev,
        owner=document.owner,
        deleted=gone,
        state=document.state.value,
        source=None if document.source is None else document.source.value,
        name="" if gone else clean(document.name),
        text="" if gone else clean(document.text),
        seen="" if gone else clean(" ".join(document.seen)),
        length=0 if gone else len(stems(document.text)),
        created=microseconds(document.created_at),
        traits=() if gone else _traits(document),
        visual=None if gone else visual,
        semantic=None if gone else semantic,
    )


def _quantised(vector: bytes | None) -> bytes | None:
    return None if vector is None else quantised(vector)


def _traits(document: Document) -> tuple[tuple[Term, ...], ...]:
    labels = [("label", clean(label.word)) for label in document.labels]
    labels += [("seen", clean(word)) for word in document.seen]
    return (*map(_terms, document.attributes), *([tuple(dict.fromkeys(labels))] if labels else []))


def _terms(attribute: Attribute) -> tuple[Term, ...]:
    plain = normalised(attribute)
    terms = [("subject", plain.subject)]
    terms += [("colour", colour) for colour in plain.colours]
    terms += [("action", action) for action in plain.actions]
    return tuple(dict.fromkeys((kind, clean(value)) for kind, value in terms))
