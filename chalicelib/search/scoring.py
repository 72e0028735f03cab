"""What the parts of a query are worth: idf of words, shares of terms, and where matches end.

A fused score is the weighted sum of the parts' scores: of meaning and image the cosine, of words,
labels and attributes what the share of the query's terms that a photograph has is worth (0 to 1).
It depends on the photograph and on the query alone, not on what else is found, so that pages
stand while photographs come and go; and it measured better than reciprocal ranks:
docs/decisions/405.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from chalicelib.search.conditions import AllOf
from chalicelib.search.plan import PartName, Plan, visible_to
from chalicelib.search.port import Retrieval, Retrieved, View
from chalicelib.search.query import AUTO, Weights
from chalicelib.search.tuned import CUTOFFS

Floats = npt.NDArray[np.float64]

IDF_STEPS = 16  # of one unit of idf: whole numbers are summed alike on every machine
# Powers of the share of the words: half of them are worth less than half of all, and of a model's
# caption next to nothing.
EMPHASIS, EMPHASIS_ON_A_MODEL = 1.5, 4.0


def idf(count: int, frequency: int) -> int:
    """Return BM25's inverse document frequency in steps of 1 / ``IDF_STEPS``, at least one.

    Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, kept above zero as
    Lucene keeps it.

    Parameters
    ----------
    count, frequency
        Photographs in the index, and those of them that have the term.
    """
    exact = math.log(1 + (count - frequency + 0.5) / (frequency + 0.5))
    return max(1, round(IDF_STEPS * exact))


def weighed(view: View, plan: Plan) -> tuple[tuple[int, ...], Mapping[PartName, Retrieved]]:
    """Return the idf of all that a plan weighs, and what its vectors find, in one request.

    The idf is that among the photographs that the owner may see: others' have no say, for how
    common a word is there would show through the scores.
    """
    if not plan.weighed:
        return (), {}
    visible = visible_to(plan.query.owner)
    conditions = (visible, *(AllOf((visible, one.condition)) for one in plan.weighed))
    counts = [Retrieval(condition) for condition in conditions]
    total, *found = view.retrieve([*counts, *map(plan.best, plan.vectors.values())])
    weights = tuple(idf(total.total, one.total) for one in found[: len(plan.weighed)])
    return weights, dict(zip(plan.vectors, found[len(plan.weighed) :], strict=True))


def part_scores(
    part: PartName, shares: Floats, human: npt.NDArray[np.bool_], weights: Weights
) -> Floats:
    """Return what shares of a part's terms, 0 to 1, are worth (docs/decisions/405).

    Parameters
    ----------
    shares
        Summed idf of the terms that each photograph has, of all terms' sum.
    human
        Whether a person wrote its caption: the words of a model's are trusted less, and where
        nearly all are there. An attribute counts only where all of it holds, whoever wrote it.
    """
    if part != "words":
        return shares
    by_model = weights.trust * shares**EMPHASIS_ON_A_MODEL
    found: Floats = np.where(human, shares**EMPHASIS, by_model)
    return found


def bound_of(plan: Plan, highest: Callable[[], float | None]) -> float | None:
    """Return the score below which a photograph is no match; None for no bound.

    ``auto`` asks of a match a share of the best score, and a least score besides, so that a
    query that nothing answers finds nothing: docs/decisions/405.

    Parameters
    ----------
    highest
        Returns the highest score there is, None where nothing matches.
    """
    asked, kind = plan.query.min_relevance, plan.cutoff
    if not asked or kind is None or (best := highest()) is None:
        return None
    if asked != AUTO:
        return best * float(asked)
    return max(best * CUTOFFS[kind].share, CUTOFFS[kind].floor)
