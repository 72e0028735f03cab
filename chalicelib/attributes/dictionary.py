"""English words: which there are, and the lemma of each."""

from functools import lru_cache

import simplemma

from chalicelib.attributes.lexicon import AMERICAN, IRREGULAR_PLURALS

_LANGUAGE = "en"


@lru_cache(maxsize=1 << 14)
def lemma(word: str) -> str:
    """Return the lemma of a word in lower case: "men" → "man", "ran" → "run", "people" → "person".

    A word that is none of English's stays, or loses the ending of an English plural or participle;
    British spellings and words become American: "tyres" → "tire".
    """
    word = AMERICAN.get(word, word)
    if word in IRREGULAR_PLURALS:
        return IRREGULAR_PLURALS[word]
    found: str = simplemma.lemmatize(word, lang=_LANGUAGE).lower()
    return AMERICAN.get(found, found)


@lru_cache(maxsize=1 << 14)
def is_english(word: str) -> bool:
    """Return whether a dictionary of English has a word in lower case, or its name in capitals."""
    return any(simplemma.is_known(one, lang=_LANGUAGE) for one in (word, word.capitalize()))
