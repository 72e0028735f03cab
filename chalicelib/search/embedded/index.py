"""The embedded index: one SQLite file, or one in memory, behind the search port."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Self

import apsw

from chalicelib.errors import SearchUnavailable
from chalicelib.search.asking import asked, commonest
from chalicelib.search.checking import check
from chalicelib.search.cursor import TRAIL, Anchor, decoded, encoded
from chalicelib.search.embedded import schema
from chalicelib.search.embedded.bits import below, flags
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.entries import Entry, entries_of
from chalicelib.search.embedded.matching import Matching
from chalicelib.search.embedded.ranking import Order, Place, ordered
from chalicelib.search.embedded.writing import Change, Writer, Written
from chalicelib.search.highlight import highlighted
from chalicelib.search.port import Document
from chalicelib.search.query import Hit, Query, Results
from chalicelib.search.text import Words

_TRAITS = {"subjects": "subject", "colours": "colour", "actions": "action"}


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
            return _owned(columns, owner).bit_count()

    def search(self, query: Query) -> Results:
        """Answer a query; see `SearchIndex.search`."""
        check(query)
        parts = asked(query)
        anchor = decoded(query)
        with _translated(), self._reading() as columns:
            among = self._conditions(query, columns)
            if anchor is not None and anchor.lineage == self._meta("lineage"):
                among &= below(anchor.newest + 1)
            matching = cache(lambda: Matching(self._connection, columns))
            found = ordered(parts, columns, matching, among)
            if isinstance(query.min_relevance, float):
                found = found.relevant(query.min_relevance)
            places = found.after(self._place(anchor, found), query.limit + 1)
            return Results(
                hits=self._hits(places[: query.limit], found, query, parts.words),
                total=found.matches.bit_count(),
                facets=self._facets(query, columns, found.matches),
                cursor=self._cursor(query, columns, anchor, places),
                degraded=parts.degraded,
            )

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

    def _conditions(self, query: Query, columns: Columns) -> int:
        found = _owned(columns, query.owner)
        filters = query.filters
        if filters.states:
            found &= _any(columns, "state", [state.value for state in filters.states])
        if filters.sources:
            found &= _any(columns, "source", [source.value for source in filters.sources])
        if filters.created_from is not None or filters.created_to is not None:
            found &= columns.created(filters.created_from, filters.created_to)
        for image_id in query.exclude:
            found &= ~(1 << self._doc(image_id))
        if query.attributes is not None:
            found &= columns.traits.matching(query.attributes, below(columns.size))
        return found

    def _doc(self, image_id: str) -> int:
        """Return the number of a document, 0 (which none has) where it is unknown."""
        statement = "SELECT doc FROM document WHERE image_id = ?"
        row = self._connection.execute(statement, (image_id,)).fetchone()
        return 0 if row is None else int(row[0])

    def _place(self, anchor: Anchor | None, found: Order) -> Place | None:
        if anchor is None:
            return None
        docs = [self._doc(image_id) for image_id in anchor.trail]
        standing = (found.place_of(doc) for doc in docs)
        return next((place for place in standing if place), (-anchor.score, docs[0]))

    def _cursor(
        self, query: Query, columns: Columns, anchor: Anchor | None, places: Sequence[Place]
    ) -> str | None:
        if len(places) <= query.limit:
            return None
        last = places[max(0, query.limit - TRAIL) : query.limit][::-1]
        trail = tuple(self._stored(doc)[0] for _, doc in last)
        lineage = self._meta("lineage")
        newest = columns.size - 1
        if anchor is not None and anchor.lineage == lineage:
            newest = anchor.newest
        return encoded(query, Anchor(trail, -last[0][0], lineage, newest))

    def _stored(self, doc: int) -> tuple[str, str]:
        statement = "SELECT image_id, text FROM document WHERE doc = ?"
        image_id, text = self._connection.execute(statement, (doc,)).fetchall()[0]
        return str(image_id), str(text)

    def _hits(
        self, places: Sequence[Place], found: Order, query: Query, words: Words | None
    ) -> tuple[Hit, ...]:
        stems = {stem for run in words.ranked for stem in run.stems} if words else set()
        hits = []
        for place in places:
            doc = place[1]
            image_id, text = self._stored(doc)
            hits.append(
                Hit(
                    image_id=image_id,
                    score=found.shown(place),
                    highlight=highlighted(text, stems) if stems else None,
                    explanation=found.explained(doc) if query.explain else None,
                )
            )
        return tuple(hits)

    def _facets(
        self, query: Query, columns: Columns, matches: int
    ) -> Mapping[str, tuple[tuple[str, int], ...]]:
        if not query.facets:
            return {}
        chosen = flags(matches, columns.size)
        counts: dict[str, Mapping[str, int]] = {}
        for name in query.facets:
            if name in _TRAITS:
                counts[name] = columns.traits.counts(_TRAITS[name], matches, chosen)
            else:
                having = columns.values(name)
                counts[name] = {key: (docs & matches).bit_count() for key, docs in having.items()}
        return {name: commonest(found) for name, found in counts.items()}


def _owned(columns: Columns, owner: str | None) -> int:
    return columns.alive if owner is None else columns.having("owner", owner)


def _any(columns: Columns, kind: str, values: Sequence[str]) -> int:
    found = 0
    for value in values:
        found |= columns.having(kind, value)
    return found


@contextmanager
def _translated() -> Iterator[None]:
    """Say in the repository's words that SQLite failed."""
    try:
        yield
    except apsw.Error as error:
        raise SearchUnavailable(f"the search index failed: {type(error).__name__}") from error
