"""How probable it is that a caption is right, and which are marked (docs/decisions/103)."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from captioner.vision.judgement import Confidence
from training.arrays import F64, Flags

RIGHT_FROM = 33.0
"""CIDEr, in per cent, from which a caption counts as right where nobody judged it.

Three in four of the captions that people wrote of dev's photographs score as much against
the four others of the same photograph.
"""

MARKED_WRONG, MARKED_RIGHT = 0.7, 0.15
"""Share of wrong captions that are to be marked, and of right ones that may be."""

WITHHELD_WRONG = 0.9
"""Share of wrong ones among the captions that are not shown."""

FOLDS = 10
DECAY = 1.0
STEPS = 25


@dataclass(frozen=True)
class Bin:
    """Captions of like probability: its mean, the share of right ones, both 0..1, the count."""

    predicted: float
    right: float
    count: int


def fit(evidence: F64, right: Flags) -> Confidence:
    """Fit the logistic regression, a little decayed, without thresholds (both 0).

    ``evidence`` is float64 (n, features), as `captioner.vision.judgement.evidence` gives it.
    """
    count, features = evidence.shape
    if not count:  # as probable as not
        return Confidence(np.zeros(features), np.ones(features), np.zeros(features), 0.0, 0.0, 0.0)
    mean, std = evidence.mean(0), np.maximum(evidence.std(0), 1e-6)
    inputs = np.column_stack([(evidence - mean) / std, np.ones(count)])
    decay = DECAY * np.eye(inputs.shape[1])
    decay[-1, -1] = 1e-3  # hardly any on the bias; enough where all are right
    weights = np.zeros(inputs.shape[1])
    for _ in range(STEPS):  # Newton's method
        found = 0.5 * (1 + np.tanh(0.5 * (inputs @ weights)))
        slope = inputs.T @ (right - found) - decay @ weights
        curve = (inputs * (found * (1 - found))[:, None]).T @ inputs + decay
        weights += np.linalg.solve(curve, slope)
    return Confidence(mean, std, weights[:-1], float(weights[-1]), 0.0, 0.0)


def calibrated(evidence: F64, right: Flags) -> tuple[Confidence, F64]:
    """Fit on everything; choose thresholds on, and give, what is said of rows not fitted on."""
    apart = np.empty(len(right))
    order = np.random.default_rng(1).permutation(len(right))
    for fold in np.array_split(order, min(FOLDS, max(2, len(right)))):
        rest = np.setdiff1d(order, fold)
        apart[fold] = fit(evidence[rest], right[rest]).probability(evidence[fold])
    review, withheld = thresholds(apart, right)
    whole = fit(evidence, right)
    return replace(whole, needs_review_below=review, withheld_below=withheld), apart


def thresholds(probabilities: F64, right: Flags) -> tuple[float, float]:
    """Choose below what captions are marked, and below what withheld.

    The least that marks `MARKED_WRONG` of the wrong ones where that marks no more of the right
    ones than `MARKED_RIGHT`, else the highest that marks no more. Withheld are as many of
    those as leave `WITHHELD_WRONG` of them wrong.
    """
    order = np.argsort(probabilities, kind="stable")
    steps = np.append(probabilities[order], 1.0)
    rights = np.concatenate([[0], np.cumsum(right[order])])
    wrongs = np.arange(len(steps)) - rights
    # Of equal probabilities none or all are below: only first ones are a step.
    first = np.append(True, np.diff(steps) > 0)
    spared = rights <= MARKED_RIGHT * rights[-1]
    caught = wrongs >= MARKED_WRONG * wrongs[-1]
    reached = np.flatnonzero(first & spared & caught)
    at = reached[0] if reached.size else np.flatnonzero(first & spared)[-1]
    mostly_wrong = first & (wrongs >= WITHHELD_WRONG * (rights + wrongs))
    hidden = np.flatnonzero(mostly_wrong[: at + 1])
    return _down(steps[at]), _down(steps[hidden[-1]])


def quality(probabilities: F64, right: Flags, confidence: Confidence) -> dict[str, Any]:
    """Figures of the probabilities, in per cent, None where there is nothing to count.

    ``right`` of all and ``right_unmarked``; ``marked_wrong`` and ``marked_right``, the shares
    marked of each; ``withheld`` of all, ``withheld_wrong`` of those; ``auc``, the chance that a
    right one is the more probable of two; ``calibration_error`` of `reliability`'s bins (Naeini
    2015).
    """
    marked = probabilities < confidence.needs_review_below
    withheld = probabilities < confidence.withheld_below
    bins = reliability(probabilities, right)
    apart = sum(each.count * abs(each.predicted - each.right) for each in bins)
    return {
        "right": _percent(right),
        "right_unmarked": _percent(right[~marked]),
        "marked_wrong": _percent(marked[~right]),
        "marked_right": _percent(marked[right]),
        "withheld": _percent(withheld),
        "withheld_wrong": _percent(~right[withheld]),
        "auc": _auc(probabilities, right),
        "calibration_error": round(100 * apart / max(1, len(right)), 1),
    }


def reliability(probabilities: F64, right: Flags, bins: int = 10) -> list[Bin]:
    """Sort captions into bins of as many each, the least probable first."""
    order = np.argsort(probabilities, kind="stable")
    return [
        Bin(float(probabilities[rows].mean()), float(right[rows].mean()), len(rows))
        for rows in np.array_split(order, bins)
        if len(rows)
    ]


def _auc(probabilities: F64, right: Flags) -> float | None:
    better = probabilities[right][:, None] - probabilities[~right]
    if not better.size:
        return None
    return round(100 * float((better > 0).mean() + 0.5 * (better == 0).mean()), 1)


def _percent(flags: Flags) -> float | None:
    return round(100 * float(flags.mean()), 1) if flags.size else None


def _down(threshold: float) -> float:
    # Rounded down, so that the first one above still is.
    return float(np.floor(threshold * 1e4) / 1e4)
