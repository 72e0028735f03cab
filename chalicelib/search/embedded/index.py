"""The embedded index: one SQLite file, or one in memory, behind the search port."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import apsw

from chalicelib.errors import SearchUnavailable
from chalicelib.search.asking import asked
from chalicelib.search.checking import check
from chalicelib.search.cursor import decoded
from chalicelib.search.embedded import schema
from chalicelib.search.embedded.answering import Answering, owned
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.completing import Completing
from chalicelib.search.embedded.entries import Entry, entries_of
from chalicelib.search.embedded.writing import Change, Writer, Written
from chalicelib.search.port import Document
from chalicelib.search.query import Query, Results
from chalicelib.search.suggestions import Suggestion


class EmbeddedIndex:
    """A `SearchIndex` on SQLite.

    Parameters
    ----------
    connection
        Of `schema.opened` or `schema.from_image`.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._writer = Writer(connection)
        self._held: Columns | None = None

    @classmethod
    def at(cls, path: Path | None = None) -> Self:
        """Open the index at ``path``, or an empty one in memory; see `schema.opened`."""
        return cls(schema.opened(path))

    @classmethod
    def of(cls, image: bytes) -> Self:
        """Open a copy of a published index, in memory; see `schema.from_image`."""
        return cls(schema.from_image(image))

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def image(self) -> bytes:
        """Return the whole index, as `of` opens it."""
        with _translated():
            return schema.to_image(self._connection)

    @property
    def generation(self) -> int:
        """Counts the batches that changed something."""
        with _translated():
            return int(self._meta("generation"))

    @property
    def size(self) -> int:
        """How many documents are held, the removed ones too."""
        with _translated():
            return int(self._connection.execute("SELECT count(*) FROM document").get)

    @property
    def lineage(self) -> str:
        """Names the index whose copies number documents alike."""
        with _translated():
            return self._meta("lineage")

    def apply(self, documents: Sequence[Document]) -> tuple[str, ...]:
        """Take in documents; see `SearchIndex.apply`."""
        with self.changing(documents) as change:
            return change.failed

    @contextmanager
    def changing(self, documents: Sequence[Document]) -> Iterator[Change]:
        """Take in documents for good where the block ends well, not at all where it raises."""
        entries, failed = entries_of(documents)
        with _translated(), self._writing() as before:
            written = self._writer.write(entries)
            generation = before + bool(written.entries)
            self._name_generation(generation)
            yield Change(tuple(written.entries.values()), generation, failed)
        self._advance(written, before, generation)

    def take(self, entries: Iterable[Entry], generation: int) -> None:
        """Take in what a `Change` of another copy brought it to.

        Parameters
        ----------
        generation
            Of that copy.
        """
        with _translated(), self._writing() as before:
            written = self._writer.write(entries)
            self._name_generation(generation)
        self._advance(written, before, generation)

    @contextmanager
    def _writing(self) -> Iterator[int]:
        """One transaction; yields the generation it starts from."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield int(self._meta("generation"))
            self._connection.execute("COMMIT")
        except BaseException:
            self._writer.rolled_back()
            if not self._connection.get_autocommit():
                self._connection.execute("ROLLBACK")
            raise

    def _name_generation(self, generation: int) -> None:
        statement = "UPDATE meta SET value = ? WHERE key = 'generation'"
        self._connection.execute(statement, (generation,))

    def _advance(self, written: Written, before: int, generation: int) -> None:
        """Bring what is held in memory up to date, if it was until now."""
        held, self._held = self._held, None
        if held is not None and held.generation == before:
            held.advance(written, generation)
            self._held = held

    def count(self, owner: str | None) -> int:
        """Return how many photographs can be found."""
        with _translated(), self._reading() as columns:
            return owned(columns, owner).bit_count()

    def suggest(self, owner: str | None, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what a beginning may become; see `Searching.suggest`."""
        with _translated(), self._reading() as columns:
            return self._completing(columns, owner).suggestions(prefix, limit)

    def nearest(self, owner: str | None, words: Sequence[str]) -> Mapping[str, str]:
        """Return what unknown words may have been meant as; see `Searching.nearest`."""
        with _translated(), self._reading() as columns:
            return self._completing(columns, owner).nearest(words)

    def _completing(self, columns: Columns, owner: str | None) -> Completing:
        return Completing(self._connection, columns, owner, owned(columns, owner))

    def search(self, query: Query) -> Results:
        """Answer a query; see `SearchIndex.search`."""
        check(query)
        parts = asked(query)
        anchor = decoded(query)
        with _translated(), self._reading() as columns:
            answering = Answering(
                self._connection,
                columns,
                self._meta("lineage"),
                query=query,
                asked=parts,
                anchor=anchor,
            )
            return answering.results()

    @contextmanager
    def _reading(self) -> Iterator[Columns]:
        """One consistent view of the file, whatever another process writes meanwhile."""
        self._connection.execute("BEGIN")
        try:
            generation = int(self._meta("generation"))
            if self._held is None or self._held.generation != generation:
                self._held = Columns(self._connection, generation)
            yield self._held
        finally:
            self._connection.execute("COMMIT")

    def _meta(self, key: str) -> str:
        return str(self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).get)


@contextmanager
def _translated() -> Iterator[None]:
    """Say in the repository's words that SQLite failed."""
    try:
        yield
    except apsw.Error as error:
        raise SearchUnavailable(f"the search index failed: {type(error).__name__}") from error
