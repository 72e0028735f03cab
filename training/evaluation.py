"""Scoring a bundle, as it ships, on photographs it was not trained on."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from captioner.vision import encoder, manifest
from captioner.vision.bundle import load
from captioner.vision.frame import is_blank
from captioner.vision.judgement import Confidence, Ranking, judge
from captioner.vision.model import Model
from captioner.vision.prediction import Observation, Prediction
from training.arrays import F32, F64, U8, Flags
from training.confidence import RIGHT_FROM, quality, reliability
from training.dataset import Split
from training.errors import DatasetError
from training.first_nouns import first_noun_right, read_labels
from training.scores import caption_scores, cider_each, likeness, neighbour_figures, retrieval

CHUNK = 10
"""Photographs that a process takes at a time."""

Progress: TypeAlias = Callable[[int], object]
Look: TypeAlias = Callable[[U8], F32]
_One: TypeAlias = tuple[Prediction, F32]


@dataclass(frozen=True)
class SeenBy:
    """A bundle, and an encoder's ONNX file to see with instead of the bundle's own."""

    bundle: Path
    encoder: Path | None = None


@dataclass(frozen=True)
class Described:
    """A split's predictions, and what else was seen on the way.

    ``pooled`` float32 (n, c) is the plain mean of each map over its cells.
    """

    split: Split
    predictions: tuple[Prediction, ...]
    pooled: F32

    @property
    def texts(self) -> list[str]:
        """The best caption of each photograph, empty where there is none."""
        return [p.captions[0].text if p.captions else "" for p in self.predictions]

    @property
    def probabilities(self) -> F64:
        """Of the best captions being right; 0 where there is none."""
        return np.array([prediction.probability for prediction in self.predictions])

    @property
    def right(self) -> Flags:
        """Whether each best caption counts as right, by CIDEr."""
        return self.ciders >= RIGHT_FROM

    @cached_property
    def ciders(self) -> F64:
        """CIDEr of each best caption, in per cent."""
        return cider_each(self.texts, self.split.captions)


@dataclass(frozen=True)
class Looked:
    """What was seen in a split's photographs, before captions are ordered and judged.

    ``pooled`` as in `Described`.
    """

    split: Split
    seen: tuple[Observation, ...]
    pooled: F32

    def judged(self, ranking: Ranking, confidence: Confidence, most: int) -> Described:
        """Order the captions and judge them."""
        judged = (judge(each, ranking, confidence, most) for each in self.seen)
        return Described(self.split, tuple(judged), self.pooled)


def look_at(model: Model, split: Split, beam: int) -> Looked:
    """Look at every photograph, from its file, one after the other."""
    seen = [_seen(model, beam, path) for path in split.photographs]
    return Looked(split, tuple(each for each, _ in seen), np.stack([mean for _, mean in seen]))


def _seen(model: Model, beam: int, path: Path) -> tuple[Observation, F32]:
    pixels = _decoded(path)
    map_ = model.map(pixels)
    return model.look(map_, beam=beam, blank=is_blank(pixels)), map_.mean((0, 1))


def describe_in_parallel(
    seen_by: SeenBy, split: Split, beam: int, workers: int, progress: Progress
) -> Described:
    """Run every photograph through the model, by processes with a model of their own each.

    Each photograph is on its own, so the result does not depend on ``workers``.

    Parameters
    ----------
    progress : callable
        Told how many photographs are done anew.

    Raises
    ------
    DatasetError
        For a photograph that does not decode.
    """
    paths = split.photographs
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    found: list[_One] = []
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=spawn) as pool:
        for done in pool.map(partial(_describe_chunk, seen_by, beam), chunks):
            found += done
            progress(len(done))
    return _gathered(split, iter(found))


def _describe_chunk(seen_by: SeenBy, beam: int, paths: Sequence[Path]) -> list[_One]:
    model, look = _loaded(seen_by)
    return [_described(model, look, beam, path) for path in paths]


@cache
def _loaded(seen_by: SeenBy) -> tuple[Model, Look]:
    model = load(seen_by.bundle, threads=1)
    if seen_by.encoder is None:
        return model, model.map
    side = manifest.read(seen_by.bundle, ()).side
    return model, encoder.load(seen_by.encoder, side, threads=1).map


def _described(model: Model, look: Look, beam: int, path: Path) -> _One:
    pixels = _decoded(path)
    map_ = look(pixels)
    prediction = model.describe_map(map_, beam=beam, blank=is_blank(pixels))
    return prediction, map_.mean((0, 1))


def _decoded(path: Path) -> U8:
    try:
        with Image.open(path) as photograph:
            return np.asarray(ImageOps.exif_transpose(photograph).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as damage:
        raise DatasetError(f"damaged photograph {path.name}: {damage}") from damage


def _gathered(split: Split, each: Iterator[_One]) -> Described:
    predictions, pooled = zip(*each, strict=True)
    return Described(split, predictions, np.stack(pooled))


def figures(
    model: Model, described: Described, beam: int, confidence: Confidence | None = None
) -> dict[str, Any]:
    """Every figure of the protocol that predictions give, as one document.

    Parameters
    ----------
    confidence : Confidence, optional
        That the predictions were judged by; the model's own when not given.
    """
    split, judged_by = described.split, confidence or model.confidence
    probabilities, right = described.probabilities, described.right
    scores: dict[str, Any] = {"split": split.name, "photographs": len(split.photographs)}
    scores |= {"beam": beam} | caption_scores(described.texts, split.captions, meteor=True)
    if "meteor" not in scores:
        scores |= {"meteor": None, "meteor_note": "not scored: no java on this machine"}
    scores |= _both_ways(model, described) | _alike(described) | _first_noun(described)
    scores["needs_review"] = round(
        float(np.mean([p.needs_review for p in described.predictions])), 3
    )
    scores |= quality(probabilities, right, judged_by)
    scores["reliability"] = [
        [round(100 * each.predicted, 1), round(100 * each.right, 1), each.count]
        for each in reliability(probabilities, right)
    ]
    return scores


def _both_ways(model: Model, described: Described) -> dict[str, float]:
    captions = described.split.captions
    owners = [i for i, group in enumerate(captions) for _ in group]
    texts = np.stack([model.encode_text(text) for group in captions for text in group])
    images = np.stack([p.semantic for p in described.predictions])
    rows: list[list[int]] = [[] for _ in captions]
    for row, owner in enumerate(owners):
        rows[owner].append(row)
    ways = {
        "text_to_image": retrieval(texts, images, [[owner] for owner in owners]),
        "image_to_text": retrieval(images, texts, rows),
    }
    return {f"{way}_{name}": value for way, found in ways.items() for name, value in found.items()}


def _first_noun(described: Described) -> dict[str, float]:
    names = [path.name for path in described.split.photographs]
    labels = read_labels()
    if any(name not in labels for name in names):
        return {}
    captions = dict(zip(names, described.texts, strict=True))
    share = first_noun_right(captions, {name: labels[name] for name in names})
    return {"first_noun": round(100 * share, 1)}


def _alike(described: Described) -> dict[str, float]:
    visual = np.stack([p.visual for p in described.predictions])
    return neighbour_figures(likeness(described.split.captions), visual, described.pooled)
