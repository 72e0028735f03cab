"""Which caption is best, and how probable it is that it is right (docs/decisions/103).

Weights and thresholds come with the bundle: ``ranking`` and ``confidence`` of ``bundle.json``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from captioner.vision.manifest import BundleError
from captioner.vision.prediction import Caption, Observation, Prediction

F64 = npt.NDArray[np.float64]

FEATURES = (
    "log_prob", "least_log_prob", "length", "likeness", "agreement", "entropy", "top_label",
    "familiarity",
)  # fmt: skip
"""What the probability is computed from, in the order of `evidence`."""


@dataclass(frozen=True)
class Ranking:
    """What agreement with the labels and likeness count beside the mean log-probability."""

    labels: float = 0.0
    likeness: float = 0.0

    def score(self, caption: Caption) -> float:
        """Give what captions are ordered by."""
        said = caption.log_prob + self.labels * caption.agreement
        return said + self.likeness * caption.likeness

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read ``ranking``; raises `BundleError` where it is not one."""
        try:
            return cls(float(document["labels"]), float(document["likeness"]))
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"bundle.json: ranking: {error!r}") from error


@dataclass(frozen=True)
class Confidence:
    """Logistic regression on `evidence`: float64 (features,) of ``mean``, ``std``, ``weights``.

    Captions less probable than ``needs_review_below`` want a person's eye; those less probable
    than ``withheld_below`` are not shown.
    """

    mean: F64
    std: F64
    weights: F64
    bias: float
    needs_review_below: float
    withheld_below: float

    def probability(self, evidence_: F64) -> F64:
        """Give the probability of being right of evidence (..., features)."""
        logits = ((evidence_ - self.mean) / self.std) @ self.weights + self.bias
        return np.asarray(0.5 * (1 + np.tanh(0.5 * logits)), np.float64)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """Read ``confidence``; raises `BundleError` where it is not one."""
        try:
            mean, std, weights = (
                np.array([float(document["features"][name][part]) for name in FEATURES])
                for part in ("mean", "std", "weight")
            )
            bias, review, withheld = (float(document[name]) for name in _NUMBERS)
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError(f"bundle.json: confidence: {error!r}") from error
        return cls(mean, std, weights, bias, review, withheld)

    def document(self) -> dict[str, Any]:
        """Give what `read` reads."""
        rows = zip(FEATURES, self.mean, self.std, self.weights, strict=True)
        return {
            "features": {
                name: {"mean": _short(mean), "std": _short(std), "weight": _short(weight)}
                for name, mean, std, weight in rows
            },
            "bias": _short(self.bias),
            "needs_review_below": self.needs_review_below,
            "withheld_below": self.withheld_below,
        }


_NUMBERS = ("bias", "needs_review_below", "withheld_below")


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def evidence(caption: Caption, seen: Observation) -> F64:
    """Give the `FEATURES` of a caption, float64 (features,)."""
    words = len(caption.text.split())
    own = (caption.log_prob, caption.least_log_prob, words, caption.likeness, caption.agreement)
    return np.array((*own, seen.entropy, seen.top, seen.familiarity), np.float64)


def judge(seen: Observation, ranking: Ranking, confidence: Confidence, most: int) -> Prediction:
    """Order a photograph's captions, keep ``most``, and say how probable the best is."""
    best_first = sorted(seen.captions, key=lambda caption: -ranking.score(caption))
    captions = tuple(best_first[:most])
    probability = float(confidence.probability(evidence(captions[0], seen))) if captions else 0.0
    return Prediction(
        captions,
        seen.labels,
        seen.visual,
        seen.semantic,
        probability,
        not captions or probability < confidence.needs_review_below,
        bool(captions) and probability < confidence.withheld_below,
    )
