"""Forms of single words: plural to singular, verb form to base form, colour to basic name."""

from functools import lru_cache

from chalicelib.attributes.lexicon import COLOURS, INVARIABLE, IRREGULAR_PLURALS
from chalicelib.attributes.places import PLACES, PLURAL_PLACES
from chalicelib.attributes.verbs import ING_NOUNS, IRREGULAR_FORMS, VERBS

_BEFORE_E = ("at", "ag", "ur", "dg", "rg", "bl", "dl", "gl", "tl")
_VOWELS = "aeiou"
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
    return word.removesuffix(ends) + _PLURALS[ends]


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


@lru_cache(maxsize=4096)
def known_base(word: str) -> str | None:
    """Return the base form where the lexicon knows the verb, else None."""
    if word in VERBS:
        return word
    if word in ING_NOUNS:
        return None
    if word in IRREGULAR_FORMS:
        return IRREGULAR_FORMS[word]
    return next((base for base in _bases(word) if base in VERBS), None)


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
        return (word[:-1], word[:-2])
    return (word[:-1],) if word.endswith("s") else ()


def _guessed_base(word: str) -> str:
    """Undo an ``-ing`` by English spelling; any other unknown form stays."""
    stem = word.removesuffix("ing")
    if stem == word or len(stem) < 3 or not any(letter in _VOWELS + "y" for letter in stem):
        return word
    if stem[-1] == stem[-2] and stem[-1] not in "lsz":
        return stem[:-1]
    silent_e = stem[-1] in "vcuz" or stem.endswith(
        ("at", "ag", "ur", "dg", "rg", "bl", "dl", "gl", "tl")
    )
    return stem + "e" if silent_e else stem
