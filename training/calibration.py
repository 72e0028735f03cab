"""What a bundle's ranking and confidence are fitted to: dev, and photographs judged by hand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from captioner.vision.judgement import Confidence, Ranking, evidence
from captioner.vision.labels import softmax
from training.arrays import F16, F32, Arrays
from training.confidence import RIGHT_FROM, calibrated, quality
from training.evaluation import Looked
from training.judged import Judged
from training.ranking import choose, graded

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """What was chosen, and figures of captions that were not fitted on, in per cent."""

    ranking: Ranking
    confidence: Confidence
    figures: dict[str, Any]


@dataclass(frozen=True)
class _Row:
    evidence: F64
    right: bool
    by_hand: bool


def calibrate(looked: Sequence[Looked], judged: Judged) -> Calibration:
    """Choose the ranking's weights, then fit the probability of the captions that win.

    Parameters
    ----------
    looked
        The splits.
    judged
        Counts instead of CIDEr where it names a caption, also one that did not win.
    """
    ciders = [graded(each.seen, each.split.captions) for each in looked]
    seen = [photograph for each in looked for photograph in each.seen]
    ranking = choose(seen, [row for each in ciders for row in each])
    rows = [
        row
        for each, graded_ in zip(looked, ciders, strict=True)
        for row in _rows(each, graded_, ranking, judged)
    ]
    right = np.array([row.right for row in rows])
    confidence, apart = calibrated(np.stack([row.evidence for row in rows]), right)
    by_hand = np.array([row.by_hand for row in rows])
    figures = quality(apart, right, confidence) | {
        "splits": ", ".join(each.split.name for each in looked),
        "captions": len(rows),
        "judged": int(by_hand.sum()),
    }
    if by_hand.any():
        figures["of_judged"] = quality(apart[by_hand], right[by_hand], confidence)
    return Calibration(ranking, confidence, figures)


def _rows(
    looked: Looked, ciders: Sequence[F64], ranking: Ranking, judged: Judged
) -> Iterator[_Row]:
    for path, seen, graded_ in zip(looked.split.photographs, looked.seen, ciders, strict=True):
        best = max(seen.captions, key=ranking.score, default=None)
        for caption, cider in zip(seen.captions, graded_, strict=True):
            by_hand = judged.get((path.name, caption.text))
            if by_hand is not None:
                yield _Row(evidence(caption, seen), by_hand, True)
            elif caption is best:
                yield _Row(evidence(caption, seen), bool(cider >= RIGHT_FROM), False)


def usual(head: Arrays, maps: F16) -> F32:
    """Give the classes' mean probabilities (1000,) over maps (n, h, w, c)."""
    pooled = np.stack([map_.astype(np.float32).mean((0, 1)) for map_ in maps])
    logits = pooled @ head["labels/kernel"] + head["labels/bias"]
    return np.asarray(softmax(logits).mean(0), np.float32)
