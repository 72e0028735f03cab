"""From a text to the stems that are compared: SQLite's own FTS5 tokenizer, in every engine."""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import apsw

TOKENIZER = ("porter", "unicode61", "remove_diacritics", "2")

# Words that stand in nearly every caption; they are looked for only where nothing else is.
_STOPPED = (
    "a an and are as at be by for from he her his in into is it its of on or she that the their "
    "them there they this to was were which while who with"
)
STOP_WORDS = frozenset(_STOPPED.split())


@dataclass(frozen=True, slots=True)
class Token:
    """One stem and the characters of the text it came from."""

    stem: str
    start: int
    end: int


def clean(text: str) -> str:
    """Return ``text`` without what SQLite cannot hold: NUL and lone surrogates."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


@lru_cache(maxsize=1024)
def tokens(text: str) -> tuple[Token, ...]:
    """Return the stems of a text in order, with their places in it."""
    raw = clean(text).encode("utf-8")
    if raw.isascii():
        return tuple(Token(stem, start, end) for start, end, stem in _tokenized(raw))
    return tuple(
        Token(stem, len(raw[:start].decode("utf-8")), len(raw[:end].decode("utf-8")))
        for start, end, stem in _tokenized(raw)
    )


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text in order."""
    return tuple(stem for _, _, stem in _tokenized(clean(text).encode("utf-8")))


def _tokenized(raw: bytes) -> list[tuple[int, int, str]]:
    found: Any = _tokenizer()(raw, apsw.FTS5_TOKENIZE_DOCUMENT, None)
    return [(start, end, stem) for start, end, stem in found]


@cache
def _tokenizer() -> apsw.FTS5Tokenizer:
    connection = apsw.Connection(":memory:")
    return connection.fts5_tokenizer(TOKENIZER[0], list(TOKENIZER[1:]))
