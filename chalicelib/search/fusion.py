"""Joins rankings that cannot be compared by score.

Reciprocal rank fusion: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet
and individual rank learning methods", SIGIR 2009; 60 is the constant of the paper.
"""

from collections.abc import Mapping, Sequence

CONSTANT = 60
DEPTH = 1_000  # entries of each ranking that take part; a vector ranks no more than these


def fused(rankings: Mapping[str, Sequence[int]]) -> dict[int, float]:
    """Return the fused score of everything in ``rankings``, each best first."""
    scores: dict[int, float] = {}
    for ranking in rankings.values():
        for place, entry in enumerate(ranking[:DEPTH], start=1):
            scores[entry] = scores.get(entry, 0.0) + 1 / (CONSTANT + place)
    return scores
