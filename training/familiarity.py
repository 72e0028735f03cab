"""Where the training photographs lie in the visual space: centres to measure a distance from."""

import numpy as np

from training.arrays import F32, unit_rows

ROUNDS = 25


def centres(vectors: F32, count: int = 64, seed: int = 1) -> F32:
    """Give ``count`` unit vectors amid unit vectors (n, d); as many as there are, at most.

    k-means by cosine (Dhillon and Modha 2001). A centre that nothing is near to moves to a
    vector chosen at random.
    """
    rng = np.random.default_rng(seed)
    found = vectors[rng.choice(len(vectors), min(count, len(vectors)), replace=False)]
    for _ in range(ROUNDS):
        nearest = (vectors @ found.T).argmax(1)
        sums = np.zeros_like(found)
        np.add.at(sums, nearest, vectors)
        lost = np.bincount(nearest, minlength=len(found)) == 0
        sums[lost] = vectors[rng.choice(len(vectors), int(lost.sum()))]
        found = unit_rows(sums)
    return found.astype(np.float32)
