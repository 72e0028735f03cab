"""An index's tables in memory, which grow by segments; what is outdated is passed over."""

import numpy as np
import numpy.typing as npt

from chalicelib.search.embedded.segment import CODED, COLUMNS, PARENT, Array, Segment, segment_of

_SPARE = 8  # one entry in so many is kept free for documents to come


class Column:
    """An array that grows at its end; of what it held nothing is copied most times."""

    def __init__(self, first: Array) -> None:
        self._held, self.size = first, len(first)

    @property
    def values(self) -> Array:
        """What it holds."""
        return self._held[: self.size]

    def extend(self, more: Array) -> None:
        """Add values."""
        if not len(more):
            return
        end = self.size + len(more)
        if end > len(self._held):
            grown = np.empty((end + end // _SPARE + 64, *self._held.shape[1:]), self._held.dtype)
            grown[: self.size] = self.values
            self._held = grown
        self._held[self.size : end] = more
        self.size = end


class Columns:
    """All documents of an index, the newest revision of each alive.

    Attributes
    ----------
    arrays
        The columns, by the names of their table and themselves: "row.owner".
    stems
        The number of each string's stem, -1 where it is no word.
    living
        Which rows are documents that can be found.
    size
        How many rows there are.
    rows
        Of the newest revision of each photograph, by its key.
    ids, texts
        Of the rows.
    strings, codes
        What the numbers in coded columns stand for, and the other way about.
    """

    def __init__(self) -> None:
        (empty, _) = segment_of(())
        self._tables = _grown(empty)
        self._stems = Column(empty.stems)
        self._outdated = Column(np.empty(0, np.bool_))
        self.arrays: dict[str, Array] = {}
        self.rows: dict[int, int] = {}
        self.ids: list[str] = []
        self.texts: list[str] = []
        self.strings: list[str] = []
        self.codes: dict[str, int] = {}
        self._see()

    def newer(self, segment: Segment) -> Segment:
        """Return the documents of a segment that are newer than those held."""
        revs, row = self.arrays["row.rev"], segment.tables["row"]
        kept = [
            (held := self.rows.get(key)) is None or int(revs[held]) < rev
            for key, rev in zip(row["key"].tolist(), row["rev"].tolist(), strict=True)
        ]
        return segment if all(kept) else segment.only(np.array(kept, np.bool_))

    def take(self, segment: Segment) -> None:
        """Take in documents; those that are not newer than the held ones change nothing."""
        segment = self.newer(segment)
        if not segment.ids:
            return
        if not self.ids:
            self._begin(segment)
            return
        codes = self._coded(segment)
        sizes = {name: self._size(name) for name in PARENT}
        for name, parent in PARENT.items():
            first = sizes[parent] if parent is not None else 0
            for column, values in segment.tables[name].items():
                moved = codes[values] if column in CODED else values + first * (column == "of")
                self._tables[f"{name}.{column}"].extend(moved)
        self._enter(segment, sizes["row"])

    def dump(self) -> Segment:
        """Return all documents as one segment, removals too, without what is outdated."""
        tables = {
            name: {column: self.arrays[f"{name}.{column}"] for column in columns}
            for name, columns in COLUMNS.items()
        }
        whole = Segment(tables, self.ids, self.texts, self.strings, self.stems)
        return whole.only(~self._outdated.values)

    def _begin(self, segment: Segment) -> None:
        """Take the first segment as it is."""
        self._tables = _grown(segment)
        self._stems = Column(segment.stems.copy())
        self.strings = list(segment.strings)
        self.codes = {value: code for code, value in enumerate(self.strings)}
        self._enter(segment, 0)

    def _enter(self, segment: Segment, first: int) -> None:
        self._outdated.extend(np.zeros(len(segment.ids), np.bool_))
        keys = segment.tables["row"]["key"].tolist()
        if self.rows:
            self._outdated.values[[self.rows[key] for key in keys if key in self.rows]] = True
        self.rows.update(zip(keys, range(first, first + len(keys)), strict=True))
        self.ids += segment.ids
        self.texts += segment.texts
        self._see()

    def _see(self) -> None:
        """Let readers see what the columns hold by now."""
        self.size = len(self.ids)
        self.arrays = {name: column.values for name, column in self._tables.items()}
        self.stems = self._stems.values
        self.living = ~(self._outdated.values | self.arrays["row.deleted"])

    def _coded(self, segment: Segment) -> npt.NDArray[np.int32]:
        """Return this index's numbers of a segment's strings, entering those that are new."""
        before = len(self.strings)
        codes = np.array(
            [self.codes.setdefault(value, len(self.codes)) for value in segment.strings], np.int32
        )
        new = np.flatnonzero(codes >= before)
        self.strings += [segment.strings[at] for at in new.tolist()]
        self._stems.extend(np.full(len(self.strings) - before, -1, np.int32))
        words = segment.stems >= 0
        self._stems.values[codes[words]] = codes[segment.stems[words]]
        return codes

    def _size(self, table: str) -> int:
        return self._tables[f"{table}.{next(iter(COLUMNS[table]))}"].size


def _grown(segment: Segment) -> dict[str, Column]:
    return {
        f"{table}.{name}": Column(column)
        for table, columns in segment.tables.items()
        for name, column in columns.items()
    }
