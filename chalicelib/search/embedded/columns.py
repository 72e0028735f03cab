"""What every query looks at, held in memory for one generation of the index."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property

import apsw

from chalicelib.search.embedded.bits import packed
from chalicelib.search.embedded.entries import Entry, microseconds
from chalicelib.search.embedded.matrix import Matrix
from chalicelib.search.embedded.traits import Traits
from chalicelib.search.embedded.vocabulary import Vocabulary
from chalicelib.search.embedded.writing import Written

_FEW = 50  # so many are sooner put in their places one by one than by sorting all
_EMPTIED = 0.5  # of the slots of traits: then they are read anew


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
        Which documents hold a run of words, and in what, remembered while the generation lasts.
    """

    def __init__(self, connection: apsw.Connection, generation: int) -> None:
        self._connection = connection
        self.generation = generation
        self.words: dict[tuple[str, ...], dict[str, int]] = {}
        self._lengths: list[int] = []
        self._length_steps = (0, 0)
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

    def advance(self, written: Written, generation: int) -> None:
        """Take in what a transaction changed; costs little more than that."""
        entries = written.entries
        living = [(doc, entry) for doc, entry in entries.items() if not entry.deleted]
        self.generation = generation
        self.words.clear()
        self.__dict__.pop("_timeless", None)
        self.size = max(self.size, 1 + max((doc for doc, _ in living), default=0))
        self._advance_sets(living, ~packed(written.forgotten, self.size))
        self._advance_times(living, written.forgotten)
        for kind in {"visual", "semantic"} & self.__dict__.keys():
            changed = ((doc, getattr(entries[doc], kind)) for doc in entries if doc < self.size)
            self.__dict__[kind].advance(changed, self.size)
        if "vocabulary" in self.__dict__:
            told = ((entry.owner, f"{entry.text} {entry.seen}") for _, entry in living)
            self.vocabulary.advance(told)
        if "traits" in self.__dict__:
            traits = ((doc, entry.traits) for doc, entry in living)
            self.traits.advance(written.forgotten, traits, self.size)
            if self.traits.emptied > _EMPTIED:
                del self.__dict__["traits"]

    def _advance_sets(self, living: Iterable[tuple[int, Entry]], kept: int) -> None:
        docs: dict[tuple[str, str | None], list[int]] = defaultdict(list)
        lengths: dict[int, list[int]] = defaultdict(list)
        steps, words = self._length_steps
        alive = []
        for doc, entry in living:
            alive.append(doc)
            docs["owner", entry.owner].append(doc)
            docs["state", entry.state].append(doc)
            docs["source", entry.source].append(doc)
            if steps:
                lengths[min(steps - 1, entry.length // words)].append(doc)
        self.alive = self.alive & kept | packed(alive, self.size)
        sets = {key: found & kept for key, found in self._sets.items()}
        for key, added in docs.items():
            sets[key] = sets.get(key, 0) | packed(added, self.size)
        self._sets = {key: found for key, found in sets.items() if found}
        self._lengths = [
            found & kept | packed(lengths[step], self.size)
            for step, found in enumerate(self._lengths)
        ]

    def _advance_times(
        self, living: Iterable[tuple[int, Entry]], forgotten: Mapping[int, object]
    ) -> None:
        if forgotten:
            self.newest = [place for place in self.newest if place[1] not in forgotten]
        places: list[tuple[float, int]] = [(-(entry.created or 0), doc) for doc, entry in living]
        if len(places) > _FEW:
            self.newest = sorted(self.newest + places)
        if forgotten or len(places) > _FEW:
            self.newest_docs = [doc for _, doc in self.newest]
        if len(places) <= _FEW:
            for place in places:
                at = bisect_left(self.newest, place)
                self.newest.insert(at, place)
                self.newest_docs.insert(at, place[1])

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
        if (steps, words) != self._length_steps:
            self._length_steps = (steps, words)
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
        """Subjects, colours, actions and labels; read when first asked for."""
        return Traits(self._connection, self.size)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """Words of captions and labels; read when first asked for."""
        return Vocabulary(self._connection)

    @cached_property
    def visual(self) -> Matrix:
        """Vectors of what photographs look like; read when first asked for."""
        return Matrix(self._connection, "visual", self.size)

    @cached_property
    def semantic(self) -> Matrix:
        """Vectors of what photographs mean; read when first asked for."""
        return Matrix(self._connection, "semantic", self.size)
