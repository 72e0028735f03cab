"""Joins rankings that cannot be compared by score.

Reciprocal rank fusion: Cormack, Clarke, Büttcher, "Reciprocal rank fusion outperforms Condorcet
and individual rank learning methods", SIGIR 2009; 60 is the constant of the paper.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

Entry = TypeVar("Entry", int, str)

CONSTANT = 60
DEPTH = 1_000  # entries of each ranking that take part; a vector ranks no more than these


def fused(rankings: Iterable[Sequence[tuple[float, Entry]]]) -> dict[Entry, float]:
    """Return the fused score of everything in ``rankings``.

    Parameters
    ----------
    rankings
        Each ``(-score, entry)``, ascending. Equal scores share a rank: their order says nothing.
    """
    scores: dict[Entry, float] = {}
    for ranking in rankings:
        rank, before = 0, float("nan")
        for place, (negative, entry) in enumerate(ranking[:DEPTH], start=1):
            if negative != before:
                rank, before = place, negative
            scores[entry] = scores.get(entry, 0.0) + 1 / (CONSTANT + rank)
    return scores
