"""From a document of the port to the fields of an index."""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from chalicelib.attributes.kinds import KINDS
from chalicelib.images import HUMAN_SOURCES, Attribute
from chalicelib.search.opensearch.schema import TEXT_FIELDS
from chalicelib.search.port import (
    Document,
    brevity,
    key_of,
    microseconds,
    month_of,
    searched_labels,
    texts_of,
)
from chalicelib.search.text import SHORTEST_WORD, clean, quantised, stems, words_of


def source_of(document: Document) -> Mapping[str, Any]:
    """Return the fields of a document; of a removal only what keeps it removed.

    Raises
    ------
    ValueError
        A vector has another length, or holds a number that is not finite.
    """
    key = key_of(document.image_id)
    vectors = dict(_vectors(document))
    kept = {"key": key, "key_term": term_of(key), "deleted": document.deleted}
    if document.deleted:
        return kept
    return {
        **kept,
        "owner": document.owner,
        "state": document.state.value,
        "source": document.source and document.source.value,
        "human": document.source in HUMAN_SOURCES,
        "created": document.created_at and microseconds(document.created_at),
        "taken": document.taken_at and microseconds(document.taken_at),
        "added_months": document.created_at and month_of(document.created_at),
        "taken_months": document.taken_at and month_of(document.taken_at),
        "albums": sorted({*map(clean, document.albums)}),
        **_texts(document),
        **_attributes(document.attributes),
        **vectors,
        **({"space": document.space} if document.space else {}),
    }


def term_of(key: int) -> str:
    """Return a key as a short term, which is found sooner than a long one or a number."""
    return b64encode(key.to_bytes(8, "big")).decode().rstrip("=")


def _texts(document: Document) -> dict[str, Any]:
    caption, searched = clean(document.text), [*map(clean, searched_labels(document.labels))]
    words = (word for text in (caption, *searched) for word in words_of(text))
    stemmed = {name: stems(clean(text)) for name, text in texts_of(document).items()}
    return {
        "text": caption,
        **{TEXT_FIELDS[name]: " ".join(found) for name, found in stemmed.items()},
        "brevity": brevity(len(stemmed["caption"])),
        "words": sorted({word for word in words if len(word) >= SHORTEST_WORD and word.isalpha()}),
        "labels": sorted({clean(label.word) for label in document.labels}),
    }


def _attributes(attributes: Iterable[Attribute]) -> dict[str, Any]:
    held = [
        {kind.name: [*map(clean, kind.normalised(attribute))] for kind in KINDS}
        for attribute in attributes
    ]
    flat = {
        kind.plural: sorted({word for one in held for word in one[kind.name]}) for kind in KINDS
    }
    return {"attributes": held, **flat}


def _vectors(document: Document) -> Iterator[tuple[str, Any]]:
    if document.visual is not None:
        likeness = quantised(document.visual)
        yield "visual", numbers(likeness)
        yield "likeness", b64encode(likeness).decode()
    if document.semantic is not None:
        yield "semantic", numbers(quantised(document.semantic))


def numbers(vector: bytes) -> list[int]:
    """Return a quantised vector as whole numbers."""
    found: list[int] = np.frombuffer(vector, np.int8).tolist()
    return found
