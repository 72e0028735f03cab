"""Everyday words for ImageNet's 1,000 classes, and which of them a caption speaks of.

``everyday.json`` is the table: ``words`` gives each class its word, ``broader`` what else it
is called (an owl is a bird, too), ``spoken`` what captions say for such words (puppy, bike,
meal), and ``unread`` words that captions mostly use for something else (an orange shirt).
Classes are numbered as in the ILSVRC 2012 challenge, which every network trained on it keeps.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from captioner.vision.text import PLURALS, words_of

CLASSES = 1000
LONGEST = 2  # words of one name, as "traffic light"

_Classes = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Everyday:
    """The table, read.

    ``words`` are what photographs are labelled with; ``members`` float32 (1000, words) is one
    where a class counts as the word; ``named`` gives the classes of every word of captions.
    """

    words: tuple[str, ...]
    members: npt.NDArray[np.float32]
    named: Mapping[str, _Classes]

    def mentioned(self, text: str) -> list[_Classes]:
        """Give the classes of each known noun of a caption; of two words before of one."""
        words, found, at = words_of(text), [], 0
        while at < len(words):
            for length in range(min(LONGEST, len(words) - at), 0, -1):
                classes = self._classes(" ".join(words[at : at + length]))
                if classes is not None:
                    found.append(classes)
                    break
            at += length
        return found

    def _classes(self, name: str) -> _Classes | None:
        singulars = (name.removesuffix(end) + put for end, put in PLURALS if name.endswith(end))
        return next((self.named[n] for n in (name, *singulars) if n in self.named), None)


@cache
def everyday() -> Everyday:
    """Give the table that comes with this package."""
    path = Path(__file__).with_name("everyday.json")
    return read(json.loads(path.read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> Everyday:
    """Read a table.

    Raises
    ------
    ValueError
        If a class has no word or several, or a word stands for one that is not there.
    """
    own = {word: set(_numbers(ranges)) for word, ranges in document["words"].items()}
    counts = np.zeros(CLASSES, np.intp)
    for classes in own.values():
        counts[list(classes)] += 1
    if (wrong := np.flatnonzero(counts != 1)).size:
        raise ValueError(f"class {wrong[0]} has {counts[wrong[0]]} everyday words, not one")
    broader = {
        word: own.get(word, set()) | _together(own, members)
        for word, members in document["broader"].items()
    }
    labels = own | broader
    spoken = {word: _together(labels, members) for word, members in document["spoken"].items()}
    members = np.zeros((CLASSES, len(labels)), np.float32)
    for column, classes in enumerate(labels.values()):
        members[list(classes), column] = 1
    named = {
        word: np.array(sorted(classes), np.intp)
        for word, classes in (labels | spoken).items()
        if word not in document["unread"]
    }
    return Everyday(tuple(labels), members, named)


def _together(known: Mapping[str, set[int]], words: Iterable[str]) -> set[int]:
    unknown = [word for word in words if word not in known]
    if unknown:
        raise ValueError(f"no everyday word {unknown[0]!r}")
    return set().union(*(known[word] for word in words))


def _numbers(ranges: str) -> Iterator[int]:
    """Read ``"0,389-397"``."""
    for part in ranges.split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)
