"""SQLite: FTS5's BM25 for words, sqlite-vec for vectors, reciprocal ranks to fuse them.

As sqlite-vec's author describes it ("Hybrid full-text search and vector search with SQLite"); the
owner is vec0's partition key. Rankings are as deep as the page: deeper ones recall less. Words are
stemmed by Porter's rules; a question's stop words are left out, which FTS5 would not do.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import apsw
import sqlite_vec

from benchmarks.peers.engine import LIMIT, RRF_CONSTANT, Engine
from benchmarks.search.corpus import OWNER
from chalicelib.attributes.dictionary import STOP_WORDS
from chalicelib.images import VECTOR_SIZE
from chalicelib.search import Document, Query
from chalicelib.search.text import quantised, words_of

_SCHEMA = f"""
CREATE TABLE photograph (id INTEGER PRIMARY KEY, image_id TEXT, owner TEXT, text TEXT);
CREATE VIRTUAL TABLE words USING fts5(
    text, content='photograph', content_rowid='id', tokenize='porter unicode61');
CREATE VIRTUAL TABLE vectors USING vec0(
    id INTEGER PRIMARY KEY, owner TEXT PARTITION KEY,
    visual int8[{VECTOR_SIZE}] distance_metric=cosine,
    semantic int8[{VECTOR_SIZE}] distance_metric=cosine);
"""
_BY_WORDS = f"""
SELECT image_id, photograph.text, COUNT(*) OVER () FROM words
JOIN photograph ON photograph.id = words.rowid
WHERE words MATCH :words AND owner = :owner ORDER BY rank LIMIT {LIMIT}
"""
_NEAREST = f"""
SELECT image_id, text, NULL FROM (
    SELECT id, distance FROM vectors
    WHERE visual MATCH vec_int8(:vector) AND k = {LIMIT} AND owner = :owner)
JOIN photograph USING (id) ORDER BY distance
"""
_FUSED = f"""
WITH said AS (
    SELECT words.rowid AS id, ROW_NUMBER() OVER (ORDER BY rank) AS place FROM words
    JOIN photograph ON photograph.id = words.rowid
    WHERE words MATCH :words AND owner = :owner ORDER BY rank LIMIT {LIMIT}),
meant AS (
    SELECT id, ROW_NUMBER() OVER (ORDER BY distance) AS place FROM vectors
    WHERE semantic MATCH vec_int8(:vector) AND k = {LIMIT} AND owner = :owner),
fused AS (
    SELECT id, COALESCE(1.0 / ({RRF_CONSTANT} + said.place), 0)
        + COALESCE(1.0 / ({RRF_CONSTANT} + meant.place), 0) AS score
    FROM said FULL OUTER JOIN meant USING (id))
SELECT image_id, text, NULL FROM fused JOIN photograph USING (id)
ORDER BY score DESC LIMIT {LIMIT}
"""


class Sqlite(Engine):
    """One database file."""

    def fill(self, documents: Sequence[Document]) -> None:
        """Write all rows in one transaction."""
        connection = self._connected()
        connection.execute(_SCHEMA)
        with connection:
            connection.executemany(
                "INSERT INTO photograph VALUES (?, ?, ?, ?)",
                ((at, one.image_id, one.owner, one.text) for at, one in enumerate(documents)),
            )
            connection.execute("INSERT INTO words (words) VALUES ('rebuild')")
            connection.executemany(
                "INSERT INTO vectors VALUES (?, ?, vec_int8(?), vec_int8(?))", _vectors(documents)
            )
        connection.execute("INSERT INTO words (words) VALUES ('optimize')")
        connection.execute("VACUUM")
        connection.close()

    def open(self) -> None:
        """Connect."""
        self._connection = self._connected()

    def find(self, query: Query) -> Sequence[str]:
        """Find the nearest, or captions: of a text alone all words, of a fused one any."""
        asked: dict[str, object] = {"owner": OWNER}
        if query.visual:
            return self._found(_NEAREST, asked | {"vector": quantised(query.visual)})
        if not query.semantic:
            return self._found(_BY_WORDS, asked | {"words": _expression(query, " ")})
        vector, words = quantised(query.semantic), _expression(query, " OR ")
        return self._found(_FUSED, asked | {"words": words, "vector": vector})

    def _found(self, statement: str, asked: Mapping[str, object]) -> Sequence[str]:
        rows = self._connection.execute(statement, asked).fetchall()
        return [image_id for image_id, *_ in rows]

    def _connected(self) -> Any:
        connection = apsw.Connection(str(self.folder / "photographs.db"))
        connection.enable_load_extension(True)
        connection.load_extension(sqlite_vec.loadable_path())
        return connection


def _vectors(documents: Sequence[Document]) -> Iterator[tuple[object, ...]]:
    for at, one in enumerate(documents):
        if one.visual and one.semantic:
            yield at, one.owner, quantised(one.visual), quantised(one.semantic)


def _expression(query: Query, operator: str) -> str:
    words = words_of(query.text or "")
    telling = [word for word in words if word not in STOP_WORDS] or words
    return operator.join(f'"{word}"' for word in telling)
