"""``evaluate``: a bundle, as it ships, on photographs it was not trained on; no TensorFlow."""

import json
import multiprocessing
from argparse import Namespace
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from captioner.vision import encoder, manifest
from captioner.vision.bundle import DEFAULT_BUNDLE, load
from captioner.vision.frame import is_blank
from captioner.vision.judgement import Confidence, Ranking, judge
from captioner.vision.manifest import FILE, BundleError
from captioner.vision.model import Model
from captioner.vision.prediction import Observation, Prediction
from training.arrays import F32, F64, U8, Flags
from training.confidence import RIGHT_FROM, quality, reliability
from training.dataset import Split, read_everyday, read_split
from training.errors import DatasetError, TrainingError
from training.first_nouns import first_noun_right, read_labels
from training.logs import bar
from training.photographs import DAMAGE, read
from training.scores import (
    caption_scores,
    cider,
    cider_each,
    likeness,
    neighbour_figures,
    retrieval,
)
from training.serving import serving_cost

CHUNK = 10
"""Photographs that a process takes at a time."""

FLOAT_ENCODER = "encoder-float.onnx"
"""What ``train`` leaves beside the quantised encoder."""

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

    ``progress`` is told how many are done anew; ``encoder_file`` is an ONNX file to see with
    instead of the bundle's own. Raises `DatasetError` for a photograph that does not decode.
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
        return np.asarray(read(path))
    except DAMAGE as damage:
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


@dataclass(frozen=True)
class Evaluated:
    """A bundle's own ``bundle.json``, its predictions, and every figure by name."""

    document: dict[str, Any]
    described: Described
    figures: dict[str, Any]


def run(options: Namespace) -> None:
    """Print the figures, as a table or as one line of JSON."""
    found = evaluate(options).figures
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:28} {_readable(value)}")


def _readable(value: Any) -> str:
    if isinstance(value, list):
        return "predicted%: right% (captions)  " + "  ".join(
            f"{predicted:g}: {right:g} ({count})" for predicted, right, count in value
        )
    return "-" if value is None else str(value)


def evaluate(options: Namespace) -> Evaluated:
    """Score a bundle, showing progress; raises `TrainingError` where bundle or split is amiss."""
    if options.captioned:
        split = read_everyday(options.captioned, "dev")
    else:
        split = read_split(options.data, options.split)
    folder: Path = options.bundle or DEFAULT_BUNDLE
    try:
        model = load(folder)
    except BundleError as error:
        raise TrainingError(str(error)) from error
    document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    described = _described(options, folder, split, "captioning")
    found: dict[str, Any] = {"bundle": f"{model.name} {model.version}"}
    found |= figures(model, described, options.beam, model.confidence)
    # Once the photographs are known to decode, and the captioning processes are gone.
    found |= serving_cost(folder, split.photographs, options.beam)
    found |= _quantisation(options, folder, document, described)
    return Evaluated(document, described, found)


def _described(
    options: Namespace, folder: Path, split: Split, doing: str, seen_by: Path | None = None
) -> Described:
    with bar(doing, len(split.photographs)) as advance:
        return describe(folder, split, options.beam, options.workers, advance, encoder_file=seen_by)


def _quantisation(
    options: Namespace, folder: Path, document: dict[str, Any], described: Described
) -> dict[str, Any]:
    """CIDEr with the float encoder: measured where it is at hand, else what export noted."""
    unshipped = options.model / FLOAT_ENCODER if options.model else None
    split = described.split
    if unshipped and unshipped.is_file():
        unquantised = _described(options, folder, split, "the same, float encoder", unshipped)
        real = cider(unquantised.texts, split.captions)
        cost = round(real - cider(described.texts, split.captions), 2)
        source = f"measured on {split.name}, beam {options.beam}"
    elif noted := document.get("quantisation"):
        real, cost = noted["cider_float32"], noted["cost"]
        source = f"bundle.json: dev, beam {noted['beam']}"
    else:
        return {"quantisation": "not measured: bundle.json has no figure, no float encoder given"}
    return {"cider_float32": real, "quantisation_cost": cost, "quantisation": source}
