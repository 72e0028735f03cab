"""What a bundle's ranking and confidence are fitted to: dev, and photographs judged by hand."""

from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from captioner.vision.judgement import Confidence, Ranking, evidence
from captioner.vision.labels import softmax
from captioner.vision.prediction import Observation
from training.arrays import F16, F32, F64, Arrays
from training.confidence import RIGHT_FROM, calibrated, quality
from training.dataset import lines_of
from training.evaluate import Looked
from training.logs import objects
from training.scores import cider_each

Judged: TypeAlias = dict[tuple[str, str], bool]
"""Whether a caption is right, by the photograph's file name and the caption."""


def read_judged(path: Path) -> Judged:
    """Read judgements, JSON lines of ``file``, ``caption``, ``right``; raises `DatasetError`."""
    fields: dict[str, type] = {"file": str, "caption": str, "right": bool}
    entries = objects(lines_of(path), path.name, **fields)
    return {(entry["file"], entry["caption"]): entry["right"] for entry in entries}


def calibrate(
    looked: Sequence[Looked], judged: Judged
) -> tuple[Ranking, Confidence, dict[str, Any]]:
    """Choose the ranking's weights, then fit the probability of the captions that win.

    ``judged`` counts instead of CIDEr where it names a caption, also one that did not win. Gives
    figures, too, of captions that were not fitted on, in per cent.
    """
    ciders = [graded(each.seen, each.split.captions) for each in looked]
    seen = [photograph for each in looked for photograph in each.seen]
    ranking = choose(seen, [row for each in ciders for row in each])
    rows = [
        row
        for each, graded_ in zip(looked, ciders, strict=True)
        for row in _rows(each, graded_, ranking, judged)
    ]
    evidences, *flags = zip(*rows, strict=True)
    right, by_hand = np.array(flags)
    confidence, apart = calibrated(np.stack(evidences), right)
    figures = quality(apart, right, confidence) | {
        "splits": ", ".join(each.split.name for each in looked),
        "captions": len(rows),
        "judged": int(by_hand.sum()),
    }
    if by_hand.any():
        figures["of_judged"] = quality(apart[by_hand], right[by_hand], confidence)
    return ranking, confidence, figures


def _rows(
    looked: Looked, ciders: Sequence[F64], ranking: Ranking, judged: Judged
) -> Iterator[tuple[F64, bool, bool]]:
    """Give evidence of captions, whether each is right, and whether a person said so."""
    for path, seen, graded_ in zip(looked.split.photographs, looked.seen, ciders, strict=True):
        best = max(seen.captions, key=ranking.score, default=None)
        for caption, cider in zip(seen.captions, graded_, strict=True):
            by_hand = judged.get((path.name, caption.text))
            if by_hand is not None:
                yield evidence(caption, seen), by_hand, True
            elif caption is best:
                yield evidence(caption, seen), bool(cider >= RIGHT_FROM), False


def usual(head: Arrays, maps: F16) -> F32:
    """Give the classes' mean probabilities (1000,) over maps (n, h, w, c)."""
    pooled = np.stack([map_.astype(np.float32).mean((0, 1)) for map_ in maps])
    logits = pooled @ head["labels/kernel"] + head["labels/bias"]
    return np.asarray(softmax(logits).mean(0), np.float32)


LABELS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
LIKENESS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def graded(seen: Sequence[Observation], captions: Sequence[Sequence[str]]) -> list[F64]:
    """Give the CIDEr, per cent, of every caption found of each photograph."""
    most = max((len(each.captions) for each in seen), default=0)
    columns = [cider_each([_text(each, place) for each in seen], captions) for place in range(most)]
    table = np.stack(columns, axis=1) if columns else np.zeros((len(seen), 0))
    return [row[: len(each.captions)] for row, each in zip(table, seen, strict=True)]


def choose(seen: Sequence[Observation], ciders: Sequence[F64]) -> Ranking:
    """Choose the weights whose best captions have the highest mean CIDEr; the least of equals."""
    tried = (Ranking(*weights) for weights in product(LABELS, LIKENESS))
    return max(tried, key=lambda ranking: round(_mean(ranking, seen, ciders), 3))


def _mean(ranking: Ranking, seen: Sequence[Observation], ciders: Sequence[F64]) -> float:
    best = [
        each_ciders[np.argmax([ranking.score(caption) for caption in each.captions])]
        for each, each_ciders in zip(seen, ciders, strict=True)
        if each.captions
    ]
    return float(np.sum(best)) / max(1, len(seen))


def _text(seen: Observation, place: int) -> str:
    return seen.captions[place].text if place < len(seen.captions) else ""
