"""Whole-number scores of many documents, one set of documents per binary digit.

Adding a word's weight to every document that holds it, finding the best twenty of 100,000, or
all below a score, then takes a few dozen operations on big integers (bit-sliced arithmetic:
O'Neil and Quass, "Improved query performance with variant indexes", SIGMOD 1997).
"""

from collections.abc import Iterable

from chalicelib.search.embedded.bits import flags, lowest


class Sliced:
    """Scores of the documents in ``matches``; zero for all others.

    Parameters
    ----------
    matches
        A set of documents.
    """

    def __init__(self, matches: int) -> None:
        self.matches = matches
        self._digits: list[int] = []  # the lowest first

    def add(self, weight: int, documents: int) -> None:
        """Add ``weight`` to the scores of those of ``documents`` that match."""
        documents &= self.matches
        carry = 0
        place = 0
        while weight >> place or carry:
            if place == len(self._digits):
                self._digits.append(0)
            digit = self._digits[place]
            added = documents if weight >> place & 1 else 0
            self._digits[place] = digit ^ added ^ carry
            carry = (digit & added) | (carry & (digit ^ added))
            place += 1

    def best(self, count: int, among: int) -> list[tuple[int, int]]:
        """Return ``(-score, document)`` of the best ``count`` of a set, ascending."""
        return sorted(self._scored(self.foremost(count, among)))

    def foremost(self, count: int, among: int) -> list[int]:
        """Return the best ``count`` of a set, in no order; of equal ones the lowest."""
        certain, open_ = 0, among & self.matches
        for digit in reversed(self._digits):
            with_digit = certain | (open_ & digit)
            if with_digit.bit_count() > count:
                open_ &= digit
            else:
                certain, open_ = with_digit, open_ & ~digit
        chosen = lowest(certain, count)
        return chosen + lowest(open_, count - len(chosen))

    def below(self, score: int) -> tuple[int, int]:
        """Return the matching documents with a lower score, and those with this one."""
        if score >> len(self._digits):
            return self.matches, 0
        lower, equal = 0, self.matches
        for place in reversed(range(len(self._digits))):
            digit = self._digits[place]
            if score >> place & 1:
                lower |= equal & ~digit
                equal &= digit
            else:
                equal &= ~digit
        return lower, equal

    def score(self, document: int) -> int:
        """Return one document's score."""
        return sum((digit >> document & 1) << place for place, digit in enumerate(self._digits))

    def _scored(self, documents: list[int]) -> Iterable[tuple[int, int]]:
        if len(documents) < 200:
            return ((-self.score(document), document) for document in documents)
        size = self.matches.bit_length()
        digits = [flags(digit, size) for digit in self._digits]
        return (
            (-sum(digit[document] << place for place, digit in enumerate(digits)), document)
            for document in documents
        )
