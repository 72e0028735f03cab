"""What the words of attributes mean: their forms, what is a kind of what, and their own kinds.

Whatever stores, compares, counts, asks for or shows attributes goes by the table ``KINDS``.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from chalicelib.attributes.dictionary import is_english, lemma
from chalicelib.attributes.lexicon import (
    BELOW,
    COLOURS,
    ING_NOUNS,
    INVARIABLE,
    IRREGULAR_FORMS,
    IRREGULAR_PLURALS,
    PLACES,
    PLACES_BELOW,
    PLURAL_PLACES,
    VERBS,
)
from chalicelib.images import Attribute

_BEFORE_ES = ("ses", "xes", "zes", "ches", "shes", "oes")
_OF_NAMES = ("as", "os")  # ends of names, where what is left without the "s" is no word
# One syllable that ends in one vowel and one consonant: "sit", "run", "skip"; "qu" is a consonant.
_DOUBLED = re.compile(r"(?:[^aeiou]*|[^aeiou]*qu)[aeiou][^aeiouwxy]")
_BEFORE_E = ("at", "ag", "ur", "dg", "rg", "bl", "dl", "gl", "tl")
# The first that fits is undone.
_PLURALS = {
    "children": "child",
    "men": "man",
    "ss": "ss",
    "us": "us",
    "is": "is",
    "sses": "ss",
    "shes": "sh",
    "ches": "ch",
    "xes": "x",
    "zes": "z",
    "ies": "y",
    "s": "",
}


def basic_colour(word: str) -> str | None:
    """Return the basic name of a colour ("blue" for "navy"), or None where it is none."""
    return COLOURS.get(word.strip().lower().rsplit(" ", 1)[-1])


def colour_form(word: str) -> str:
    """Return the basic name of a colour in lower case; what is none stays as it is."""
    return COLOURS.get(word.rsplit(" ", 1)[-1], word)


@lru_cache(maxsize=4096)
def singular(word: str) -> str:
    """Return the singular of an English noun in lower case; "men" → "man", "dogs" → "dog"."""
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    ends = next(
        (ends for ends in _PLURALS if word.endswith(ends) and len(word) > len(ends) + 1), ""
    )
    if not ends or word in INVARIABLE:
        return word
    return _known_singular(word, word.removesuffix(ends) + _PLURALS[ends])


def _known_singular(word: str, ruled: str) -> str:
    """Return the singular by rule, unless a dictionary knows better: "zombies", "Lukas"."""
    if ruled == word or is_english(ruled):
        return ruled
    if is_english(word):
        return lemma(word)
    return word if word.endswith(_OF_NAMES) else ruled


@lru_cache(maxsize=4096)
def place_form(word: str) -> str:
    """Return the setting that a place in lower case names: "tennis courts" → "court".

    A place of several words that is none of the known settings stays as it is.
    """
    last = word.rsplit(" ", 1)[-1]
    head = last if last in PLURAL_PLACES else singular(last)
    return head if head in PLACES else word


@lru_cache(maxsize=4096)
def base_form(word: str) -> str:
    """Return the base form of an English verb in lower case; "running" → "run"."""
    return known_base(word) or _guessed_base(word)


def base_by_ending(word: str) -> str | None:
    """Return the base of a form by its ending, even of one that is a noun as a rule: "crossing"."""
    return next((base for base in _bases(word) if base in VERBS), None)


@lru_cache(maxsize=4096)
def known_base(word: str) -> str | None:
    """Return the base form where the lexicon knows the verb, else None."""
    if word in VERBS:
        return word
    if word in ING_NOUNS:
        return None
    if word in IRREGULAR_FORMS:
        return IRREGULAR_FORMS[word]
    return base_by_ending(word)


def _bases(word: str) -> tuple[str, ...]:
    """Return what ``word`` could be a form of, the likeliest first."""
    for ending in ("ing", "ed"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            undoubled = (stem[:-1],) if stem[-1] == stem[-2:-1] else ()
            as_y = (stem[:-1] + "y",) if stem.endswith("i") else ()
            return (stem, stem + "e", *undoubled, *as_y)
    if word.endswith("ies"):
        return (word[:-3] + "y", word[:-1])
    if word.endswith("es"):
        return (word[:-1], word[:-2]) if word.endswith(_BEFORE_ES) else (word[:-1],)
    return (word[:-1],) if word.endswith("s") else ()


def _guessed_base(word: str) -> str:
    """Undo an ``-ing`` by English spelling; any other unknown form stays."""
    stem = word.removesuffix("ing")
    if stem == word or len(stem) < 3 or not any(letter in "aeiouy" for letter in stem):
        return word
    if stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    return stem + "e" if stem[-1] in "vcuz" or stem.endswith(_BEFORE_E) else stem


@lru_cache(maxsize=4096)
def kin(subject: str) -> frozenset[str]:
    """Return the subject and everything that is a kind of it, never what is above.

    Parameters
    ----------
    subject
        A singular noun; one the hierarchy does not know has itself as its only kin.
    """
    return _closure(subject, BELOW)


@lru_cache(maxsize=4096)
def place_kin(place: str) -> frozenset[str]:
    """Return the place and everything that is a kind of it or another word for it."""
    return _closure(place, PLACES_BELOW)


def _closure(first: str, below: Mapping[str, str]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [first]
    while waiting:
        word = waiting.pop()
        if word not in found:
            found.add(word)
            waiting.extend(one.replace("_", " ") for one in below.get(word, "").split())
    return frozenset(found)


PEOPLE: frozenset[str] = kin("person")
ANIMATE: frozenset[str] = PEOPLE | kin("animal")
THINGS_THAT_MOVE: frozenset[str] = kin("vehicle")


def _itself(word: str) -> frozenset[str]:
    return frozenset((word,))


@dataclass(frozen=True)
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

    @cached_property
    def field(self) -> str:
        """The name of the field that holds it, in attributes and clauses alike."""
        return self.plural if self.many else self.name

    def values(self, holder: object) -> tuple[str, ...]:
        """Return the words of this kind that an attribute or a clause holds."""
        held: Any = getattr(holder, self.field)
        return tuple(held) if self.many else tuple(filter(None, (held,)))

    def normalised(self, holder: object) -> tuple[str, ...]:
        """Return the distinct words of this kind in the form an index compares."""
        words = [word.strip().lower() for word in self.values(holder)]
        return tuple(dict.fromkeys(map(self.form, filter(None, words))))


SUBJECT = Kind("subject", "subjects", singular, many=False, kin=kin)
COLOUR = Kind("colour", "colours", colour_form)
ACTION = Kind("action", "actions", base_form)
PLACE = Kind("place", "places", place_form, kin=place_kin, sign="· ")
KINDS = (SUBJECT, COLOUR, ACTION, PLACE)
# What is bound to a subject.
TRAITS = tuple(kind for kind in KINDS if kind.many)
_AS_TOLD = (COLOUR, SUBJECT, ACTION, PLACE)


def kin_of(holder: object) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return each word that a clause asks for as its kind and the words that satisfy it."""
    return tuple((kind.name, kind.kin(word)) for kind in KINDS for word in kind.normalised(holder))


def are_said(words: Iterable[str], holders: Sequence[object]) -> list[bool]:
    """Return for each word, in lower case, whether an attribute or a clause says it."""
    said = [(kind, kind.values(holder)) for kind in KINDS for holder in holders]
    return [any(kind.form(word) in values for kind, values in said) for word in words]


def in_words(holder: object) -> str:
    """Return a clause as a person would say it: "a dog, brown, running, beach"."""
    words = [*map(_with_article, SUBJECT.values(holder)), *COLOUR.values(holder)]
    words += map(participle, ACTION.normalised(holder))
    return ", ".join((*words, *PLACE.values(holder)))


def _with_article(noun: str) -> str:
    """Return "a dog", "an animal"; what is plural, a name or more than one word stays alone."""
    one = noun.strip().lower()
    if singular(one) != one or one in INVARIABLE or not is_english(one):
        return noun
    return (
        f"an {noun}"
        if one[0] in "aeiou" and not one.startswith(("uni", "use", "eu", "one"))
        else f"a {noun}"
    )


def participle(verb: str) -> str:
    """Return the form in -ing of an English verb in its base form; "run" → "running"."""
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    return f"{verb}{verb[-1]}ing" if _DOUBLED.fullmatch(verb) else f"{verb}ing"


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
