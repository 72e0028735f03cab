"""The one writer of an index: entries in, within a transaction of the caller's."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import apsw

from chalicelib.search.embedded.entries import Entry, Term

_RECORD = """
    INSERT INTO document(
        doc, image_id, rev, deleted, owner, state, source, name, text, seen, length, created)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT(image_id) DO UPDATE SET
        rev = excluded.rev, deleted = excluded.deleted, owner = excluded.owner,
        state = excluded.state, source = excluded.source, name = excluded.name,
        text = excluded.text, seen = excluded.seen, length = excluded.length,
        created = iif(excluded.deleted, coalesce(excluded.created, created), excluded.created)
    RETURNING doc, created"""
_FORGOTTEN = """
    SELECT DISTINCT kind, value FROM trait JOIN term USING(term) WHERE doc = ?"""


@dataclass(slots=True)
class Written:
    """What a transaction changed.

    Attributes
    ----------
    entries
        As they are now held, by their number: of several of one document the last.
    forgotten
        Of every document that could be found before, the terms it had.
    """

    entries: dict[int, Entry] = field(default_factory=dict)
    forgotten: dict[int, tuple[Term, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A batch that is being taken in.

    Attributes
    ----------
    entries
        What it changes, by number: the same entries bring another copy to the same state.
    generation
        Of the index once they are taken in.
    failed
        Ids of malformed documents.
    """

    entries: tuple[Entry, ...]
    generation: int
    failed: tuple[str, ...]


class Writer:
    """Writes entries into the tables of an index."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._terms: dict[Term, int] = {}

    def write(self, entries: Iterable[Entry]) -> Written:
        """Replace what is held of each document unless that is as new or newer."""
        written = Written()
        for entry in entries:
            self._take(entry, written)
        return written

    def rolled_back(self) -> None:
        """Forget the numbers of terms that were never committed."""
        self._terms.clear()

    def _take(self, entry: Entry, written: Written) -> None:
        held = self._run(
            "SELECT doc, rev, deleted FROM document WHERE image_id = ?", entry.image_id
        ).fetchone()
        if held is not None and held[1] >= entry.rev:
            return
        if held is not None and not held[2]:
            terms = self._forget(held[0])
            if held[0] not in written.entries:
                written.forgotten[held[0]] = terms
        doc, created = self._record(entry)
        written.entries[doc] = replace(entry, doc=doc, created=created)
        if not entry.deleted:
            statement = "INSERT INTO caption(rowid, text, seen) VALUES(?, ?, ?)"
            self._run(statement, doc, entry.text, entry.seen)
            self._add_traits(doc, entry.traits)
            if entry.visual is not None or entry.semantic is not None:
                self._run("INSERT INTO vector VALUES(?, ?, ?)", doc, entry.visual, entry.semantic)

    def _record(self, entry: Entry) -> tuple[int, int | None]:
        rows: Any = self._run(
            _RECORD,
            entry.doc or None,
            entry.image_id,
            entry.rev,
            entry.deleted,
            entry.owner,
            entry.state,
            entry.source,
            entry.name,
            entry.text,
            entry.seen,
            entry.length,
            entry.created,
        ).fetchall()
        doc, created = rows[0]
        return doc, created

    def _forget(self, doc: int) -> tuple[Term, ...]:
        terms: Any = self._run(_FORGOTTEN, doc).fetchall()
        self._run("DELETE FROM caption WHERE rowid = ?", doc)
        self._run("DELETE FROM trait WHERE doc = ?", doc)
        self._run("DELETE FROM vector WHERE doc = ?", doc)
        return tuple(terms)

    def _add_traits(self, doc: int, traits: Iterable[Iterable[Term]]) -> None:
        for position, terms in enumerate(traits):
            for term in terms:
                self._run(
                    "INSERT OR IGNORE INTO trait VALUES(?, ?, ?)", doc, position, self._term(term)
                )

    def _term(self, term: Term) -> int:
        if term not in self._terms:
            self._run("INSERT OR IGNORE INTO term(kind, value) VALUES(?, ?)", *term)
            found = self._run("SELECT term FROM term WHERE kind = ? AND value = ?", *term).get
            self._terms[term] = int(found)
        return self._terms[term]

    def _run(self, statement: str, *values: str | int | bytes | None) -> apsw.Cursor:
        return self._connection.execute(statement, values)
