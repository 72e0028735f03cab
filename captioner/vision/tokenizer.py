"""Words and their numbers, for the decoder and for the text encoder alike."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

from captioner.vision.manifest import BundleError

SPECIALS = ("<pad>", "<start>", "<end>", "<unk>")
PAD, START, END, UNKNOWN = range(4)
LONGEST_QUERY = 32
_WORD = re.compile(r"[a-z0-9]+(?:['-][a-z0-9]+)*")
PLURALS = (("ies", "y"), ("es", ""), ("s", ""))


def words_of(text: str) -> list[str]:
    """Lower-case words of a text; punctuation dropped, inner hyphens and apostrophes kept."""
    return _WORD.findall(text.lower().replace("’", "'").replace(" 's", "'s"))


class Tokenizer:
    """Numbers for words: the four specials, then words by falling frequency.

    Parameters
    ----------
    words : sequence of str
        Known words, most frequent first.
    captioned : int
        How many numbers (specials included) the decoder may write; the text
        encoder reads rarer words as well.
    """

    def __init__(self, words: Sequence[str], captioned: int) -> None:
        self.words = (*SPECIALS, *words)
        self.captioned = captioned
        self._number = {word: number for number, word in enumerate(self.words)}

    def encode(self, text: str) -> list[int]:
        """Numbers of a text's words, ``UNKNOWN`` for those never seen."""
        return [self.number(word) for word in words_of(text)]

    def known(self, text: str) -> list[int]:
        """Numbers of a query's words, those never seen left out; `LONGEST_QUERY` at most."""
        return [number for number in self.encode(text) if number != UNKNOWN][:LONGEST_QUERY]

    def number(self, word: str) -> int:
        """Give a word's number, its singular's where only that is known, or ``UNKNOWN``."""
        if word in self._number:
            return self._number[word]
        singulars = (word.removesuffix(end) + put for end, put in PLURALS if word.endswith(end))
        return next((self._number[s] for s in singulars if s in self._number), UNKNOWN)

    def word(self, number: int) -> str:
        """Give the word of a number."""
        return self.words[number]


def load(path: Path) -> Tokenizer:
    """Read ``tokenizer.json``; raises `BundleError` where it is not one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return Tokenizer([str(word) for word in document["words"]], int(document["captioned"]))
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path} is not a tokenizer: {error!r}") from error
