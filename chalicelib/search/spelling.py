"""Words of a text that may be mistyped, and what they may have been meant as.

A word that English has is never one: where no caption holds it, meaning knows it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from chalicelib.attributes.dictionary import is_english
from chalicelib.attributes.kinds import kin, known_base, participle, singular
from chalicelib.attributes.lexicon import BODY, COLOURS, GARMENTS
from chalicelib.search.text import LONGEST_WORD, SHORTEST_WORD, QueryText

_LONG = 8  # letters of a word from which two edits may be undone


def unsure(text: QueryText) -> tuple[str, ...]:
    """Return the words of a text that may be mistyped: not quoted, and no words of English."""
    words = (word for word, _ in text.plain_words)
    return tuple(dict.fromkeys(word for word in words if edits(word) and not _is_known(word)))


def _is_known(word: str) -> bool:
    """Return whether a dictionary has a word, or this project's own lists: "firetruck"."""
    one = singular(word)
    is_thing = one in GARMENTS | BODY or len(kin(one)) > 1
    return is_english(word) or is_thing or word in COLOURS or _is_verb(word)


def _is_verb(word: str) -> bool:
    base = known_base(word)
    return base is not None and word in (base, f"{base}s", participle(base))


def corrected(text: QueryText, corrections: Mapping[str, str]) -> str:
    """Return a text with its plain words replaced by their corrections."""
    made = text.text
    for word, start in reversed(text.plain_words):
        if word in corrections:
            made = made[:start] + corrections[word] + made[start + len(word) :]
    return made


def edits(word: str) -> int:
    """Return how many letters of a word may be wrong: 1, from eight letters on 2."""
    if not SHORTEST_WORD <= len(word) <= LONGEST_WORD or not word.isalpha():
        return 0
    return 1 if len(word) < _LONG else 2


def near_words(word: str, known: Iterable[str]) -> list[tuple[int, str]]:
    """Return the known words that ``word`` may have been meant as, with their edits from it."""
    return sorted(_near(word, known))


def nearest_of(word: str, known: Sequence[str]) -> str | None:
    """Return the known word with the fewest edits from one, of equals the first."""
    places = {other: at for at, other in enumerate(known)}
    near = ((apart, places[other], other) for apart, other in _near(word, known))
    return min(near, default=(0, 0, None))[2]


def _near(word: str, known: Iterable[str]) -> Iterator[tuple[int, str]]:
    most, letters = edits(word), _letters(word)
    for other in known:
        if abs(len(other) - len(word)) > most:
            continue
        if (letters ^ _letters(other)).bit_count() > 2 * most:
            continue
        apart = distance(word, other)
        if 0 < apart <= most:
            yield apart, other


def distance(one: str, other: str) -> int:
    """Return the edits between two words: insert, leave out, replace, swap two neighbours.

    The optimal string alignment distance (Boytsov 2011, ACM JEA 16, section 2.1).
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[-1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


@lru_cache(maxsize=1 << 16)
def _letters(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) & 63)
    return mask


def last_word(prefix: str) -> str:
    """Return the last word of what was typed so far, which is the one to be completed."""
    words = prefix.lower().split(" ")
    return words[-1].lstrip('-"')
