"""From a document of the port to what OpenSearch is given."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.attributes import normalised
from chalicelib.images import Attribute
from chalicelib.search.analysis import clean, stems
from chalicelib.search.fusion import BREVITY, BREVITY_STEP
from chalicelib.search.port import Document
from chalicelib.search.spelling import spoken
from chalicelib.search.vectors import numbers, quantised

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def source_of(document: Document, *, vectors: bool) -> Mapping[str, Any]:
    """Return the fields of a document; of a removal only what keeps it removed.

    Raises
    ------
    ValueError
        A vector has another length, or holds a number that is not finite.
    """
    source: dict[str, Any] = {
        "image_id": document.image_id,
        "owner": document.owner,
        "deleted": document.deleted,
        "state": document.state.value,
    }
    given = {"visual": document.visual, "semantic": document.semantic}
    bytes_of = {kind: quantised(vector) for kind, vector in given.items() if vector is not None}
    if document.deleted:
        return source
    source |= {
        "name": clean(document.name),
        "text": clean(document.text),
        "words": sorted({*spoken(clean(" ".join((document.text, *document.seen))))}),
        "labels": sorted({clean(label.word) for label in document.labels}),
        "seen": [clean(word) for word in document.seen],
        "brevity": BREVITY - 1 - min(BREVITY - 1, len(stems(document.text)) // BREVITY_STEP),
    }
    if document.source is not None:
        source["source"] = document.source.value
    if document.created_at is not None:
        source["created"] = microseconds(document.created_at)
    if vectors:
        source |= {kind: numbers(vector) for kind, vector in bytes_of.items()}
        if "visual" in bytes_of:
            source["likeness"] = b64encode(bytes_of["visual"]).decode()
    return source | _traits([normalised(attribute) for attribute in document.attributes])


def _traits(attributes: Iterable[Attribute]) -> dict[str, Any]:
    found = [
        {
            "subject": clean(attribute.subject),
            "colours": [*map(clean, attribute.colours)],
            "actions": [*map(clean, attribute.actions)],
        }
        for attribute in attributes
    ]
    return {
        "attributes": found,
        "subjects": sorted({str(entry["subject"]) for entry in found}),
        "colours": sorted({colour for entry in found for colour in entry["colours"]}),
        "actions": sorted({action for entry in found for action in entry["actions"]}),
    }
