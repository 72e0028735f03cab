"""Words that nobody's caption holds, and the known ones they may have been meant as."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache

from chalicelib.search.analysis import STOP_WORDS
from chalicelib.search.reading import is_understood
from chalicelib.search.text import PART

SHORTEST = 3  # letters of a word that can be mistyped
_LONG = 8  # letters from which two edits may be undone
_WORD = re.compile(r"[^\W\d_]+")


def edits(word: str) -> int:
    """Return how many letters of a word may be wrong: 1, from eight letters on 2."""
    if len(word) < SHORTEST:
        return 0
    return 1 if len(word) < _LONG else 2


def spoken(text: str) -> list[str]:
    """Return the words of a caption as they are written, in lower case."""
    return [word for word in _WORD.findall(text.lower()) if len(word) >= SHORTEST]


def meant(word: str, known: Iterable[str], count: Callable[[str], int]) -> str | None:
    """Return the known word with the fewest edits from ``word``, of equals the commonest.

    Parameters
    ----------
    count
        How many photographs a word finds; one that finds none is not known after all.
    """
    near = list(_near(word, known))
    for apart in sorted({edits_ for edits_, _ in near}):
        counted = [(-count(other), other) for edits_, other in near if edits_ == apart]
        if (commonest := min(counted))[0]:
            return commonest[1]
    return None


def candidates(word: str, known: Iterable[str]) -> list[str]:
    """Return the known words that ``word`` may have been meant as, the nearest first."""
    return [other for _, other in sorted(_near(word, known))]


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


def unsure(text: str) -> tuple[str, ...]:
    """Return the words of a text that may be mistyped: not quoted, not understood anyhow."""
    words = [word for word, _ in _plain(text)]
    return tuple(
        dict.fromkeys(
            word
            for word in words
            if edits(word) and word not in STOP_WORDS and not is_understood(word)
        )
    )


def corrected(text: str, near: Mapping[str, str]) -> str:
    """Return a text with its plain words replaced by the ones that are near."""
    made = text
    for word, (start, end) in reversed(list(_plain(text))):
        if word in near:
            made = made[:start] + near[word] + made[end:]
    return made


def _plain(text: str) -> list[tuple[str, tuple[int, int]]]:
    found = []
    for part in PART.finditer(text):
        if part["phrase"] is None:
            for word in _WORD.finditer(part["word"]):
                start = part.start("word")
                found.append((word.group().lower(), (start + word.start(), start + word.end())))
    return found


@lru_cache(maxsize=1 << 16)
def _letters(word: str) -> int:
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) & 63)
    return mask
