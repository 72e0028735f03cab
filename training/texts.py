"""Captions without photographs, for the decoder and the text side to learn English from."""

import gzip
import json
import zlib
from collections.abc import Collection, Iterator
from pathlib import Path

from training.dataset import clean
from training.errors import DatasetError

FILES = "*.jsonl.gz"


def normal(caption: str) -> str:
    """Give a caption's words, a space between, as captions are compared and learnt."""
    return " ".join(clean(caption))


def read_texts(folder: Path, withheld: Collection[str]) -> list[str]:
    """Read a folder's ``*.jsonl.gz``, lines of JSON with a list ``captions`` each.

    Parameters
    ----------
    folder : Path
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
            for number, line in enumerate(lines, 1):
                yield from _entry(line, f"{path.name} line {number}")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as damage:
        raise DatasetError(f"damaged file {path}: {damage}") from damage


def _entry(line: str, where: str) -> list[str]:
    try:
        entry = json.loads(line)
    except ValueError as damage:
        raise DatasetError(f"{where} is not JSON: {damage}") from damage
    captions = entry.get("captions") if isinstance(entry, dict) else None
    if not isinstance(captions, list) or not all(isinstance(text, str) for text in captions):
        raise DatasetError(f"{where}: 'captions' must be a list of texts")
    return captions
