"""The weights of the parts, chosen on half of a split's photographs and told on the other half."""

from dataclasses import asdict, dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.retrieval.material import CAPTIONS, Asked, Material, told_by_people
from benchmarks.retrieval.values import Bools, Values, cosines, values_of
from captioner.vision.text import F32
from chalicelib.search.query import Weights
from chalicelib.search.tuned import WEIGHTS

# Meaning counts 1; words of a person's caption, words of a model's.
TOLD_BY_PERSON = (0.5, 0.6, 0.8, 1.0, 1.25, 1.5)
TOLD_BY_MODEL = (0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.8)
# Not nothing: nothing else finds the kin of a subject ("animal") by what a caption says.
ATTRIBUTES = (0.03, 0.05, 0.08, 0.1, 0.2)
ALONE = Weights(words=0, meaning=1, attributes=0, image=1, trust=1, labels=0)
CONSTANT = 60  # of reciprocal rank fusion, which is measured beside
CUTS = (1, 5, 10)

Ints = npt.NDArray[np.float64]


@dataclass(frozen=True)
class QuerySet:
    """Queries, their values on a collection, and which photograph each describes."""

    values: Values
    own: npt.NDArray[np.int64]

    def recall(self, scores: F32, chosen: Bools) -> dict[str, float]:
        """Return the recall of the chosen queries in per cent."""
        found = ranks(scores[chosen], self.own[chosen])
        recalls = {f"R@{k}": round(100 * float((found <= k).mean()), 2) for k in CUTS}
        return {**recalls, "median_rank": float(np.median(found))}

    def half(self, number: int) -> Bools:
        """Return the queries about every other photograph."""
        found: Bools = self.own // 2 % 2 == number
        return found


def ranks(scores: F32, own: npt.NDArray[np.int64]) -> Ints:
    """Return the rank of each query's own photograph, the mean one of equals."""
    theirs = scores[np.arange(len(scores)), own][:, None]
    better = (scores > theirs).sum(1)
    equal = (scores == theirs).sum(1) - 1
    found: Ints = 1 + better + equal / 2
    return found


def collection(material: Material, every: int | None) -> QuerySet:
    """Return a collection in which people described one photograph in ``every``, None for none.

    Each query is asked of an index that holds another caption of the same photograph.
    """
    asked = material.asked
    if every is None:
        return QuerySet(
            values_of(material.captioned, asked.texts, asked.vectors), np.array(asked.own)
        )
    parts: list[tuple[Asked, Values]] = []
    for skipped in range(CAPTIONS):
        some = asked.some(range(skipped, len(asked.texts), CAPTIONS))
        documents = told_by_people(material, skipped, 1, every)
        parts.append((some, values_of(documents, some.texts, some.vectors)))
    whole = Values(
        words=np.concatenate([values.words for _, values in parts]),
        attributes=np.concatenate([values.attributes for _, values in parts]),
        meaning=np.concatenate([values.meaning for _, values in parts]),
        human=parts[0][1].human,
    )
    return QuerySet(whole, np.concatenate([np.array(some.own) for some, _ in parts]))


def chosen(material: Material) -> tuple[Weights, dict[str, Any]]:
    """Return the weights that are best on half A, and what they give on both halves.

    Beside it, what the picture finds by itself: stored vectors hold what its captions say, too.
    """
    model, mixed = collection(material, None), collection(material, 2)
    weights = _best(model, mixed)
    picture = cosines(material.asked.vectors, material.pictures)
    return weights, {
        "weights": asdict(weights),
        "the picture alone": model.recall(picture, model.own >= 0),
        "captioned by the model": _table(model, weights),
        "every other one captioned by a person": _table(mixed, weights),
    }


def _best(model: QuerySet, mixed: QuerySet) -> Weights:
    """Return the weights with the best R@1 + R@5 + R@10 on half A of both collections together.

    First of all the product's own captions must help: R@10 is above that of meaning alone.
    """
    grid = [
        _weights(*values)
        for values in product(TOLD_BY_PERSON, TOLD_BY_MODEL, ATTRIBUTES)
        if values[1] <= values[0]
    ]
    least = _recalls(model, ALONE)[-1]
    by_model = {one: _recalls(model, one) for one in grid}
    grid = [one for one in grid if by_model[one][-1] > least] or grid
    return max(grid, key=lambda one: sum(by_model[one]) + sum(_recalls(mixed, one)))


def _recalls(of: QuerySet, weights: Weights) -> list[float]:
    half = of.half(0)
    places = ranks(_rows(of.values, half).scores(weights), of.own[half])
    return [float((places <= cut).mean()) for cut in CUTS]


def _weights(person: float, model: float, attributes: float) -> Weights:
    return Weights(person, 1.0, attributes, 1.0, round(model / person, 3), WEIGHTS.labels)


def _rows(values: Values, chosen: Bools) -> Values:
    return replace(
        values,
        words=values.words[chosen],
        attributes=values.attributes[chosen],
        meaning=values.meaning[chosen],
    )


def _table(of: QuerySet, weights: Weights) -> dict[str, Any]:
    values = of.values
    ways = {
        "words": values.scores(replace(weights, meaning=0.0, attributes=0.0)),
        "attributes": values.scores(replace(weights, meaning=0.0, words=0.0, attributes=1.0)),
        "meaning": values.meaning,
        "reciprocal ranks": _reciprocal(values),
        "fused, nothing trusted less": values.scores(replace(weights, trust=1.0)),
        "fused": values.scores(weights),
    }
    everything = of.own >= 0
    return {
        name: {
            "half A": of.recall(scores, of.half(0)),
            "half B": of.recall(scores, of.half(1)),
            "all": of.recall(scores, everything),
        }
        for name, scores in ways.items()
    }


def _reciprocal(values: Values) -> F32:
    found = np.zeros_like(values.meaning)
    for part in (values.words, values.attributes, values.meaning):
        order = -np.sort(-part, axis=1)
        places = np.stack(
            [np.searchsorted(-row, -own) for row, own in zip(order, part, strict=True)]
        )
        found += np.where(part != 0, 1 / (CONSTANT + 1 + places), 0).astype(np.float32)
    return found
