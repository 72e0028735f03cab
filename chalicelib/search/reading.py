"""What a person may have meant by a text: subjects with what is bound to them.

"brown dog running on a beach" says that one subject is a dog, brown, and runs. Whoever has such a
photograph wants it first; photographs that are only like it are no less found.
"""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from chalicelib.attributes import basic_colour, extract
from chalicelib.attributes.dictionary import STOP_WORDS
from chalicelib.attributes.kinds import ANIMATE, KINDS, THINGS_THAT_MOVE, TRAITS, are_said
from chalicelib.attributes.lexicon import (
    COLOUR_ADVERBS,
    DETERMINERS,
    NOUN_VERBS,
    OFTEN_DONE,
    VERBS,
)
from chalicelib.images import Attribute
from chalicelib.search.query import MAX_CLAUSES, Clause
from chalicelib.search.text import QueryText

_SAYS_NOTHING = STOP_WORDS | DETERMINERS | COLOUR_ADVERBS | {"wearing", "dressed"}
# What beings do, said in the base form; "dog park" and "dog show" are no such thing.
_DONE = (VERBS - NOUN_VERBS) | OFTEN_DONE
_EDGES = ".,;:!?()'"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says of subjects.

    Attributes
    ----------
    clauses
        Of one subject each; at least one.
    rest
        The words, phrases and exclusions that are in none of them; None where nothing is left.
    """

    clauses: tuple[Clause, ...]
    rest: str | None


@lru_cache(maxsize=64)
def read(text: QueryText) -> Reading | None:
    """Return what a text says of subjects, or None where it says nothing of any.

    Quoted phrases and excluded words are taken as they were typed. Scenery alone ("beach") stays
    a word: captions tell of it in passing, attributes seldom.
    """
    said = text.plain
    clauses = tuple(clause_of(one) for one in extract(_as_told(said)) if _tells(one))
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


def clause_of(attribute: Attribute) -> Clause:
    """Return the clause that an attribute meets."""
    return Clause(**{kind.field: getattr(attribute, kind.field) for kind in KINDS})


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
