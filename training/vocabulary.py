"""Which words the model knows, counted on training captions only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from training.dataset import clean

__all__ = ["EMPTY_WORDS", "frequent_words", "word_targets"]

# fmt: off
EMPTY_WORDS = frozenset((
    "a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "with", "by", "for", "from",
    "into", "onto", "over", "under", "up", "down", "out", "off", "is", "are", "be", "being",
    "it", "its", "his", "her", "their", "he", "she", "they", "while", "as", "that", "this",
    "there", "which", "who", "some",
))
# fmt: on
"""Words that say nothing of what a photograph shows."""


def frequent_words(
    captions: Iterable[Sequence[str]], at_least: int = 1, most: int | None = None
) -> list[str]:
    """Words by falling count over all captions of all photographs; ties by the alphabet."""
    counts = Counter(word for group in captions for text in group for word in clean(text))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    return [word for word in ranked if counts[word] >= at_least][:most]


def word_targets(
    captions: Sequence[Sequence[str]], words: Sequence[str]
) -> npt.NDArray[np.float32]:
    """Float32 (photographs, words): 1 where any caption of the photograph has the word."""
    column = {word: index for index, word in enumerate(words)}
    wanted = np.zeros((len(captions), len(words)), np.float32)
    for row, group in enumerate(captions):
        for text in group:
            for word in clean(text):
                if word in column:
                    wanted[row, column[word]] = 1.0
    return wanted
