"""What a person may have meant by a text: subjects with what is bound to them, mistyped words.

"brown dog running on a beach" is read as a condition on one subject. The condition is an offer:
where nothing matches it, words and meaning alone stand. A word that nobody's photograph holds is
taken for the nearest known one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from chalicelib.attributes import basic_colour, kin, singular
from chalicelib.attributes.kinds import ANIMATE, THINGS_THAT_MOVE, TRAITS, are_said
from chalicelib.attributes.lexicon import (
    BODY,
    COLOUR_ADVERBS,
    DETERMINERS,
    GARMENTS,
    NOUN_VERBS,
    OFTEN_DONE,
    VERBS,
)
from chalicelib.images import Attribute
from chalicelib.search.plan import attributes_of, clause_of
from chalicelib.search.query import AUTO, MAX_CLAUSES, Clause, Group, Mode, Query
from chalicelib.search.text import LONGEST_WORD, SHORTEST_WORD, STOP_WORDS, QueryText

_SAYS_NOTHING = STOP_WORDS | DETERMINERS | COLOUR_ADVERBS | {"wearing", "dressed"}
# What beings do, said in the base form; "dog park" and "dog show" are no such thing.
_DONE = (VERBS - NOUN_VERBS) | OFTEN_DONE
_KNOWN = ANIMATE | THINGS_THAT_MOVE | GARMENTS | BODY
_EDGES = ".,;:!?()'"
_LONG = 8  # letters of a word from which two edits may be undone


# Readings ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says of subjects.

    Attributes
    ----------
    clauses
        All of which must hold; at least one.
    rest
        The words, phrases and exclusions that are in none of them; None where nothing is left.
    """

    clauses: tuple[Clause, ...]
    rest: str | None

    def condition(self, other: Clause | Group | None = None) -> Clause | Group:
        """Return the clauses, and ``other`` where it is given, as one condition.

        Whoever types "cat" means what the model sees as well as what captions say.
        """
        clauses = (
            clause if _is_bound(clause) else replace(clause, by_label=True)
            for clause in self.clauses
        )
        members = (*clauses, *([] if other is None else [other]))
        return members[0] if len(members) == 1 else Group("and", members)


def read(text: QueryText) -> Reading | None:
    """Return what a text says of subjects, or None where it says nothing of any.

    Quoted phrases and excluded words are taken as they were typed. Scenery alone ("beach") stays
    a word: captions tell of it in passing, attributes seldom.
    """
    said = " ".join(part.raw for part in text.parts if part.is_plain)
    clauses = tuple(clause_of(one) for one in attributes_of(_as_told(said)) if _tells(one))
    if not clauses:
        clauses = _colours_alone(said)
    if not clauses or len(clauses) > MAX_CLAUSES // 2:
        return None
    return Reading(clauses, _rest(text, clauses))


def _as_told(said: str) -> str:
    """Return "dog run", as a person types it, as a caption says it: "dog runs"."""
    words = said.split()
    for place, (before, word) in enumerate(pairwise([w.lower() for w in words]), 1):
        if word in _DONE and before in ANIMATE:
            words[place] = _third_person(word)
    return " ".join(words)


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "x", "z", "ch", "sh")):
        return f"{verb}es"
    return f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2] not in "aeiou" else f"{verb}s"


def _is_bound(holder: object) -> bool:
    """Return whether anything is bound to an attribute's or a clause's subject."""
    return any(kind.values(holder) for kind in TRAITS)


def _tells(attribute: Attribute) -> bool:
    return attribute.subject in ANIMATE | THINGS_THAT_MOVE or _is_bound(attribute)


def _colours_alone(said: str) -> tuple[Clause, ...]:
    words = [word.strip(_EDGES).lower() for word in said.split()]
    found = [basic_colour(word) for word in words if word not in _SAYS_NOTHING]
    colours = tuple(dict.fromkeys(colour for colour in found if colour))
    return (Clause(None, colours),) if colours and None not in found else ()


def _rest(text: QueryText, clauses: tuple[Clause, ...]) -> str | None:
    words = [part.raw.strip(_EDGES).lower() for part in text.parts]
    kept = [
        part.typed
        for part, word, is_said in zip(text.parts, words, are_said(words, clauses), strict=True)
        if not (part.is_plain and (is_said or _says_nothing(word)))
    ]
    return " ".join(kept) or None


def _says_nothing(word: str) -> bool:
    return word in _SAYS_NOTHING or not any(letter.isalnum() for letter in word)


def conditioned(query: Query, reading: Reading) -> Query:
    """Ask for what the reading says; the text only ranks, or is what is left where words must hold.

    The condition says what is relevant, so that no score cuts it off.
    """
    by_words = query.mode is Mode.WORDS
    return replace(
        query,
        text=reading.rest if by_words else query.text,
        attributes=reading.condition(query.attributes),
        min_relevance=0.0 if query.min_relevance is None else query.min_relevance,
    )


def unconditioned(query: Query) -> Query:
    """Ask for words and meaning alone, which end where they stop being relevant."""
    if query.min_relevance is None and query.semantic:
        return replace(query, min_relevance=AUTO)
    return query


# Spelling ----------------------------------------------------------------------------------------


def unsure(text: QueryText) -> tuple[str, ...]:
    """Return the words of a text that may be mistyped: not quoted, not understood anyhow."""
    words = (word for word, _ in text.plain_words)
    return tuple(dict.fromkeys(word for word in words if edits(word) and not _is_known(word)))


def _is_known(word: str) -> bool:
    """Return whether a word means something that captions need not say: "animal", "scarlet"."""
    one = singular(word)
    is_thing = one in _KNOWN or len(kin(one)) > 1
    return word in STOP_WORDS or is_thing or basic_colour(word) is not None or word in VERBS


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
