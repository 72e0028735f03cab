"""What a caption may not say: a thing twice, an ending that dangles, ``<unk>``."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from captioner.vision.text import END, PAD, START, UNKNOWN, Tokenizer

# fmt: off
_FUNCTION_WORDS = frozenset((
    "a", "an", "the", "and", "or", "but", "of", "in", "on", "at", "to", "with", "by", "for",
    "from", "into", "onto", "over", "under", "through", "across", "near", "behind", "beside",
    "between", "along", "against", "around", "as", "while", "his", "her", "its", "their", "is",
    "are", "that", "who", "which", "towards", "toward", "above", "below", "inside", "another",
    "some", "several", "many", "each", "this", "these", "those", "two", "three", "four", "has",
    "have", "does", "being", "during", "about", "he", "she", "they",
))
DANGLING = _FUNCTION_WORDS | frozenset((
    "wearing", "holding", "next", "front", "very", "whilst", "wears", "holds", "carrying",
    "trying", "young", "little", "small", "large", "big", "older",
))
"""Words that no sentence ends with; hardly any of Flickr8k's 30,000 captions does."""

REPEATABLE = _FUNCTION_WORDS | frozenset((
    "outside", "other", "one", "it", "them", "him", "up", "down", "off", "out", "there", "so",
    "both", "black", "white", "red", "green", "blue", "yellow", "brown", "orange", "pink",
    "purple", "grey", "gray", "tan", "golden",
))
# fmt: on
"""Words that a caption may use again. Others it says once: "a man is riding a horse", not "a horse
is riding a horse" (docs/decisions/102)."""


class Rules:
    """Bans that the beam search obeys, as word numbers."""

    def __init__(self, words: Tokenizer) -> None:
        self._never = np.array([PAD, START, UNKNOWN])
        written = range(words.captioned)
        self._dangling = frozenset(n for n in written if words.word(n) in DANGLING)
        self._repeatable = frozenset(n for n in written if words.word(n) in REPEATABLE)

    def banned(self, written: Sequence[int]) -> npt.NDArray[np.intp]:
        """Words that may not follow those written."""
        more = {*written[-1:], *_closing_a_repeated_triple(written)}
        more |= set(written) - self._repeatable
        if not written or written[-1] in self._dangling:
            more.add(END)
        return np.array([*self._never, *more], np.intp)

    def kept(self, written: Sequence[int]) -> int:
        """How many leading words remain once a dangling end is cut off."""
        count = len(written)
        while count and written[count - 1] in self._dangling:
            count -= 1
        return count


def _closing_a_repeated_triple(written: Sequence[int]) -> set[int]:
    last = tuple(written[-2:])
    if len(last) < 2:
        return set()
    starts = range(len(written) - 2)
    return {written[at + 2] for at in starts if tuple(written[at : at + 2]) == last}
