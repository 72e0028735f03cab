"""Entries as bytes: what a batch changed, or several, in one immutable part.

``IRDELTA1``, the length of the rows (four bytes, little-endian), the rows as compressed JSON,
then their quantised vectors one after another, the visual before the semantic one.
"""

import json
import zlib
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from chalicelib.images import VECTOR_SIZE
from chalicelib.search.embedded.entries import Entry

_MAGIC = b"IRDELTA1"
_START = len(_MAGIC) + 4
_values = attrgetter(
    *("image_id", "rev", "owner", "deleted", "state", "source", "name", "text", "seen"),
    *("length", "created", "traits", "doc"),
)
_LEVEL = 1  # most bytes are vectors, which do not compress


def encoded(entries: Iterable[Entry]) -> bytes:
    """Return entries as `decoded` reads them."""
    rows: list[object] = []
    vectors: list[bytes] = []
    for entry in entries:
        rows.append([*_values(entry), entry.visual is not None, entry.semantic is not None])
        vectors += [vector for vector in (entry.visual, entry.semantic) if vector is not None]
    packed = zlib.compress(json.dumps(rows, separators=(",", ":")).encode(), _LEVEL)
    return b"".join((_MAGIC, len(packed).to_bytes(4, "little"), packed, *vectors))


def decoded(content: bytes) -> tuple[Entry, ...]:
    """Return the entries of a part.

    Raises
    ------
    ValueError
        The bytes are none.
    """
    if content[: len(_MAGIC)] != _MAGIC:
        raise ValueError("these bytes are no changes of a search index")
    at = _START + int.from_bytes(content[len(_MAGIC) : _START], "little")
    try:
        rows: list[Any] = json.loads(zlib.decompress(content[_START:at]))
    except zlib.error as error:
        raise ValueError("the changes of a search index are damaged") from error
    entries = []
    for *values, attributes, doc, has_visual, has_semantic in rows:
        traits = tuple(tuple((kind, value) for kind, value in terms) for terms in attributes)
        visual = content[at : (at := at + VECTOR_SIZE * has_visual)] if has_visual else None
        semantic = content[at : (at := at + VECTOR_SIZE * has_semantic)] if has_semantic else None
        given: dict[str, Any] = {
            "traits": traits,
            "visual": visual,
            "semantic": semantic,
            "doc": doc,
        }
        entries.append(Entry(*values, **given))
    if at != len(content):
        raise ValueError("the changes of a search index have another length than they say")
    return tuple(entries)


def merged(parts: Iterable[Iterable[Entry]]) -> tuple[Entry, ...]:
    """Return the newest entry of each document of consecutive parts."""
    newest: dict[str, Entry] = {}
    for part in parts:
        newest |= {entry.image_id: entry for entry in part}
    return tuple(newest.values())
