"""The index file: its tables, how it is opened, and what SQLite must be able to do."""

from pathlib import Path
from typing import Self
from uuid import uuid4

import apsw

from chalicelib.errors import SearchUnavailable
from chalicelib.search.analysis import TOKENIZER

VERSION = 3  # of the tables: to be raised whenever they or what they hold changes
OLDEST_SQLITE = 3_043_000  # contentless FTS5 tables that can delete
BUSY_MILLISECONDS = 5_000
_NO_WAL = b"\x01\x01"  # file format: a database in memory has no journal beside it

# ``trait`` binds by ``position``: the terms of one attribute of one document share it.
# The labels of a document are one more attribute, without a subject; ``seen`` are those that a
# text finds. ``caption`` holds no text of its own: ``document`` has it, and ranking reads the
# index alone.
_TABLES = f"""
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE document(
    doc INTEGER PRIMARY KEY, image_id TEXT NOT NULL UNIQUE, rev INTEGER NOT NULL,
    deleted INTEGER NOT NULL, owner TEXT NOT NULL, state TEXT NOT NULL, source TEXT,
    name TEXT NOT NULL, text TEXT NOT NULL, seen TEXT NOT NULL, length INTEGER NOT NULL,
    created INTEGER);
CREATE TABLE term(
    term INTEGER PRIMARY KEY, kind TEXT NOT NULL, value TEXT NOT NULL, UNIQUE(kind, value));
CREATE TABLE trait(
    doc INTEGER NOT NULL, position INTEGER NOT NULL, term INTEGER NOT NULL,
    PRIMARY KEY(doc, position, term)) WITHOUT ROWID;
CREATE TABLE vector(doc INTEGER PRIMARY KEY, visual BLOB, semantic BLOB);
CREATE VIRTUAL TABLE caption USING fts5(
    text, seen, content='', contentless_delete=1, tokenize="{" ".join(TOKENIZER)}");
"""


class OutdatedIndex(SearchUnavailable):
    """An index that another version of this program wrote; the catalogue makes a new one."""

    @classmethod
    def of(cls, version: object) -> Self:
        """Say which version was found."""
        return cls(
            f"the search index has version {version}, not {VERSION}: 'image-repo rebuild --index'"
            " makes it anew"
        )


def check_engine() -> None:
    """Refuse to start on an SQLite that lacks what the index is made of.

    Raises
    ------
    SearchUnavailable
        SQLite is too old or was built without FTS5.
    """
    version = apsw.sqlite_lib_version()
    if apsw.SQLITE_VERSION_NUMBER < OLDEST_SQLITE or "ENABLE_FTS5" not in apsw.compile_options:
        raise SearchUnavailable(f"SQLite {version} lacks FTS5 with contentless deletes")


def opened(
    path: Path | None = None, *, busy_milliseconds: int = BUSY_MILLISECONDS
) -> apsw.Connection:
    """Return a connection to the index at ``path``, made where there is none.

    ``None`` is an empty index in memory. A file is journalled ahead (WAL), so that any number
    of processes may read while one writes; another writer waits ``busy_milliseconds``.

    Raises
    ------
    SearchUnavailable
        The file is no index, is damaged, or is of another version.
    """
    check_engine()
    try:
        connection = apsw.Connection(":memory:" if path is None else str(path))
        connection.set_busy_timeout(busy_milliseconds)
        if path is not None:
            connection.execute("PRAGMA journal_mode=WAL")
        _prepare(connection)
    except apsw.Error as error:
        raise SearchUnavailable(f"the search index cannot be opened: {error}") from error
    return connection


def from_image(image: bytes) -> apsw.Connection:
    """Return a connection to a copy of a published index, in memory.

    Raises
    ------
    SearchUnavailable
        The bytes are no index, or one of another version. Single altered bytes are for the
        snapshot's digest to find.
    """
    check_engine()
    try:
        connection = apsw.Connection(":memory:")
        connection.deserialize("main", image)
        _check_version(connection)
    except apsw.Error as error:
        raise SearchUnavailable(f"the search index cannot be opened: {error}") from error
    return connection


def to_image(connection: apsw.Connection) -> bytes:
    """Return the whole index as bytes that `from_image` opens."""
    image = connection.serialize("main")
    if image[18:20] == _NO_WAL:
        return image
    return image[:18] + _NO_WAL + image[20:]


def _prepare(connection: apsw.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if connection.execute("SELECT count(*) FROM sqlite_schema").get == 0:
            connection.execute(_TABLES)
            values = (("version", VERSION), ("lineage", uuid4().hex), ("generation", 0))
            connection.executemany("INSERT INTO meta VALUES(?, ?)", values)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    _check_version(connection)


def _check_version(connection: apsw.Connection) -> None:
    version = connection.execute("SELECT value FROM meta WHERE key = 'version'").get
    if version != VERSION:
        raise OutdatedIndex.of(version)
