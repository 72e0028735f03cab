"""Whether photographs near in a space show like things: a proxy without labels.

No one has said which photographs of Flickr8k are alike. Their captions do: two
photographs are as alike as CIDEr finds the captions that people wrote of them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from training.arrays import F32
from training.scores import scored_tokens

NEAREST = 10
LONGEST_GRAM = 4


def likeness(captions: Sequence[Sequence[str]]) -> F32:
    """CIDEr likeness of each photograph's captions to each other's, in per cent.

    Parameters
    ----------
    captions : sequence of sequences of str
        What people wrote of each of n photographs.

    Returns
    -------
    float32 (n, n)
        Symmetric; CIDEr as first published (Vedantam 2015, equations 2 to 4: the mean
        cosine over all pairs of captions and over n-grams of 1 to 4 words), with its
        factor of 10, the inverse document frequency over the photographs given.
    """
    total = np.zeros((len(captions), len(captions)))
    for length in range(1, LONGEST_GRAM + 1):
        for rows, weights in _postings(captions, length):
            total[np.ix_(rows, rows)] += np.outer(weights, weights)
    return np.asarray(1000 * total / LONGEST_GRAM, np.float32)


def _postings(captions: Sequence[Sequence[str]], length: int) -> Iterator[tuple[list[int], F32]]:
    """Of each n-gram, the photographs it is said of, and its share of their mean vectors."""
    counted = [[_grams(text, length) for text in group] for group in captions]
    seen_in = Counter(gram for group in counted for gram in set().union(*group))
    rarity = {gram: np.log(len(captions) / count) for gram, count in seen_in.items()}
    found: defaultdict[str, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    for row, group in enumerate(counted):
        for grams in group:
            norm = np.sqrt(sum((count * rarity[gram]) ** 2 for gram, count in grams.items()))
            for gram, count in grams.items():
                found[gram][row] += count * rarity[gram] / max(norm, 1e-9) / len(group)
    for weights in found.values():
        yield list(weights), np.array(list(weights.values()), np.float32)


def _grams(text: str, length: int) -> Counter[str]:
    words = scored_tokens(text).split()
    return Counter(" ".join(words[at : at + length]) for at in range(len(words) - length + 1))


def neighbour_figures(alike: F32, visual: F32, raw: F32) -> dict[str, float]:
    """Mean likeness of photographs to their ten nearest in each space.

    Parameters
    ----------
    alike : float32 (n, n)
        From `likeness`.
    visual : float32 (n, d)
        Unit vectors, compared by their product, as the product's search does.
    raw : float32 (n, c)
        Features as they come, compared by Euclidean distance, as fc2 features were.

    Returns
    -------
    dict
        ``neighbours_visual``, ``neighbours_raw``; ``neighbours_random``, the mean over
        every other photograph; ``neighbours_best``, over the ten most alike there are.
    """
    closeness = {"visual": visual @ visual.T, "raw": -_distances(raw), "best": alike}
    count = len(alike)
    others = alike.sum() - np.trace(alike)
    random = float(others / max(count * (count - 1), 1))
    means = {name: _mean_of_nearest(alike, near) for name, near in closeness.items()}
    return {f"neighbours_{k}": round(v, 2) for k, v in (means | {"random": random}).items()}


def _distances(vectors: F32) -> F32:
    squares = (vectors**2).sum(1)
    return np.asarray(squares[:, None] + squares[None] - 2 * vectors @ vectors.T, np.float32)


def _mean_of_nearest(alike: F32, closeness: F32) -> float:
    near = closeness.copy()
    np.fill_diagonal(near, -np.inf)
    order = np.argsort(-near, axis=1, kind="stable")[:, : min(NEAREST, len(alike) - 1)]
    return float(np.take_along_axis(alike, order, 1).mean()) if order.size else 0.0
