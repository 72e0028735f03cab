"""Which words the model knows, counted on training captions only."""

import gzip
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from captioner.vision.text import SPECIALS, Tokenizer, words_of
from training.arrays import F32
from training.errors import DatasetError
from training.logs import objects

WRITTEN, SEARCHED = 5, 2
"""Times that a word must stand in captions of photographs to be written, to be searched by."""

WRITTEN_IN_TEXTS, SEARCHED_IN_TEXTS = 50, 3
"""Or in captions without photographs; to be written it must be `SEARCHED` times with them, too."""

MOST = 9_000
"""Words in all; each takes 360 bytes of a bundle, and 512 more where it can be written."""

# fmt: off
EMPTY_WORDS = frozenset((
    "a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "with", "by", "for", "from",
    "into", "onto", "over", "under", "up", "down", "out", "off", "is", "are", "be", "being",
    "it", "its", "his", "her", "their", "he", "she", "they", "while", "as", "that", "this",
    "there", "which", "who", "some",
))
# fmt: on
"""Words that say nothing of what a photograph shows."""


def frequent_words(captions: Iterable[Sequence[str]], at_least: int = 1) -> list[str]:
    """Words by falling count over all captions of all photographs; ties by the alphabet."""
    counts = _counted(captions)
    return [word for word in _ranked(counts) if counts[word] >= at_least]


def vocabulary(captions: Iterable[Sequence[str]], texts: Sequence[str] = ()) -> Tokenizer:
    """Choose the words that the decoder may write, then those that are searched by alone.

    ``captions`` are of photographs, a group each. What ``texts``, captions without photographs,
    name can be written once some photographs show it, too.
    """
    seen, read = _counted(captions), _counted([texts])
    both = _ranked(seen + read)
    known = [w for w in both if seen[w] >= SEARCHED or read[w] >= SEARCHED_IN_TEXTS]
    written = [word for word in known if _written(seen[word], read[word])]
    others = [word for word in known if not _written(seen[word], read[word])]
    return Tokenizer([*written, *others][: max(MOST, len(written))], len(SPECIALS) + len(written))


def _written(seen: int, read: int) -> bool:
    return seen >= WRITTEN or (seen >= SEARCHED and read >= WRITTEN_IN_TEXTS)


def _counted(captions: Iterable[Sequence[str]]) -> Counter[str]:
    return Counter(word for group in captions for text in group for word in words_of(text))


def _ranked(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda word: (-counts[word], word))


def word_targets(captions: Sequence[Sequence[str]], words: Sequence[str]) -> F32:
    """Float32 (photographs, words): 1 where any caption of the photograph has the word."""
    column = {word: index for index, word in enumerate(words)}
    wanted = np.zeros((len(captions), len(words)), np.float32)
    for row, group in enumerate(captions):
        said = {word for text in group for word in words_of(text)}
        wanted[row, [column[word] for word in said & column.keys()]] = 1.0
    return wanted


FILES = "*.jsonl.gz"


def normal(caption: str) -> str:
    """Give a caption's words, a space between, as captions are compared and learnt."""
    return " ".join(words_of(caption))


def read_texts(folder: Path, withheld: Collection[str]) -> list[str]:
    """Read a folder's ``*.jsonl.gz``, lines of JSON with a list ``captions`` each.

    Gives each once, by `normal`, but those ``withheld``: of dev and test. Raises `DatasetError` for
    a folder without such files, a damaged file, or a line that is not as it should be, by its
    number.
    """
    paths = sorted(folder.glob(FILES))
    if not paths:
        raise DatasetError(f"no captions ({FILES}) in {folder}")
    found = dict.fromkeys(normal(text) for path in paths for text in _captions(path))
    for text in ("", *map(normal, withheld)):
        found.pop(text, None)
    return list(found)


def _captions(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for entry in objects(lines, path.name, captions=list):
                yield from entry["captions"]
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as damage:
        raise DatasetError(f"damaged file {path}: {damage}") from damage
