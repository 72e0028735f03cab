"""Sentences like captions, without photographs: what a text encoder may be asked besides.

A sentence encoder says what each means, so that the text side can learn it.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from captioner.vision.tokenizer import words_of
from training.joint import LONGEST

MOST_CHANGED, MOST_OF_A_QUERY = 3, 5
_RARE = 0.4  # exponent of a word's frequency: rare words are put in more often than they are used


def made_up(captions: Sequence[str], count: int, seed: int) -> list[str]:
    """Give ``count`` sentences.

    Two in five begin as one caption and end as another, two are captions with up to
    `MOST_CHANGED` words changed, and one is a few words of a caption, as people search.
    """
    rng = np.random.default_rng(seed)
    known = [words for words in map(words_of, captions) if words]
    counts = Counter(word for words in known for word in words)
    words = list(counts)
    shares = np.array([counts[word] for word in words], float) ** _RARE
    others = rng.choice(len(words), (count, MOST_CHANGED), p=shares / shares.sum())
    found = []
    for number in range(count):
        one, other = (known[rng.integers(len(known))] for _ in range(2))
        match number % 5:
            case 0 | 1:
                made = _crossed(rng, one, other)
            case 2 | 3:
                made = _changed(rng, one, [words[at] for at in others[number]])
            case _:
                made = _cut(rng, one)
        found.append(" ".join(made[:LONGEST]))
    return found


def _crossed(rng: np.random.Generator, one: list[str], other: list[str]) -> list[str]:
    until, since = rng.integers(1, len(one) + 1), rng.integers(0, len(other))
    return one[:until] + other[since:]


def _changed(rng: np.random.Generator, one: list[str], others: list[str]) -> list[str]:
    changed = list(one)
    for word in others[: rng.integers(1, MOST_CHANGED + 1)]:
        changed[rng.integers(len(changed))] = word
    return changed


def _cut(rng: np.random.Generator, one: list[str]) -> list[str]:
    length = min(len(one), int(rng.integers(1, MOST_OF_A_QUERY + 1)))
    start = int(rng.integers(0, len(one) - length + 1))
    return one[start : start + length]
