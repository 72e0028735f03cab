"""Attributes in memory: which documents have which subjects, colours, actions and labels."""

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping

import apsw

from chalicelib.search.clauses import Terms, terms_of
from chalicelib.search.embedded.bits import below, members, packed
from chalicelib.search.query import Clause, Group

_DENSE = 64  # a value is counted bit by bit where more than one document in so many has it


class Traits:
    """The attributes of one generation.

    Every attribute of every document has a slot, those of one document in a row; a clause is an
    intersection of sets of slots, which is what binds colours and actions to one subject. What
    changes leaves its old slots empty.
    """

    def __init__(self, connection: apsw.Connection, size: int) -> None:
        self._size = size
        self._docs_of_slots = array("I")
        self._first_slots = array("I", bytes(4 * size))  # by document; only of those with slots
        self._empty = 0
        self._slots: dict[tuple[str, str], array[int]] = {}
        self._docs: dict[tuple[str, str], array[int]] = {}
        self._found: dict[Terms, int] = {}
        self._dense_slots: dict[tuple[str, str], int] = {}
        self._dense: dict[tuple[str, str], int] = {}
        names = {term: (kind, value) for term, kind, value in connection.execute(
            "SELECT term, kind, value FROM term"
        )}  # fmt: skip
        before = (0, 0)
        for doc, position, term in connection.execute("SELECT doc, position, term FROM trait"):
            if (doc, position) != before:
                if doc != before[0]:
                    self._first_slots[doc] = len(self._docs_of_slots)
                before = (doc, position)
                self._docs_of_slots.append(doc)
            self._enter(names[term], len(self._docs_of_slots) - 1, doc)

    def advance(
        self,
        forgotten: Mapping[int, Iterable[tuple[str, str]]],
        come: Iterable[tuple[int, Iterable[Iterable[tuple[str, str]]]]],
        size: int,
    ) -> None:
        """Take in what changed.

        Parameters
        ----------
        forgotten
            Documents and the terms they had.
        come
            Documents and the terms of each of their attributes.
        size
            One more than the highest document number by now.
        """
        self._first_slots.frombytes(bytes(4 * (size - self._size)))
        self._size = size
        self._found.clear()
        self._forget(forgotten)
        for doc, attributes in come:
            self._first_slots[doc] = len(self._docs_of_slots)
            for names in attributes:
                self._docs_of_slots.append(doc)
                for name in names:
                    self._enter(name, len(self._docs_of_slots) - 1, doc)
                    self._dense_slots.pop(name, None)
                    self._dense.pop(name, None)

    @property
    def emptied(self) -> float:
        """Return which share of the slots is empty."""
        return self._empty.bit_count() / max(1, len(self._docs_of_slots))

    def _forget(self, forgotten: Mapping[int, Iterable[tuple[str, str]]]) -> None:
        slots: list[int] = []
        docs: dict[tuple[str, str], set[int]] = defaultdict(set)
        for doc, names in forgotten.items():
            for name in names:
                docs[name].add(doc)
            slots += self._slots_of(doc)
        self._empty |= packed(slots, len(self._docs_of_slots))
        for name, gone in docs.items():
            self._docs[name] = array("I", (doc for doc in self._docs[name] if doc not in gone))
            self._dense.pop(name, None)

    def _slots_of(self, doc: int) -> range:
        first = end = self._first_slots[doc]
        while end < len(self._docs_of_slots) and self._docs_of_slots[end] == doc:
            end += 1
        return range(first, end)

    def _enter(self, name: tuple[str, str], slot: int, doc: int) -> None:
        if name not in self._slots:
            self._slots[name], self._docs[name] = array("I"), array("I")
        self._slots[name].append(slot)
        docs = self._docs[name]
        if not docs or docs[-1] != doc:
            docs.append(doc)

    def matching(self, condition: Clause | Group, everything: int) -> int:
        """Return the documents for which a condition holds."""
        if isinstance(condition, Clause):
            terms = terms_of(condition)
            if terms not in self._found:
                self._found[terms] = self._having(terms)
            return self._found[terms]
        parts = (self.matching(member, everything) for member in condition.members)
        found = 0 if condition.operator != "and" else everything
        for part in parts:
            found = found & part if condition.operator == "and" else found | part
        return everything & ~found if condition.operator == "not" else found

    def having(self, kind: str, value: str) -> int:
        """Return the documents that have a value."""
        return packed(self._docs.get((kind, value), ()), self._size)

    def counts(self, kind: str, among: int, chosen: bytes, start: str = "") -> Mapping[str, int]:
        """Return how many documents of a set have each value.

        Parameters
        ----------
        among, chosen
            The set, as an integer and as one byte a document.
        start
            Of the values.
        """
        return {
            name[1]: self._count(name, docs, among, chosen)
            for name, docs in self._docs.items()
            if name[0] == kind and name[1].startswith(start)
        }

    def _count(self, name: tuple[str, str], docs: "array[int]", among: int, chosen: bytes) -> int:
        if len(docs) * _DENSE < self._size:
            return sum(map(chosen.__getitem__, docs))
        if name not in self._dense:
            self._dense[name] = packed(docs, self._size)
        return (self._dense[name] & among).bit_count()

    def _having(self, terms: Terms) -> int:
        slots = below(len(self._docs_of_slots)) & ~self._empty
        if terms.subjects:
            named = [("subject", subject) for subject in terms.subjects]
            named += [("seen", label) for label in terms.labels]
            slots &= self._any(named)
        elif not (terms.colours or terms.actions):
            slots &= self._any(name for name in self._slots if name[0] == "subject")
        for colour in terms.colours:
            slots &= self._any([("colour", colour)])
        for action in terms.actions:
            slots &= self._any([("action", action)])
        return packed(map(self._docs_of_slots.__getitem__, members(slots)), self._size)

    def _any(self, names: Iterable[tuple[str, str]]) -> int:
        found = 0
        rare: list[int] = []
        for name in names:
            slots = self._slots.get(name, ())
            if len(slots) * _DENSE <= len(self._docs_of_slots):
                rare.extend(slots)
            else:
                found |= self._all_slots(name)
        return found | packed(rare, len(self._docs_of_slots))

    def _all_slots(self, name: tuple[str, str]) -> int:
        if name not in self._dense_slots:
            self._dense_slots[name] = packed(self._slots[name], len(self._docs_of_slots))
        return self._dense_slots[name]
