"""How captions are ordered: the weights that give the best captions on dev."""

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt

from captioner.vision.judgement import Ranking
from captioner.vision.prediction import Seen
from training.scores import cider_each

F64 = npt.NDArray[np.float64]

LABELS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
LIKENESS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def graded(seen: Sequence[Seen], captions: Sequence[Sequence[str]]) -> list[F64]:
    """Give the CIDEr, per cent, of every caption found of each photograph."""
    most = max((len(each.captions) for each in seen), default=0)
    columns = [cider_each([_text(each, place) for each in seen], captions) for place in range(most)]
    table = np.stack(columns, axis=1) if columns else np.zeros((len(seen), 0))
    return [row[: len(each.captions)] for row, each in zip(table, seen, strict=True)]


def choose(seen: Sequence[Seen], ciders: Sequence[F64]) -> Ranking:
    """Choose the weights whose best captions have the highest mean CIDEr; the least of equals."""
    tried = (Ranking(*weights) for weights in product(LABELS, LIKENESS))
    return max(tried, key=lambda ranking: round(_mean(ranking, seen, ciders), 3))


def _mean(ranking: Ranking, seen: Sequence[Seen], ciders: Sequence[F64]) -> float:
    best = [
        each_ciders[np.argmax([ranking.score(caption) for caption in each.captions])]
        for each, each_ciders in zip(seen, ciders, strict=True)
        if each.captions
    ]
    return float(np.sum(best)) / max(1, len(seen))


def _text(seen: Seen, place: int) -> str:
    return seen.captions[place].text if place < len(seen.captions) else ""
