"""Attributes in memory: which documents have which subjects, colours and actions."""

from array import array
from collections.abc import Iterable, Mapping

import apsw

from chalicelib.search.clauses import Terms, terms_of
from chalicelib.search.embedded.bits import below, members, packed
from chalicelib.search.query import Clause, Group

_DENSE = 64  # a value is counted bit by bit where more than one document in so many has it


class Traits:
    """The attributes of one generation.

    Every attribute of every document has a slot, numbered in document order; a clause is an
    intersection of sets of slots, which is what binds colours and actions to one subject.
    """

    def __init__(self, connection: apsw.Connection, size: int) -> None:
        self._size = size
        self._docs_of_slots = array("I")
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
                before = (doc, position)
                self._docs_of_slots.append(doc)
            self._enter(names[term], len(self._docs_of_slots) - 1, doc)

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

    def counts(self, kind: str, among: int, chosen: bytes) -> Mapping[str, int]:
        """Return how many documents of a set have each value.

        Parameters
        ----------
        among, chosen
            The set, as an integer and as one byte a document.
        """
        return {
            name[1]: self._count(name, docs, among, chosen)
            for name, docs in self._docs.items()
            if name[0] == kind
        }

    def _count(self, name: tuple[str, str], docs: "array[int]", among: int, chosen: bytes) -> int:
        if len(docs) * _DENSE < self._size:
            return sum(map(chosen.__getitem__, docs))
        if name not in self._dense:
            self._dense[name] = packed(docs, self._size)
        return (self._dense[name] & among).bit_count()

    def _having(self, terms: Terms) -> int:
        slots = below(len(self._docs_of_slots))
        if terms.subjects:
            slots &= self._any(("subject", subject) for subject in terms.subjects)
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
