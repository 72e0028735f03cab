"""English words: which there are, and the lemma of each."""

from functools import lru_cache

import simplemma

from chalicelib.attributes.lexicon import AMERICAN, IRREGULAR_PLURALS, LEMMAS

_LANGUAGE = "en"
# British endings and the American ones, where such a word is English: "vapour" → "vapor".
_ENDINGS = (("our", "or"), ("tre", "ter"), ("ise", "ize"))
# Words that stand in nearly every caption; they are looked for only where nothing else is.
_STOPPED = (
    "a an and are as at be by for from he her his in into is it its of on or she that the their "
    "them there they this to was were which while who with"
)
STOP_WORDS = frozenset(_STOPPED.split())


@lru_cache(maxsize=1 << 14)
def lemma(word: str) -> str:
    """Return the lemma of a word in lower case: "men" → "man", "ran" → "run", "people" → "person".

    A word that is none of English's stays, or loses the ending of an English plural or participle;
    British spellings and words become American: "tyres" → "tire".
    """
    word = AMERICAN.get(word, word)
    known = LEMMAS.get(word) or IRREGULAR_PLURALS.get(word)
    found: str = known or simplemma.lemmatize(word, lang=_LANGUAGE).lower()
    return AMERICAN.get(found) or _american(found)


def _american(word: str) -> str:
    """Return the American spelling; of short words such endings are none: "four", "wise"."""
    for british, american in _ENDINGS:
        spelt = word.removesuffix(british) + american
        if word.endswith(british) and len(word) > len(british) + 2 and is_english(spelt):
            return spelt
    return word


@lru_cache(maxsize=1 << 14)
def is_english(word: str) -> bool:
    """Return whether a dictionary of English has a word in lower case, or its name in capitals."""
    return any(simplemma.is_known(one, lang=_LANGUAGE) for one in (word, word.capitalize()))
