"""Scoring a bundle, as it ships, on photographs it was not trained on."""

import multiprocessing
from collections.abc import Callable, Iterable, Sequence
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

Look: TypeAlias = Callable[[U8], F32]
_One: TypeAlias = tuple[Observation, F32]


@dataclass(frozen=True)
class Described:
    """A split's predictions; ``pooled`` float32 (n, c) is each map's mean over its cells."""

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
    """What was seen in a split's photographs, before captions are ordered and judged."""

    split: Split
    seen: tuple[Observation, ...]
    pooled: F32

    def judged(self, ranking: Ranking, confidence: Confidence, most: int) -> Described:
        """Order the captions and judge them."""
        judged = (judge(each, ranking, confidence, most) for each in self.seen)
        return Described(self.split, tuple(judged), self.pooled)


def look_at(model: Model, split: Split, beam: int) -> Looked:
    """Look at every photograph, from its file, one after the other."""
    return _gathered(split, (_seen(model, model.map, beam, path) for path in split.photographs))


def describe(
    bundle: Path,
    split: Split,
    beam: int,
    workers: int,
    progress: Callable[[int], object] = lambda _: None,
    *,
    encoder_file: Path | None = None,
) -> Described:
    """Run every photograph through a bundle, by processes with a model of their own each.

    Each photograph is on its own, so the result does not depend on ``workers``. ``progress`` is
    told how many are done anew; ``encoder_file`` is an ONNX file to see with instead of the
    bundle's own. Raises `DatasetError` for a photograph that does not decode.
    """
    paths, found = split.photographs, list[_One]()
    chunks = [paths[at : at + CHUNK] for at in range(0, len(paths), CHUNK)]
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(workers, len(chunks)), mp_context=spawn) as pool:
        for done in pool.map(partial(_chunk_seen, bundle, encoder_file, beam), chunks):
            found += done
            progress(len(done))
    told = manifest.read(bundle, ())
    by = Ranking.read(told.ranking), Confidence.read(told.confidence)
    return _gathered(split, found).judged(*by, beam)


def _chunk_seen(
    bundle: Path, encoder_file: Path | None, beam: int, paths: Sequence[Path]
) -> list[_One]:
    model, look = _loaded(bundle, encoder_file)
    return [_seen(model, look, beam, path) for path in paths]


@cache
def _loaded(bundle: Path, encoder_file: Path | None) -> tuple[Model, Look]:
    model = load(bundle, threads=1)
    if encoder_file is None:
        return model, model.map
    return model, encoder.load(encoder_file, manifest.read(bundle, ()).side, threads=1).map


def _seen(model: Model, look: Look, beam: int, path: Path) -> _One:
    pixels = _decoded(path)
    map_ = look(pixels)
    return model.look(map_, beam=beam, blank=is_blank(pixels)), map_.mean((0, 1))


def _decoded(path: Path) -> U8:
    try:
        with Image.open(path) as photograph:
            return np.asarray(ImageOps.exif_transpose(photograph).convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as damage:
        raise DatasetError(f"damaged photograph {path.name}: {damage}") from damage


def _gathered(split: Split, each: Iterable[_One]) -> Looked:
    seen, pooled = zip(*each, strict=True)
    return Looked(split, seen, np.stack(pooled))


def figures(
    model: Model, described: Described, beam: int, confidence: Confidence
) -> dict[str, Any]:
    """Every figure that predictions give; ``confidence`` is what they were judged by."""
    split = described.split
    probabilities, right = described.probabilities, described.right
    scores: dict[str, Any] = {"split": split.name, "photographs": len(split.photographs)}
    scores |= {"beam": beam} | caption_scores(described.texts, split.captions, meteor=True)
    if "meteor" not in scores:
        scores |= {"meteor": None, "meteor_note": "not scored: no java on this machine"}
    scores |= _both_ways(model, described) | _alike(described) | _first_noun(described)
    marked = [prediction.needs_review for prediction in described.predictions]
    scores["needs_review"] = round(float(np.mean(marked)), 3)
    scores |= quality(probabilities, right, confidence)
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
