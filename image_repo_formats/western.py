"""Whether a line of bytes reads as Windows-1252: what no Western European language writes is none.

Every byte string is some text in an encoding of one byte a letter, so that what tells them apart
is spelling: MacRoman's "café" would be "cafŽ", Polish "łąka" "³¹ka", Russian a run of accents.
"""

import re

_ALPHABETS = tuple(
    frozenset(letters)
    for letters in (
        "àâçèéêëîïôùûüœæ",  # French; English takes its loanwords from here
        "äöüßé",  # German
        "áéíñóúü",  # Spanish
        "áàâãçéêíóôõú",  # Portuguese
        "àèéìòùóú",  # Italian
        "éèëïóöüáê",  # Dutch
        "åäöæøéü",  # Danish, Norwegian, Swedish
    )
)
_CAPITALS = "À-ÖØ-ÞŒŠŽŸ"
_IMPOSSIBLE = re.compile(
    "|".join(
        (
            r"[^\W\d_][‘“”„…•™€£§©®°«»¿¡½¼¾×\xa0]+[^\W\d_]",  # signs within a word
            r"[^\W\d_][„€£§©°¿¡½¼¾×]",  # or right after one
            r"[½¼¾×©®™°][^\W\d_C]",  # or before
            r"[a-z][–—][a-z]",  # MacRoman's ñ and ó
            rf"[a-zß-öø-ÿœ][{_CAPITALS}]",  # a capital within a word
            rf"[A-Z{_CAPITALS}][{_CAPITALS}][a-zß-öø-ÿœ]",
            r"[^\W\d_a-zA-Z]{3}",
            r"[àìòù][^\W\d_]",  # which end their words
            r"ñ(?![aeiouáéíóú])",
            r"õ(?!e)",
            r"ã(?![oes]|\b)",
            r"[œŒ](?![cdeistu])",
        )
    )
)
_SIGNS = frozenset("‘’“”„…–—•™€£§©®°«»¿¡½¼¾×·\xa0")
_AROUND_WORDS = "‘’“”„…–—«»¿¡\xa0\t -.,;:!?()[]'\""
_LONE_LETTERS = frozenset("àáéèêíóôúåäöøæÀÁÉÈÍÓÚÅÄÖØÆ")


def is_western(raw: bytes) -> bool:
    """Return whether a line can be Windows-1252 of a Western European language."""
    try:
        words = [word.decode("cp1252") for word in raw.split() if not word.isascii()]
    except UnicodeDecodeError:  # five bytes are nothing in it
        return False
    beyond = {sign for word in words for sign in word if not sign.isascii()}
    letters = {sign for sign in beyond if sign.isalpha()}
    if beyond - letters - _SIGNS or any(map(_IMPOSSIBLE.search, words)):
        return False
    spelt = {sign.lower() for sign in letters}
    return any(spelt <= alphabet for alphabet in _ALPHABETS) and all(map(_is_word, words))


def _is_word(word: str) -> bool:
    """Return False for letters that stand without one of ASCII, as those of other scripts do."""
    word = word.strip(_AROUND_WORDS)
    if any(sign.isascii() and sign.isalpha() for sign in word):
        return True
    return word in _LONE_LETTERS or not any(sign.isalpha() for sign in word)
