"""Texts and vectors as engines compare them, and a query's words, taken apart once.

Engines get stems, never raw text, so that they agree on what a text holds; and of a vector 256
signed bytes, so that products are exact integers. A unit vector's components are about 1/16;
``SCALE`` spreads ±0.5 over a byte, and what exceeds that is cut. Cosines computed from it are
within about 0.005 of the float16 ones, and the same on every processor, which paging by score
relies on.
"""

import re
import unicodedata
from collections.abc import Iterable, Set
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape

import numpy as np
import Stemmer

from chalicelib.attributes.dictionary import STOP_WORDS, is_english, lemma
from chalicelib.attributes.kinds import known_base
from chalicelib.errors import InvalidField
from chalicelib.search.query import VECTOR_BYTES

SCALE = 254.0
MAX_WORDS = 48
SHORTEST_WORD, LONGEST_WORD = 3, 64  # letters; others are neither suggested nor corrected

# Scripts that put no blanks between words: Thai to Burmese, Khmer, kana, Chinese characters and
# Hangul, whose words end in particles. Each letter of theirs is a token, so that a word is found as
# letters one after another, without a dictionary.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
)
# Vowel signs, accents and points of all scripts, which are no letters to Python.
_MARKS = "".join(
    chr(code) for code in range(0x300, 0x11000) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}](?:[^\W_{_UNSPACED}]|[{re.escape(_MARKS)}])*")
# What stands between words as a blank does; what may stand within one does not: "t-shirt", "2.5".
_BETWEEN = r"\s,;:/|\\+&!?()\[\]{}<>\u3001\u3002\uff0c\uff0f\u30fb"
_PART = re.compile(rf'(?P<minus>-)?(?:"(?P<phrase>[^"]*)"|"?(?P<word>[^{_BETWEEN}"]+))')
# What a file is called beside its name, which is all that is compared.
_EXTENSION = re.compile(
    r"\.(?:jpe?g|png|webp|gif|hei[cf]|avif|tiff?|dng|nef|cr[23]|arw|raw)$", re.I
)
_QUOTES = str.maketrans("“”„‟", '""""')
_stemmer = Stemmer.Stemmer("porter")  # Porter, "An algorithm for suffix stripping", 1980


def clean(text: str) -> str:
    """Return ``text`` composed, and without what no store can hold: NUL and lone surrogates."""
    composed = unicodedata.normalize("NFC", text)
    return composed.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a text in order."""
    return tuple(map(stem_of, _TOKEN.findall(text)))


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are written, in lower case."""
    return [word.lower() for word in _TOKEN.findall(text)]


@lru_cache(maxsize=1 << 14)
def stem_of(word: str) -> str:
    """Return what all forms of a word have in common, without case, accents and blanks.

    That is its lemma, "man" of "men"; of a word that a dictionary does not know its stem, by
    Porter's rules, which make "offic" of "office" and "officer".
    """
    folded = word.casefold()
    if not folded.isascii():
        apart = unicodedata.normalize("NFKD", folded)
        # The voicing marks of kana, which make other letters, are of class 8.
        bare = "".join(c for c in apart if unicodedata.combining(c) in (0, 8) and not c.isspace())
        folded = bare.casefold() or folded
    # Of "sitting" and the like a dictionary knows a noun.
    done = known_base(folded) if folded.endswith("ing") else None
    found = done or lemma(folded)
    return found if is_english(found) else _stemmer.stemWord(found) or folded


def highlighted(text: str, matched: Set[str]) -> str | None:
    """Return a text as HTML with ``<mark>`` around the words of these stems, None without any."""
    parts: list[str] = []
    end = 0
    for word in _TOKEN.finditer(text):
        if stem_of(word.group()) in matched:
            parts += [escape(text[end : word.start()]), f"<mark>{escape(word.group())}</mark>"]
            end = word.end()
    return "".join([*parts, escape(text[end:])]) if parts else None


def quantised(vector: bytes) -> bytes:
    """Return a float16 vector of ``VECTOR_SIZE`` numbers as as many signed bytes.

    Raises
    ------
    ValueError
        It has another length, or holds a number that is not finite.
    """
    if len(vector) != VECTOR_BYTES:
        raise ValueError(f"a vector has {VECTOR_BYTES} bytes, not {len(vector)}")
    numbers = np.frombuffer(vector, "<f2").astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ValueError("a vector holds finite numbers only")
    spread: bytes = np.clip(np.rint(numbers * SCALE), -127, 127).astype(np.int8).tobytes()
    return spread


@dataclass(frozen=True, slots=True)
class Phrase:
    """Stems that must stand together, as one word or a quoted phrase was typed."""

    stems: tuple[str, ...]
    raw: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class TextPart:
    """One blank-separated part of a query's text.

    Attributes
    ----------
    raw, typed
        Without quotes and minus, and with them.
    start
        Of ``raw`` in the text.
    """

    raw: str
    start: int
    typed: str
    is_quoted: bool
    is_excluded: bool

    @property
    def is_plain(self) -> bool:
        """Whether it is neither a phrase nor excluded."""
        return not (self.is_quoted or self.is_excluded)


@dataclass(frozen=True, slots=True)
class QueryText:
    """What a person typed into the search box, taken apart.

    Attributes
    ----------
    text
        As it was typed; ``"in quotes"`` a phrase, ``-word`` excluded.
    parts
        Its words, phrases and exclusions in order.
    wanted
        Words that speak for a photograph; stop words only where there is nothing else.
    required, excluded
        Quoted phrases, each of which must occur, and what may not occur.
    """

    text: str
    parts: tuple[TextPart, ...]
    wanted: tuple[Phrase, ...]
    required: tuple[Phrase, ...]
    excluded: tuple[Phrase, ...]

    @property
    def ranked(self) -> tuple[Phrase, ...]:
        """Everything whose occurrence speaks for a photograph."""
        return self.wanted + self.required

    @property
    def telling(self) -> tuple[str, ...]:
        """The words and phrases of `ranked` as they are written."""
        return tuple(phrase.raw for phrase in self.ranked)

    @property
    def quorum(self) -> int:
        """How many wanted words must occur: of one or two both, of more than two two thirds."""
        count = len(self.wanted)
        return count if count <= 2 else count * 2 // 3

    @property
    def stems(self) -> frozenset[str]:
        """Of all that is ranked: what a caption shows as matched."""
        return frozenset(stem for phrase in self.ranked for stem in phrase.stems)

    @property
    def all_stems(self) -> frozenset[str]:
        """Of all that is not excluded, stop words too."""
        return frozenset(stems(self.meaning or ""))

    @property
    def meaning(self) -> str | None:
        """What the text says to look for, for an encoder; None where it only excludes."""
        return " ".join(p.raw for p in self.parts if not p.is_excluded).strip() or None

    @property
    def plain(self) -> str:
        """The text without its quoted phrases and exclusions."""
        kept = self.text
        for part in reversed(self.parts):
            if not part.is_plain:
                end = part.start + len(part.raw) + part.is_quoted
                kept = kept[: end - len(part.typed)] + kept[end:]
        return kept

    @property
    def plain_words(self) -> list[tuple[str, int]]:
        """The words that are neither quoted nor excluded, in lower case, and where they start."""
        return [
            (found.group().lower(), part.start + found.start())
            for part in self.parts
            if not part.is_quoted
            for found in _TOKEN.finditer(part.raw)
        ]

    def check(self) -> None:
        """Refuse a text that asks for nothing, or for too much.

        Raises
        ------
        InvalidField
            There is no letter or digit to look for, or more than ``MAX_WORDS`` words.
        """
        if not (self.ranked or self.excluded):
            raise InvalidField("text", "must hold at least one letter or digit to look for")
        if len(self.ranked) + len(self.excluded) > MAX_WORDS:
            raise InvalidField("text", f"must hold at most {MAX_WORDS} words")


@lru_cache(maxsize=64)
def parse(text: str) -> QueryText:
    """Return a text taken apart; of one request it is the same object throughout."""
    text = clean(text).translate(_QUOTES)
    parts = tuple(_part(found) for found in _PART.finditer(text))
    plain = [part for part in parts if part.is_plain]
    required = _phrases(part for part in parts if part.is_quoted and not part.is_excluded)
    excluded = _phrases(part for part in parts if part.is_excluded)
    telling = _phrases(part for part in plain if part.raw.lower() not in STOP_WORDS)
    if not (telling or required or excluded):
        telling = _phrases(plain)
    wanted = tuple(phrase for phrase in telling if phrase not in required)
    return QueryText(text, parts, wanted, required, excluded)


def _part(found: re.Match[str]) -> TextPart:
    is_quoted, is_excluded = found["phrase"] is not None, bool(found["minus"])
    kind = "phrase" if is_quoted else "word"
    return TextPart(found[kind], found.start(kind), found.group(), is_quoted, is_excluded)


def _phrases(parts: Iterable[TextPart]) -> tuple[Phrase, ...]:
    found = [Phrase(stems(_EXTENSION.sub("", part.raw)), part.raw) for part in parts]
    return tuple(dict.fromkeys(phrase for phrase in found if phrase.stems))
