"""The one writer of an index: documents in, in transactions."""

import logging
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import apsw

from chalicelib.attributes import normalised
from chalicelib.images import Attribute
from chalicelib.search.analysis import clean, stems
from chalicelib.search.port import Document
from chalicelib.search.vectors import quantised

_logger = logging.getLogger(__name__)
_RECORD = """
    INSERT INTO document(
        image_id, rev, deleted, owner, state, source, name, text, length, created)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT(image_id) DO UPDATE SET
        rev = excluded.rev, deleted = excluded.deleted, owner = excluded.owner,
        state = excluded.state, source = excluded.source, name = excluded.name,
        text = excluded.text, length = excluded.length,
        created = coalesce(excluded.created, created)
    RETURNING doc"""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(moment: datetime | None) -> int | None:
    """Return a moment as microseconds since 1970."""
    return None if moment is None else (moment - _EPOCH) // timedelta(microseconds=1)


class Writer:
    """Writes documents into the tables of an index."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._terms: dict[tuple[str, str], int] = {}

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in all documents in one transaction; return the ids of those that are malformed."""
        failed: list[str] = []
        changed = False
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for document in documents:
                try:
                    vectors = _vectors(document)
                except ValueError as error:
                    _logger.error("document %s refused: %s", document.image_id, error)
                    failed.append(document.image_id)
                else:
                    changed |= self._take(document, vectors)
            if changed:
                self._run("UPDATE meta SET value = value + 1 WHERE key = 'generation'")
            self._connection.execute("COMMIT")
        except BaseException:
            self._terms.clear()
            if not self._connection.get_autocommit():
                self._connection.execute("ROLLBACK")
            raise
        return tuple(failed)

    def _take(self, document: Document, vectors: tuple[bytes | None, bytes | None]) -> bool:
        """Replace what is held of a document; False where that is as new or newer."""
        held = self._run(
            "SELECT doc, rev, deleted FROM document WHERE image_id = ?", document.image_id
        ).fetchone()
        if held is not None and held[1] >= document.rev:
            return False
        if held is not None and not held[2]:
            self._forget(held[0])
        doc = self._record(document)
        if not document.deleted:
            self._run("INSERT INTO caption(rowid, text) VALUES(?, ?)", doc, clean(document.text))
            self._add_traits(doc, document.attributes)
            if vectors != (None, None):
                self._run("INSERT INTO vector VALUES(?, ?, ?)", doc, *vectors)
        return True

    def _record(self, document: Document) -> int:
        doc = self._run(
            _RECORD,
            document.image_id,
            document.rev,
            document.deleted,
            document.owner,
            document.state.value,
            None if document.source is None else document.source.value,
            "" if document.deleted else clean(document.name),
            "" if document.deleted else clean(document.text),
            0 if document.deleted else len(stems(document.text)),
            microseconds(document.created_at),
        ).get
        return int(doc)

    def _forget(self, doc: int) -> None:
        self._run("DELETE FROM caption WHERE rowid = ?", doc)
        self._run("DELETE FROM trait WHERE doc = ?", doc)
        self._run("DELETE FROM vector WHERE doc = ?", doc)

    def _add_traits(self, doc: int, attributes: Iterable[Attribute]) -> None:
        for position, attribute in enumerate(attributes):
            for term in self._terms_of(normalised(attribute)):
                self._run("INSERT OR IGNORE INTO trait VALUES(?, ?, ?)", doc, position, term)

    def _terms_of(self, attribute: Attribute) -> Iterable[int]:
        yield self._term("subject", attribute.subject)
        for colour in attribute.colours:
            yield self._term("colour", colour)
        for action in attribute.actions:
            yield self._term("action", action)

    def _term(self, kind: str, value: str) -> int:
        key = (kind, clean(value))
        if key not in self._terms:
            self._run("INSERT OR IGNORE INTO term(kind, value) VALUES(?, ?)", *key)
            found = self._run("SELECT term FROM term WHERE kind = ? AND value = ?", *key).get
            self._terms[key] = int(found)
        return self._terms[key]

    def _run(self, statement: str, *values: str | int | bytes | None) -> apsw.Cursor:
        return self._connection.execute(statement, values)


def _vectors(document: Document) -> tuple[bytes | None, bytes | None]:
    return (
        None if document.visual is None else quantised(document.visual),
        None if document.semantic is None else quantised(document.semantic),
    )
