"""A text of the search box as a condition on subjects: "brown dog running on a beach".

What was understood holds of one subject, colours and actions bound to it; what is left is still
looked for as words. The condition is an offer: where nothing matches it, the words alone stand.
"""

from dataclasses import dataclass, replace
from itertools import pairwise

from chalicelib.attributes import base_form, basic_colour, extract, kin, singular
from chalicelib.attributes.lexicon import (
    ANIMATE,
    BODY,
    COLOUR_ADVERBS,
    DETERMINERS,
    GARMENTS,
    THINGS_THAT_MOVE,
)
from chalicelib.attributes.verbs import NOUN_VERBS, OFTEN_DONE, VERBS
from chalicelib.images import Attribute
from chalicelib.search.analysis import STOP_WORDS
from chalicelib.search.query import MAX_CLAUSES, Clause, Group
from chalicelib.search.text import PART

_SAYS_NOTHING = STOP_WORDS | DETERMINERS | COLOUR_ADVERBS | {"wearing", "dressed"}
# What beings do, said in the base form; "dog park" and "dog show" are no such thing.
_DONE = (VERBS - NOUN_VERBS) | OFTEN_DONE
_KNOWN = ANIMATE | THINGS_THAT_MOVE | GARMENTS | BODY
_EDGES = ".,;:!?()'"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of a text.

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
            clause if clause.colours or clause.actions else replace(clause, by_label=True)
            for clause in self.clauses
        )
        members = (*clauses, *([] if other is None else [other]))
        return members[0] if len(members) == 1 else Group("and", members)


def read(text: str) -> Reading | None:
    """Return what a text says of subjects, or None where it says nothing of any.

    Quoted phrases and excluded words are taken as they were typed. Scenery without a colour or
    an action ("beach") stays a word: captions tell of it in passing, attributes seldom.
    """
    said = " ".join(part["word"] for part in PART.finditer(text) if _is_plain(part.group()))
    clauses = tuple(_clause(one) for one in extract(_as_told(said)) if _tells(one))
    if not clauses:
        clauses = _colours_alone(said)
    if not clauses or len(clauses) > MAX_CLAUSES // 2:
        return None
    return Reading(clauses, _rest(text, clauses))


def is_understood(word: str) -> bool:
    """Say whether a word means something here that captions need not say: "animal", "scarlet"."""
    one = singular(word)
    is_thing = one in _KNOWN or len(kin(one)) > 1
    return is_thing or basic_colour(word) is not None or word in VERBS


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


def _is_plain(part: str) -> bool:
    return '"' not in part and not part.startswith("-")


def _tells(attribute: Attribute) -> bool:
    is_somebody = attribute.subject in ANIMATE | THINGS_THAT_MOVE
    return is_somebody or bool(attribute.colours or attribute.actions)


def _clause(attribute: Attribute) -> Clause:
    return Clause(attribute.subject, attribute.colours, attribute.actions)


def _colours_alone(said: str) -> tuple[Clause, ...]:
    words = [word.strip(_EDGES).lower() for word in said.split()]
    found = [basic_colour(word) for word in words if word not in _SAYS_NOTHING]
    colours = tuple(dict.fromkeys(colour for colour in found if colour))
    return (Clause(None, colours),) if colours and None not in found else ()


def _rest(text: str, clauses: tuple[Clause, ...]) -> str | None:
    kept = [
        part.group()
        for part in PART.finditer(text)
        if not _is_plain(part.group()) or not _is_told(part["word"], clauses)
    ]
    return " ".join(kept) or None


def _is_told(raw: str, clauses: tuple[Clause, ...]) -> bool:
    word = raw.strip(_EDGES).lower()
    return (
        word in _SAYS_NOTHING
        or not any(letter.isalnum() for letter in word)
        or any(
            singular(word) == clause.subject
            or basic_colour(word) in clause.colours
            or base_form(word) in clause.actions
            for clause in clauses
        )
    )
