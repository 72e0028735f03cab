"""Which captions want a person's eye: precision against coverage (docs/decisions/110)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["RIGHT_FROM", "WANTED", "Curve", "precision_curve", "review_threshold", "summary"]

F64 = npt.NDArray[np.float64]

RIGHT_FROM = 33.0
"""CIDEr, in per cent, from which a caption counts as right.

Three in four of the captions that people wrote of dev's photographs score as much against
the four others of the same photograph.
"""

WANTED = 0.5
"""Share of right captions among those that go out without a person's eye."""


@dataclass(frozen=True)
class Curve:
    """What is left where only the surest captions go out, float64 (n,) each.

    The surest first: ``confidence`` of the last that goes out, ``coverage`` the share that
    does, ``precision`` the share of right ones among them, ``cider`` their mean.
    """

    confidence: F64
    coverage: F64
    precision: F64
    cider: F64


def precision_curve(confidences: F64, ciders: F64) -> Curve:
    """Give the curve of captions with their confidences and CIDErs (per cent)."""
    order = np.argsort(-confidences, kind="stable")
    counts = np.arange(1, len(order) + 1)
    right = ciders[order] >= RIGHT_FROM
    return Curve(
        confidences[order],
        counts / len(order),
        np.cumsum(right) / counts,
        np.cumsum(ciders[order]) / counts,
    )


def review_threshold(confidences: F64, ciders: F64) -> float:
    """Choose the least confidence that goes out without a person's eye.

    The most captions go out of whose whole the share `WANTED` is right; none (1.0) where
    no choice reaches that.
    """
    curve = precision_curve(confidences, ciders)
    enough = np.flatnonzero(curve.precision >= WANTED)
    if not enough.size:
        return 1.0
    # Rounded down, so that the last one still goes out.
    return float(np.floor(curve.confidence[enough[-1]] * 1e4) / 1e4)


def summary(confidences: F64, ciders: F64, threshold: float) -> dict[str, Any]:
    """Figures in per cent, and the curve at each tenth of the captions.

    Returns
    -------
    dict
        ``precision`` of all, ``precision_unreviewed`` of those from the threshold up
        (None where there is none), ``precision_curve``: coverage, precision, confidence.
    """
    curve = precision_curve(confidences, ciders)
    unreviewed = ciders[confidences >= threshold] >= RIGHT_FROM
    tenths = [int(np.ceil(len(confidences) * tenth / 10)) - 1 for tenth in range(1, 11)]
    return {
        "precision": _percent(curve.precision[-1]),
        "precision_unreviewed": _percent(unreviewed.mean()) if unreviewed.size else None,
        "precision_curve": [
            [_percent(curve.coverage[at]), _percent(curve.precision[at]), round(c, 4)]
            for at, c in zip(tenths, curve.confidence[tenths].tolist(), strict=True)
        ],
    }


def _percent(share: float) -> float:
    return round(100 * float(share), 1)
