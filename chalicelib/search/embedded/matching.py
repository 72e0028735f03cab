"""Words, through FTS5: which captions and labels hold them, and how much that says.

A document scores the summed inverse frequency of the query's words it holds, as BM25 weighs
them, and of equal sums the shorter caption the higher. How often a word occurs in one caption is
left out: in a sentence or two it says nothing, and without it every document that holds the same
words scores alike, so that scores can be added as sets (`Sliced`) instead of row by row. A label
that holds a word is worth half of it.
"""

from collections.abc import Iterable, Mapping, Sequence

import apsw

from chalicelib.search.clauses import told
from chalicelib.search.embedded.bits import below, packed
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.evidence import Evidence, Term
from chalicelib.search.embedded.sliced import Sliced
from chalicelib.search.fusion import BREVITY, BREVITY_STEP, LABEL_STEPS, rarity
from chalicelib.search.query import Clause
from chalicelib.search.text import Run, Words

_COLUMNS = ("text", "seen")
_REMEMBERED = 1_000  # runs of words whose documents are kept while the generation lasts


class Matching:
    """Answers for one generation of the index."""

    def __init__(self, connection: apsw.Connection, columns: Columns) -> None:
        self._connection = connection
        self._columns = columns

    def allowed(self, words: Words) -> int:
        """Return the documents with every required phrase and nothing excluded."""
        found = below(self._columns.size)
        for run in words.required:
            found &= self.holding(run)
        for run in words.excluded:
            found &= ~self.holding(run)
        return found

    def words(self, words: Words, weights: Sequence[int]) -> Mapping[str, Evidence]:
        """Return the words in captions, and those in labels, as evidence.

        Parameters
        ----------
        weights
            Of each run, where they stand already; else they are what they are now.
        """
        runs = words.ranked
        weights = weights or [self._rarity(self.holding(run)) for run in runs]
        return {
            part: Evidence(
                [
                    Term(run.raw, weight, self._held(run)[column])
                    for run, weight in zip(runs, weights, strict=True)
                ]
            )
            for part, column in (("words", "text"), ("labels", "seen"))
        }

    def reading(self, clauses: Sequence[Clause], weights: Sequence[int]) -> Evidence:
        """Return what a text says of its subjects as evidence; see `words`."""
        everything = below(self._columns.size)
        traits = self._columns.traits
        found = [traits.matching(clause, everything) for clause in clauses]
        weights = weights or list(map(self._rarity, found))
        return Evidence([*map(Term, map(told, clauses), weights, found)])

    def scored(
        self, words: Words, said: Evidence, among: int, seen: Evidence | None = None
    ) -> Sliced:
        """Return the scores of the documents of a set that reach the quorum.

        Parameters
        ----------
        said, seen
            The words in captions, and those in labels where labels are to count.
        """
        scores = Sliced(among & self._quorum(words))
        for step, documents in enumerate(self._columns.lengths(BREVITY, BREVITY_STEP)):
            scores.add(BREVITY - 1 - step, documents)
        if seen is not None:
            seen.add_to(scores, LABEL_STEPS)
        return said.add_to(scores, BREVITY)

    def _rarity(self, documents: int) -> int:
        return rarity(self._columns.alive.bit_count(), documents.bit_count())

    def _quorum(self, words: Words) -> int:
        """Return the documents that hold at least ``words.quorum`` of the wanted words.

        ``reached[n]`` is the set with at least ``n`` of the words looked at so far.
        """
        reached = [below(self._columns.size)] + [0] * words.quorum
        for run in words.wanted:
            holding = self.holding(run)
            for count in range(words.quorum, 0, -1):
                reached[count] |= reached[count - 1] & holding
        return reached[-1]

    def holding(self, run: Run) -> int:
        """Return the documents whose caption or labels hold a word or a phrase."""
        held = self._held(run)
        return held["text"] | held["seen"]

    def _held(self, run: Run) -> Mapping[str, int]:
        """Return the documents that hold a run, by the column that does."""
        known = self._columns.words
        if run.stems not in known:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[run.stems] = {column: self._looked_up(column, run) for column in _COLUMNS}
        return known[run.stems]

    def _looked_up(self, column: str, run: Run) -> int:
        rows: Iterable[tuple[int]] = self._connection.execute(
            "SELECT rowid FROM caption WHERE caption MATCH ?", (f"{column} : {_quoted(run)}",)
        )
        return packed((doc for (doc,) in rows), self._columns.size)


def _quoted(run: Run) -> str:
    """Return a run as an FTS5 string, in which nothing is syntax."""
    return '"' + run.raw.replace('"', '""') + '"'
