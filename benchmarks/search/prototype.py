"""The prototype's way to search: every caption by BLEU, every photograph by distance.

Both look at everything, so that what they take grows as the number of photographs does.
"""

from collections.abc import Callable, Sequence

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from benchmarks.search.timing import timed

FEATURES = 4_096
MEASURED_AT = 8_000


def prototype_times(texts: Sequence[str]) -> dict[str, float]:
    """Return a query's own milliseconds by kind, for ``MEASURED_AT`` photographs."""
    return {
        "text": timed(bleu_way(texts[:MEASURED_AT]), 3)[2],
        "image": timed(distance_way(MEASURED_AT), 5)[2],
    }


def bleu_way(texts: Sequence[str]) -> Callable[[int], object]:
    """Return the prototype's text search: sentence BLEU of the query with every caption."""
    split = [text.split() for text in texts]
    smooth = SmoothingFunction().method1

    def search(turn: int) -> object:
        query = split[turn * 31 % len(split)][:4]
        scores = [sentence_bleu([caption], query, smoothing_function=smooth) for caption in split]
        return sorted(range(len(scores)), key=scores.__getitem__)[-20:]

    return search


def distance_way(count: int) -> Callable[[int], object]:
    """Return the prototype's image search: distance to every photograph's 4,096 numbers."""
    features = np.random.default_rng(3).random((count, FEATURES), dtype=np.float32)

    def search(turn: int) -> object:
        query = features[turn * 31 % count]
        distances = [float(np.linalg.norm(one - query)) for one in features]
        return sorted(range(count), key=distances.__getitem__)[:20]

    return search
