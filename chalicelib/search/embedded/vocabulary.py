"""The words of captions and labels, in memory: for what a person begins or mistypes."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from heapq import nlargest

import apsw

from chalicelib.search.spelling import spoken
from chalicelib.search.suggestions import LOOKED_AT

_LAST = "\U0010ffff"  # sorts behind every word that begins alike


class Vocabulary:
    """Each owner's words as they are written, with about how many documents hold them.

    What is removed is not counted down: whoever shows a word makes sure of it first.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._counts: dict[str | None, Counter[str]] = defaultdict(Counter)
        self._ordered: dict[str | None, list[str]] = {}
        statement = "SELECT owner, text || ' ' || seen FROM document WHERE NOT deleted"
        for owner, text in connection.execute(statement):
            self._counts[owner].update({*spoken(text)})
        self._counts[None] = sum(self._counts.values(), Counter())

    def advance(self, come: Iterable[tuple[str, str]]) -> None:
        """Take in owners, and the captions and labels that came."""
        for owner, text in come:
            words = {*spoken(text)}
            for whose in (owner, None):
                if not words <= self._counts[whose].keys():
                    self._ordered.pop(whose, None)
                self._counts[whose].update(words)

    def starting(self, owner: str | None, prefix: str) -> list[str]:
        """Return an owner's commonest words that begin so; None for everyone's."""
        if owner not in self._ordered:
            self._ordered[owner] = sorted(self.counts(owner))
        ordered = self._ordered[owner]
        first, end = bisect_left(ordered, prefix), bisect_left(ordered, prefix + _LAST)
        counts = self.counts(owner)
        return nlargest(LOOKED_AT, ordered[first:end], key=lambda word: counts[word])

    def counts(self, owner: str | None) -> Mapping[str, int]:
        """Return an owner's words, or everyone's."""
        return self._counts.get(owner, {})
