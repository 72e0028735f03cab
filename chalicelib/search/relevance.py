"""Where the matches of a query end."""

from chalicelib.search.asking import Asked
from chalicelib.search.chosen import CUTOFFS
from chalicelib.search.query import AUTO, Query


def bound_of(query: Query, parts: Asked, best: float | None) -> float | None:
    """Return the score below which a photograph is no match; None for no bound.

    ``auto`` asks of a match a share of the best score, and a least score besides, so that a
    query that nothing answers finds nothing: docs/decisions/406.

    Parameters
    ----------
    best
        The highest score there is, None where nothing matches.
    """
    if query.min_relevance is None or best is None or not parts.parts:
        return None
    if query.min_relevance != AUTO:
        return best * float(query.min_relevance)
    cutoff = CUTOFFS[parts.kind]
    return max(best * cutoff.share, cutoff.floor)
