"""Documents as columns: what an index holds in memory, and what is published of it.

A segment is a set of tables. ``row`` has one entry a document; each entry of another table
belongs to one of its parent's, by number, and the entries of a table stand in their parents' order.
Strings (owners, values, words) are numbers into the segment's own list.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from chalicelib.attributes.kinds import KINDS
from chalicelib.images import VECTOR_SIZE
from chalicelib.search.port import (
    TEXTS,
    Document,
    brevity,
    key_of,
    microseconds,
    texts_of,
)
from chalicelib.search.text import clean, quantised, stem_of, words_of

Array = npt.NDArray[Any]
Table = dict[str, Array]

_logger = logging.getLogger(__name__)
_ROW = {
    "rev": np.int64,
    "key": np.int64,
    "created": np.int64,  # microseconds since 1970, 0 where it is not known
    "owner": np.int32,
    "state": np.int32,
    "source": np.int32,
    "brevity": np.uint8,
    "deleted": np.bool_,
}
PARENT: Mapping[str, str | None] = {
    "row": None,
    **dict.fromkeys(TEXTS, "row"),
    "label": "row",
    "album": "row",
    "visual": "row",
    "semantic": "row",
    "taken": "row",
    "space": "row",
    "attribute": "row",
    **{kind.name: "attribute" for kind in KINDS},
}
# ``of`` is the number of the parent's entry; ``first`` tells whether a document has the value for
# the first time; ``at`` is in microseconds since 1970.
COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "row": _ROW,
    **{name: {"of": np.int32, "word": np.int32} for name in TEXTS},
    "label": {"of": np.int32, "value": np.int32},
    "album": {"of": np.int32, "value": np.int32},
    "visual": {"of": np.int32, "vector": np.int8},
    "semantic": {"of": np.int32, "vector": np.int8},
    "taken": {"of": np.int32, "at": np.int64},
    "space": {"of": np.int32, "value": np.int32},
    "attribute": {"of": np.int32},
    **{kind.name: {"of": np.int32, "value": np.int32, "first": np.bool_} for kind in KINDS},
}
CODED = frozenset({"owner", "state", "source", "word", "value"})  # columns of string numbers


@dataclass(frozen=True, slots=True)
class Segment:
    """Some documents.

    Attributes
    ----------
    tables
        By name, as ``COLUMNS`` has them.
    ids, texts
        Of the rows.
    strings, stems
        What coded columns stand for; of a word the number of its stem, of others -1.
    """

    tables: Mapping[str, Table]
    ids: Sequence[str]
    texts: Sequence[str]
    strings: Sequence[str]
    stems: npt.NDArray[np.int32]

    def encoded(self) -> bytes:
        """Return the segment as bytes that `decoded` reads, in the format of safetensors."""
        lists = {"ids": self.ids, "texts": self.texts, "strings": self.strings}
        arrays = {
            f"{table}.{name}": np.ascontiguousarray(column)
            for table, columns in self.tables.items()
            for name, column in columns.items()
        }
        arrays |= {
            name: np.frombuffer(json.dumps(list(values)).encode(), np.uint8)
            for name, values in lists.items()
        }
        return save({**arrays, "stems": self.stems})

    @classmethod
    def decoded(cls, content: bytes) -> Self:
        """Read a segment; a column that its writer did not know is empty.

        Raises
        ------
        ValueError
            The bytes are none.
        """
        try:
            arrays = load(content)
            ids, texts, strings = (
                json.loads(arrays[name].tobytes()) for name in ("ids", "texts", "strings")
            )
            tables = {
                table: {
                    name: arrays.get(f"{table}.{name}", _none(name, kind))
                    for name, kind in columns.items()
                }
                for table, columns in COLUMNS.items()
            }
            return cls(tables, ids, texts, strings, arrays["stems"])
        except (SafetensorError, KeyError) as error:
            raise ValueError("these bytes are no segment of a search index") from error

    def only(self, kept: npt.NDArray[np.bool_]) -> "Segment":
        """Return the segment with some of its rows."""
        chosen = {"row": kept}
        tables: dict[str, Table] = {}
        for name, parent in PARENT.items():
            columns = self.tables[name]
            if parent is not None:
                chosen[name] = chosen[parent][columns["of"]]
            tables[name] = {column: held[chosen[name]] for column, held in columns.items()}
            if parent is not None:
                tables[name]["of"] = _renumbered(chosen[parent])[tables[name]["of"]]
        ids, texts = (
            [held for held, is_kept in zip(of_rows, kept, strict=True) if is_kept]
            for of_rows in (self.ids, self.texts)
        )
        return Segment(tables, ids, texts, self.strings, self.stems)


def segment_of(documents: Iterable[Document]) -> tuple[Segment, tuple[str, ...]]:
    """Return the newest revision of each document as columns, and the ids of malformed ones."""
    newest: dict[str, tuple[Document, dict[str, bytes]]] = {}
    failed: list[str] = []
    for document in documents:
        held = newest.get(document.image_id)
        try:
            vectors = _quantised(document)
        except ValueError as error:
            _logger.error("document %s refused: %s", document.image_id, error)
            failed.append(document.image_id)
            continue
        if held is None or held[0].rev < document.rev:
            newest[document.image_id] = document, vectors
    builder = _Builder()
    for document, vectors in newest.values():
        builder.add(document, vectors)
    return builder.segment(), tuple(failed)


class _Builder:
    """Collects the entries of tables."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._stems: dict[int, int] = {}
        self._entries: dict[str, list[tuple[Any, ...]]] = {name: [] for name in COLUMNS}
        self._ids: list[str] = []
        self._texts: list[str] = []

    def add(self, document: Document, vectors: Mapping[str, bytes]) -> None:
        """Add a document; of a removed one only what keeps it removed."""
        row, text = len(self._ids), clean(document.text)
        held = {} if document.deleted else texts_of(document)
        words = {name: words_of(clean(one)) for name, one in held.items()}
        self._ids.append(document.image_id)
        self._texts.append("" if document.deleted else text)
        self._entries["row"].append(
            (
                document.rev,
                key_of(document.image_id),
                microseconds(document.created_at) if document.created_at else 0,
                self._code(document.owner),
                self._code(document.state.value),
                self._code(document.source.value if document.source else ""),
                brevity(len(words.get("caption", ()))),
                document.deleted,
            )
        )
        if not document.deleted:
            for name, told in words.items():
                self._entries[name] += ((row, self._word(word)) for word in told)
            self._add_values("label", row, (label.word for label in document.labels))
            self._add_values("album", row, document.albums)
            self._add_attributes(row, document)
            for kind, vector in vectors.items():
                self._entries[kind].append((row, vector))
            if document.space is not None:
                self._entries["space"].append((row, self._code(document.space)))
            if document.taken_at is not None:
                self._entries["taken"].append((row, microseconds(document.taken_at)))

    def segment(self) -> Segment:
        """Return what was collected."""
        tables = {
            table: _columns(self._entries[table], columns) for table, columns in COLUMNS.items()
        }
        stemmed = np.full(len(self._codes), -1, np.int32)
        stemmed[list(self._stems)] = list(self._stems.values())
        return Segment(tables, self._ids, self._texts, list(self._codes), stemmed)

    def _add_values(self, table: str, row: int, values: Iterable[str]) -> None:
        once = dict.fromkeys(map(clean, values))
        self._entries[table] += ((row, self._code(value)) for value in once)

    def _add_attributes(self, row: int, document: Document) -> None:
        known: set[tuple[str, str]] = set()
        for attribute in document.attributes:
            number = len(self._entries["attribute"])
            self._entries["attribute"].append((row,))
            for kind in KINDS:
                for value in kind.normalised(attribute):
                    is_first = (kind.name, value) not in known
                    self._entries[kind.name].append((number, self._code(clean(value)), is_first))
                    known.add((kind.name, value))

    def _code(self, value: str) -> int:
        return self._codes.setdefault(value, len(self._codes))

    def _word(self, word: str) -> int:
        code = self._code(word)
        if code not in self._stems:
            self._stems[code] = self._code(stem_of(word))
        return code


def _quantised(document: Document) -> dict[str, bytes]:
    given = {"visual": document.visual, "semantic": document.semantic}
    return {kind: quantised(vector) for kind, vector in given.items() if vector is not None}


def _columns(entries: Sequence[tuple[Any, ...]], columns: Mapping[str, Any]) -> Table:
    if not entries:
        return {name: _none(name, kind) for name, kind in columns.items()}
    found = dict(zip(columns, zip(*entries, strict=True), strict=True))
    return {
        name: _vectors(found[name]) if name == "vector" else np.array(found[name], kind)
        for name, kind in columns.items()
    }


def _vectors(vectors: Sequence[bytes]) -> npt.NDArray[np.int8]:
    return np.frombuffer(b"".join(vectors), np.int8).reshape(-1, VECTOR_SIZE)


def _none(name: str, kind: Any) -> Array:
    return np.empty((0, VECTOR_SIZE) if name == "vector" else 0, kind)


def _renumbered(kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.int32]:
    """Return the number that each kept entry has among the kept ones."""
    numbers: npt.NDArray[np.int32] = np.cumsum(kept, dtype=np.int32) - 1
    return numbers
