"""What a beginning of a word may become: subjects, colours, actions and words that are there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chalicelib.search.analysis import clean
from chalicelib.search.spelling import SHORTEST

Kind = Literal["subject", "colour", "action", "word"]

TRAITS: tuple[Kind, ...] = ("subject", "colour", "action")
MAX_SUGGESTIONS = 20
LOOKED_AT = 40  # words, of which the counts are made exact


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value, and how many of the owner's photographs have it."""

    kind: Kind
    value: str
    count: int


def begun(prefix: str) -> str:
    """Return the last word of what was typed so far, which is the one to be completed."""
    words = clean(prefix).lower().split(" ")
    return words[-1].lstrip('-"')


def best(found: Iterable[Suggestion], limit: int) -> tuple[Suggestion, ...]:
    """Return the commonest; a word that is a subject, colour or action, too, is that only."""
    given = [one for one in found if one.count]
    told = {one.value for one in given if one.kind != "word"}
    kept = [
        one
        for one in given
        if one.kind != "word" or (one.value not in told and len(one.value) >= SHORTEST)
    ]
    return tuple(sorted(kept, key=lambda one: (-one.count, one.value, one.kind))[:limit])
