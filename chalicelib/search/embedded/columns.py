"""What every query looks at, held in memory for one generation of the index."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

import apsw

from chalicelib.search.embedded.bits import packed
from chalicelib.search.embedded.matrix import Matrix
from chalicelib.search.embedded.traits import Traits
from chalicelib.search.embedded.writing import microseconds


class Columns:
    """One generation's documents by owner, state, source and time.

    Attributes
    ----------
    size
        One more than the highest document number.
    alive
        Those that are not deleted.
    newest
        ``(-created, doc)`` of the living ones, ascending: newest first.
    newest_docs
        The same without the times.
    words
        Which documents hold a run of words, remembered while the generation lasts.
    """

    def __init__(self, connection: apsw.Connection, generation: int) -> None:
        self._connection = connection
        self.generation = generation
        self.words: dict[tuple[str, ...], int] = {}
        self._lengths: list[int] = []
        self.newest: list[tuple[float, int]] = []
        docs: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        last = 0
        for doc, *values, created in connection.execute(
            "SELECT doc, owner, state, source, created FROM document WHERE NOT deleted"
        ):
            last = max(last, doc)
            self.newest.append((-(created or 0), doc))
            for kind, value in zip(("owner", "state", "source"), values, strict=True):
                docs[kind, value].append(doc)
        self.newest.sort()
        self.newest_docs = [doc for _, doc in self.newest]
        self.size = last + 1
        self._sets = {key: packed(found, self.size) for key, found in docs.items()}
        self.alive = packed((doc for _, doc in self.newest), self.size)

    def having(self, kind: str, value: str) -> int:
        """Return the documents of an owner, a state or a source."""
        return self._sets.get((kind, value), 0)

    def values(self, kind: str) -> Mapping[str, int]:
        """Return each value of "owner", "state" or "source" with its documents."""
        return {
            value: found
            for (of, value), found in self._sets.items()
            if of == kind and value is not None
        }

    def lengths(self, steps: int, words: int) -> list[int]:
        """Return the documents by the length of their captions, the shortest first.

        Parameters
        ----------
        steps, words
            How many steps, and how many words each; the last step has all that are longer.
        """
        if not self._lengths:
            docs: list[list[int]] = [[] for _ in range(steps)]
            statement = "SELECT doc, length FROM document WHERE NOT deleted"
            for doc, length in self._connection.execute(statement):
                docs[min(steps - 1, length // words)].append(doc)
            self._lengths = [packed(found, self.size) for found in docs]
        return self._lengths

    def created(self, first: datetime | None, end: datetime | None) -> int:
        """Return the documents made at ``first`` or later and before ``end``."""
        begin = microseconds(first)
        stop = microseconds(end)
        upto = len(self.newest) if begin is None else bisect_left(self.newest, (1 - begin, 0))
        after = 0 if stop is None else bisect_left(self.newest, (1 - stop, 0))
        return packed((doc for _, doc in self.newest[after:upto]), self.size) & ~self._timeless

    @cached_property
    def _timeless(self) -> int:
        return packed((doc for created, doc in self.newest if created == 0), self.size)

    @cached_property
    def traits(self) -> Traits:
        """Subjects, colours and actions; read when first asked for."""
        return Traits(self._connection, self.size)

    @cached_property
    def visual(self) -> Matrix:
        """Vectors of what photographs look like; read when first asked for."""
        return Matrix(self._connection, "visual", self.size)

    @cached_property
    def semantic(self) -> Matrix:
        """Vectors of what photographs mean; read when first asked for."""
        return Matrix(self._connection, "semantic", self.size)
