"""Captions without photographs, for the decoder and the text side to learn English from."""

import gzip
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from captioner.vision.tokenizer import words_of
from training.errors import DatasetError
from training.logs import objects

FILES = "*.jsonl.gz"


def normal(caption: str) -> str:
    """Give a caption's words, a space between, as captions are compared and learnt."""
    return " ".join(words_of(caption))


def read_texts(folder: Path, withheld: Collection[str]) -> list[str]:
    """Read a folder's ``*.jsonl.gz``, lines of JSON with a list ``captions`` each.

    Parameters
    ----------
    withheld : collection of str
        Captions that may not be learnt, those of dev and test photographs; compared by `normal`.

    Returns
    -------
    list of str
        Each caption once, in the files' order, by `normal`.

    Raises
    ------
    DatasetError
        For a folder without such files, a damaged file, or a line that is not as it should be;
        the message numbers the line.
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
