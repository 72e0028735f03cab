"""Joins what the parts of a query say of a photograph into one score.

The score is the weighted sum of the parts' values: of meaning and image the cosine, of words,
labels and attributes what the share of the query's terms that a photograph has is worth (0 to 1).
It depends on the photograph and on the query alone, not on what else is found, so that pages
stand while photographs come and go; and it measured better than reciprocal ranks:
docs/decisions/405.
"""

import math
from collections.abc import Mapping
from typing import TypeVar

from chalicelib.search.query import Contribution, Weights

Entry = TypeVar("Entry", int, str)

DEPTH = 500  # entries of each ranking that take part; a vector ranks no more than these
PRECISION = 16  # steps of one unit of inverse frequency
BREVITY = 16  # steps of length, which decide between captions with equal words
BREVITY_STEP = 3  # words of a caption to a step of length
# Powers of the share of the words: half of them are worth less than half of all, and of a model's
# caption next to nothing.
EMPHASIS, EMPHASIS_ON_A_MODEL = 1.5, 4.0
LABEL_STEPS = BREVITY // 2  # where words alone rank: a label is worth half of a caption's word
_STEPS = PRECISION * BREVITY  # of a sum of words, to one unit of inverse frequency


def rarity(count: int, frequency: int) -> int:
    """Return BM25's inverse document frequency, in steps of 1 / ``PRECISION``, at least one.

    Parameters
    ----------
    count, frequency
        Photographs in the index, and those of them that have the term.
    """
    exact = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
    return max(1, round(PRECISION * exact))


def shown(steps: float) -> float:
    """Return the score a person sees of a sum of words in steps of words and length."""
    return steps / _STEPS


def least(bound: float) -> int:
    """Return the fewest steps of which a person sees ``bound`` at least."""
    return math.ceil(bound * _STEPS - 1e-6)


def worth(part: str, share: float, *, is_human: bool, weights: Weights) -> float:
    """Return the value of a share of a part's terms, 0 to 1 (docs/decisions/405).

    Parameters
    ----------
    part
        "words", "labels" or "attributes".
    share
        Summed inverse frequency of the terms that a photograph has, of all terms' sum.
    is_human
        Whether a person wrote its caption: the words of a model's are trusted less, and where
        nearly all are there. An attribute speaks only where all of it holds, whoever wrote it.
    """
    if part != "words":
        return share
    trust, power = (1.0, EMPHASIS) if is_human else (weights.trust, EMPHASIS_ON_A_MODEL)
    value: float = trust * share**power
    return value


def contribution(
    part: str,
    entry: Entry,
    values: Mapping[Entry, float],
    weight: float,
    terms: Mapping[str, float] | None,
) -> Contribution:
    """Return what a part gave an entry.

    Parameters
    ----------
    values
        The part's, of every entry that it says something of.
    weight
        What one of the values adds to a score.
    terms
        Behind the value, each with its inverse frequency; None where it is a cosine.
    """
    value = values[entry]
    return Contribution(
        part=part,
        score=value if terms is None else sum(terms.values()),
        rank=1 + sum(other > value for other in values.values()),
        share=weight * value,
        terms={} if terms is None else terms,
    )


def by_words(
    score: float, rank: int, words: Mapping[str, float], labels: Mapping[str, float]
) -> tuple[Contribution, ...]:
    """Return what a caption and labels gave a match where words alone rank.

    Parameters
    ----------
    score
        The match's; what the labels leave of it, brevity too, is the caption's.
    words, labels
        The terms that each holds, with their inverse frequencies.
    """
    seen = sum(labels.values()) * LABEL_STEPS / BREVITY
    given = (Contribution("words", score - seen, rank, score - seen, words),)
    return given + ((Contribution("labels", seen, rank, seen, labels),) if labels else ())


def weighed(values: Mapping[str, Mapping[Entry, float]], weights: Weights) -> dict[Entry, float]:
    """Return the fused score of everything in ``values``.

    Parameters
    ----------
    values
        By part, in the same order whenever a query is asked; what a part says nothing of counts
        nothing in it.
    """
    scores: dict[Entry, float] = {}
    for part, found in values.items():
        weight = getattr(weights, part)
        for entry, value in found.items():
            scores[entry] = scores.get(entry, 0.0) + weight * value
    return scores
