"""The kinds of words an attribute holds: its subject, and what is bound to the subject.

One row each. Whatever stores, compares, counts, asks for or shows attributes goes by this table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.attributes.kin import kin, place_kin
from chalicelib.attributes.words import base_form, basic_colour, place_form, singular
from chalicelib.images import Attribute


def _itself(word: str) -> frozenset[str]:
    return frozenset((word,))


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of word.

    Attributes
    ----------
    name
        In the singular: a search's parameter, a suggestion's kind ("colour").
    plural
        The facet's name ("colours").
    form
        From a word in lower case to the one an index compares.
    many
        Whether a subject may have several.
    kin
        From a word asked for to those that satisfy it: "person" finds boys, "water" lakes.
    sign
        What is written before each word where an attribute is told in words.
    """

    name: str
    plural: str
    form: Callable[[str], str]
    many: bool = True
    kin: Callable[[str], frozenset[str]] = _itself
    sign: str = ""

    @property
    def field(self) -> str:
        """The name of the field that holds it, in attributes and clauses alike."""
        return self.plural if self.many else self.name

    def values(self, holder: object) -> tuple[str, ...]:
        """Return the words of this kind that an attribute or a clause holds."""
        held: Any = getattr(holder, self.field)
        return tuple(held) if self.many else tuple(filter(None, (held,)))

    def normalised(self, holder: object) -> tuple[str, ...]:
        """Return the distinct words of this kind in the form an index compares."""
        words = (word.strip().lower() for word in self.values(holder))
        return tuple(dict.fromkeys(self.form(word) for word in words if word))


SUBJECT = Kind("subject", "subjects", singular, many=False, kin=kin)
COLOUR = Kind("colour", "colours", lambda word: basic_colour(word) or word)
ACTION = Kind("action", "actions", base_form)
PLACE = Kind("place", "places", place_form, kin=place_kin, sign="· ")
KINDS = (SUBJECT, COLOUR, ACTION, PLACE)
# What is bound to a subject.
TRAITS = tuple(kind for kind in KINDS if kind.many)
_AS_TOLD = (COLOUR, SUBJECT, ACTION, PLACE)


def fields_of(holder: object) -> dict[str, Any]:
    """Return what an attribute or a clause says, by field."""
    return {kind.field: getattr(holder, kind.field) for kind in KINDS}


def kin_of(holder: object) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return each word that a clause asks for as its kind and the words that satisfy it."""
    return tuple((kind.name, kind.kin(word)) for kind in KINDS for word in kind.normalised(holder))


def are_said(words: Iterable[str], holders: Sequence[object]) -> list[bool]:
    """Return for each word, in lower case, whether an attribute or a clause says it."""
    said = [(kind, kind.values(holder)) for kind in KINDS for holder in holders]
    return [any(kind.form(word) in values for kind, values in said) for word in words]


def told(holder: object, worn: Iterable[str] = ()) -> str:
    """Return an attribute or a clause in words: "brown dog run · beach".

    Parameters
    ----------
    worn
        What is written after the subject: "(pink dress)".
    """
    words: list[str] = []
    for kind in _AS_TOLD:
        words += [kind.sign + word for word in kind.values(holder)]
        words += worn if kind is SUBJECT else ()
    return " ".join(words)


def normalised(attribute: Attribute) -> Attribute:
    """Return an attribute in the words an index compares: singular, basic, base forms.

    Words that are not known stay as they are, in lower case.
    """
    plain: dict[str, Any] = {kind.field: kind.normalised(attribute) for kind in TRAITS}
    return Attribute("".join(SUBJECT.normalised(attribute)), **plain)
