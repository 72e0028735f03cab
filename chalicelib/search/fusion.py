"""Joins what the parts of a query say of a photograph into one score.

The score is the weighted sum of the parts' values: of words and attributes the share of the
query's weight that a photograph has (0 to 1), of meaning and image the cosine. It depends on the
photograph and on the query alone, not on what else is found, so that pages stand while photographs
come and go; and it measured better than reciprocal ranks: docs/decisions/405.
"""

import math
from collections.abc import Mapping
from typing import TypeVar

from chalicelib.search.query import Weights

Entry = TypeVar("Entry", int, str)

DEPTH = 1_000  # entries of each ranking that take part; a vector ranks no more than these
PRECISION = 16  # steps of one unit of inverse frequency


def rarity(count: int, frequency: int) -> int:
    """Return BM25's inverse document frequency, in steps of 1 / ``PRECISION``, at least one.

    Parameters
    ----------
    count, frequency
        Photographs in the index, and those of them that have the term.
    """
    exact = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
    return max(1, round(PRECISION * exact))


def weighed(values: Mapping[str, Mapping[Entry, float]], weights: Weights) -> dict[Entry, float]:
    """Return the fused score of everything in ``values``.

    Parameters
    ----------
    values
        By part, in the same order whenever a query is asked; what a part says nothing of counts
        nothing in it. Those of words and attributes are `trusted` already.
    """
    scores: dict[Entry, float] = {}
    for part, found in values.items():
        weight = getattr(weights, part)
        for entry, value in found.items():
            scores[entry] = scores.get(entry, 0.0) + weight * value
    return scores
