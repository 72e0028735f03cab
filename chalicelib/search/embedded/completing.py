"""What is there to be completed or corrected, on one generation of the embedded index."""

from collections.abc import Iterator, Mapping, Sequence

import apsw

from chalicelib.search.analysis import stems
from chalicelib.search.embedded.bits import flags
from chalicelib.search.embedded.columns import Columns
from chalicelib.search.embedded.matching import Matching
from chalicelib.search.spelling import meant
from chalicelib.search.suggestions import TRAITS, Suggestion, begun, best
from chalicelib.search.text import Run


class Completing:
    """Answers within the living documents of one owner, or everyone's."""

    def __init__(
        self, connection: apsw.Connection, columns: Columns, owner: str | None, among: int
    ) -> None:
        self._matching = Matching(connection, columns)
        self._columns = columns
        self._owner = owner
        self._among = among

    def suggestions(self, prefix: str, limit: int) -> tuple[Suggestion, ...]:
        """Return what the last word of a text may become."""
        start = begun(prefix)
        return best((*self._traits(start), *self._words(start)), limit) if start else ()

    def nearest(self, words: Sequence[str]) -> Mapping[str, str]:
        """Return what unknown words may have been meant as."""
        unknown = [word for word in words if stems(word) and not self._count(word)]
        if not unknown:
            return {}
        known = self._columns.vocabulary.counts(self._owner)
        near = {word: meant(word, known, self._count) for word in unknown}
        return {word: other for word, other in near.items() if other}

    def _traits(self, start: str) -> Iterator[Suggestion]:
        chosen = flags(self._among, self._columns.size)
        for kind in TRAITS:
            counts = self._columns.traits.counts(kind, self._among, chosen, start)
            yield from (Suggestion(kind, value, count) for value, count in counts.items())

    def _words(self, start: str) -> Iterator[Suggestion]:
        for word in self._columns.vocabulary.starting(self._owner, start):
            yield Suggestion("word", word, self._count(word))

    def _count(self, word: str) -> int:
        return (self._matching.holding(Run(stems(word), word)) & self._among).bit_count()
