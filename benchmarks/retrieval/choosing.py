"""The weights of the parts, chosen on half of a split's photographs and told on the other half."""

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.retrieval.material import CAPTIONS, Material, told_by_people
from benchmarks.retrieval.recall import told
from benchmarks.retrieval.values import Values, cosines, values_of
from captioner.vision.text import F32
from chalicelib.search.query import Weights
from chalicelib.search.tuned import WEIGHTS

# Meaning counts 1; words of a person's caption, words of a model's.
TOLD_BY_PERSON = (0.5, 0.6, 0.8, 1.0, 1.25, 1.5)
TOLD_BY_MODEL = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.8)
# Not nothing: nothing else finds the kin of a subject ("animal") by what a caption says.
ATTRIBUTES = (0.03, 0.05, 0.08, 0.1, 0.2)
LIKELY = (0.3, 0.5, 0.8)
ALONE = Weights(words=0, meaning=1, attributes=0, image=1, trust=1, labels=0, name=0, likely=0)

Ints = npt.NDArray[np.int64]
Places = npt.NDArray[np.float64]


@dataclass(frozen=True)
class QuerySet:
    """Queries, their values on a collection, and which photograph each describes."""

    values: Values
    own: Ints

    def half(self, number: int) -> "QuerySet":
        """Return the queries about every other photograph."""
        chosen = self.own // 2 % 2 == number
        return QuerySet(replace(self.values, parts=self.values.parts[:, chosen]), self.own[chosen])

    def ranks(self, weights: Weights) -> Places:
        """Return the rank of each query's own photograph."""
        return ranks(self.values.scores(weights), self.own)


def ranks(scores: F32, own: Ints) -> Places:
    """Return the rank of each query's own photograph, the mean one of equals."""
    theirs = scores[np.arange(len(scores)), own][:, None]
    better = (scores > theirs).sum(1)
    equal = (scores == theirs).sum(1) - 1
    found: Places = 1 + better + equal / 2
    return found


def chosen(material: Material) -> tuple[Weights, dict[str, Any]]:
    """Return the weights that are best on half A, and what they give on half B and on both.

    Beside it, what the picture finds by itself: stored vectors hold what its captions say, too.
    """
    asked = material.asked
    captioned = values_of(material.captioned, asked.texts, asked.vectors)
    model, mixed = QuerySet(captioned, np.array(asked.own)), _mixed(material)
    weights = _best(model.half(0), mixed.half(0))
    picture = ranks(cosines(asked.vectors, material.pictures), model.own)
    return weights, {
        "weights": asdict(weights),
        "the picture alone": told(picture.tolist()),
        "captioned by the model": _table(model, weights),
        "every other one captioned by a person": _table(mixed, weights),
    }


def _mixed(material: Material) -> QuerySet:
    """Return every query, asked of an index where people described every other photograph.

    It holds another caption of the photograph than the one that is asked.
    """
    asked = [material.asked.caption(number) for number in range(CAPTIONS)]
    values = [
        values_of(told_by_people(material, number, 1, every=2), some.texts, some.vectors)
        for number, some in enumerate(asked)
    ]
    parts = np.concatenate([one.parts for one in values], axis=1)
    return QuerySet(Values(parts, values[0].human), np.concatenate([some.own for some in asked]))


def _best(model: QuerySet, mixed: QuerySet) -> Weights:
    """Return the weights with the best recall on both collections together.

    First of all the product's own captions must help: R@10 is above that of meaning alone.
    """
    grid = [
        replace(
            WEIGHTS,
            words=person,
            attributes=attributes,
            likely=likely,
            trust=round(by_model / person, 3),
        )
        for person, by_model, attributes, likely in product(
            TOLD_BY_PERSON, TOLD_BY_MODEL, ATTRIBUTES, LIKELY
        )
        if by_model <= person
    ]
    recalls = {one: _recalls(model.ranks(one)) for one in grid}
    least = _recalls(model.ranks(ALONE))[-1]
    helping = [one for one in grid if recalls[one][-1] > least] or grid
    return max(helping, key=lambda one: sum(recalls[one]) + sum(_recalls(mixed.ranks(one))))


def _recalls(places: Places) -> list[float]:
    return [float((places <= cut).mean()) for cut in (1, 5, 10)]


def _table(of: QuerySet, weights: Weights) -> dict[str, Any]:
    ways = {
        "words": replace(weights, meaning=0.0, attributes=0.0, likely=0.0),
        "attributes": replace(weights, meaning=0.0, words=0.0, attributes=1.0, likely=0.0),
        "likely": replace(ALONE, meaning=0.0, likely=1.0),
        "meaning": ALONE,
        "fused": weights,
    }
    return {
        name: {way: told(some.ranks(one).tolist()) for way, one in ways.items()}
        for name, some in {"half B": of.half(1), "all": of}.items()
    }
