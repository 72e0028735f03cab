"""Words, through FTS5: which documents hold them, and how well."""

from collections.abc import Iterable

import apsw

from chalicelib.search.embedded.bits import below, flags, packed
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.text import Run, Words

Ranking = list[tuple[float, int]]


class Matching:
    """Answers for one generation of the index."""

    def __init__(self, connection: apsw.Connection, columns: Columns) -> None:
        self._connection = connection
        self._columns = columns

    def allowed(self, words: Words) -> int:
        """Return the documents with every required phrase and nothing excluded."""
        found = below(self._columns.size)
        for run in words.required:
            found &= self._holding(run)
        for run in words.excluded:
            found &= ~self._holding(run)
        return found

    def ranked(self, words: Words, among: int) -> Ranking:
        """Return ``(-BM25, doc)`` of the documents of a set that reach the quorum, unsorted."""
        operator = " AND " if words.quorum == len(words.wanted) else " OR "
        wanted = operator.join(_quoted(run) for run in words.ranked)
        chosen = flags(among & self._quorum(words), self._columns.size)
        rows = self._connection.execute(
            "SELECT bm25(caption), rowid FROM caption WHERE caption MATCH ?", (wanted,)
        )
        return [row for row in rows if chosen[row[1]]]

    def _quorum(self, words: Words) -> int:
        """Return the documents that hold at least ``words.quorum`` of the wanted words.

        ``reached[n]`` is the set with at least ``n`` of the words looked at so far.
        """
        reached = [below(self._columns.size)] + [0] * words.quorum
        for run in words.wanted:
            holding = self._holding(run)
            for count in range(words.quorum, 0, -1):
                reached[count] |= reached[count - 1] & holding
        return reached[-1]

    def _holding(self, run: Run) -> int:
        known = self._columns.words
        if run.stems not in known:
            rows: Iterable[tuple[int]] = self._connection.execute(
                "SELECT rowid FROM caption WHERE caption MATCH ?", (_quoted(run),)
            )
            known[run.stems] = packed((doc for (doc,) in rows), self._columns.size)
        return known[run.stems]


def _quoted(run: Run) -> str:
    """Return a run as an FTS5 string, in which nothing is syntax."""
    return '"' + run.raw.replace('"', '""') + '"'
