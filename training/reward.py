"""CIDEr of one caption at a time, fast enough to train on."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

Gram = tuple[int, ...]


@dataclass(frozen=True)
class _Vector:
    """A caption's n-grams weighted by idf, the length of each order, and its words."""

    weights: dict[Gram, float]
    norms: tuple[float, ...]
    length: int


class CiderReward:
    """CIDEr-D of word numbers against one photograph's captions (Vedantam 2015).

    The end counts as a word, so that a caption which breaks off is not rewarded
    as if it had ended well. Document frequencies come from the captions given.
    """

    SIGMA = 6.0

    def __init__(self, captions: Sequence[Sequence[Sequence[int]]]) -> None:
        self._log_frequency = _log_frequency(captions)
        self._most = float(np.log(max(2, len(captions))))
        self._references = [[self._vector(text) for text in group] for group in captions]

    def score(self, photograph: int, caption: Sequence[int]) -> float:
        """Mean over the references, 0 to 10."""
        mine = self._vector(caption)
        references = self._references[photograph]
        return 10 * sum(self._alike(mine, theirs) for theirs in references) / len(references)

    def _alike(self, mine: _Vector, theirs: _Vector) -> float:
        overlap = [0.0] * 4
        for gram, weight in mine.weights.items():
            other = theirs.weights.get(gram, 0.0)
            overlap[len(gram) - 1] += min(weight, other) * other
        scale = (n * m or 1.0 for n, m in zip(mine.norms, theirs.norms, strict=True))
        cosines = sum(part / whole for part, whole in zip(overlap, scale, strict=True))
        gap = mine.length - theirs.length
        return cosines / 4 * float(np.exp(-(gap**2) / (2 * self.SIGMA**2)))

    def _vector(self, caption: Sequence[int]) -> _Vector:
        weights = {
            gram: count * (self._most - self._log_frequency.get(gram, 0.0))
            for grams in _grams(caption)
            for gram, count in grams.items()
        }
        squares = [0.0] * 4
        for gram, weight in weights.items():
            squares[len(gram) - 1] += weight * weight
        return _Vector(weights, tuple(square**0.5 for square in squares), len(caption))


def _grams(caption: Sequence[int]) -> Iterator[Counter[Gram]]:
    words = tuple(caption)
    for n in range(1, 5):
        yield Counter(words[at : at + n] for at in range(len(words) - n + 1))


def _log_frequency(captions: Sequence[Sequence[Sequence[int]]]) -> dict[Gram, float]:
    counts: dict[Gram, int] = defaultdict(int)
    for group in captions:
        for gram in {gram for text in group for grams in _grams(text) for gram in grams}:
            counts[gram] += 1
    return {gram: float(np.log(count)) for gram, count in counts.items()}
