"""What captions of a photograph would hold, by its picture: the words of a text, each by itself.

Computed at the search, for the best candidates of the other parts, from the visual vectors that
engines hold anyway: docs/decisions/412.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chalicelib.search.port import SEARCHED_FROM, Keys, View
from chalicelib.search.query import Floats, LikelyWords, Query
from chalicelib.search.text import SCALE

LOOKED_AT = 200  # of the candidates, those that are best by the other parts


@dataclass(frozen=True, slots=True)
class Likely:
    """Words and photographs.

    Attributes
    ----------
    words
        Of the text.
    shares
        What each adds to a photograph's score, (photographs, words); NaN where there is no vector
        to tell by.
    probabilities
        That captions hold them, likewise.
    """

    words: tuple[str, ...]
    shares: Floats
    probabilities: Floats

    @property
    def scores(self) -> npt.NDArray[np.float64]:
        """Of each photograph, from 0 to 1; NaN where nothing can be told."""
        summed: npt.NDArray[np.float64] = self.shares.sum(axis=1, dtype=np.float64)
        return summed

    def terms(self, at: int) -> Mapping[str, float]:
        """Return the words that a photograph probably shows, and what each adds."""
        told = zip(self.words, self.shares[at].tolist(), self.probabilities[at], strict=True)
        return {word: share for word, share, sure in told if sure >= SEARCHED_FROM}


def likely_of(
    view: View, query: Query, words: LikelyWords, keys: Keys, places: npt.NDArray[np.intp]
) -> Likely:
    """Return what the words of a query say of photographs, by their keys in order.

    Parameters
    ----------
    places
        Of the keys of those that are looked at, ascending.
    """
    looks = view.looks(keys[places], query.space)
    known = places[looks.known]
    shares, sure = (np.full((len(keys), len(words.words)), np.nan, np.float32) for _ in range(2))
    told = words.probabilities(looks.vectors.astype(np.float32) / np.float32(SCALE))
    sure[known], shares[known] = told, words.shares(told)
    return Likely(words.words, shares, sure)
