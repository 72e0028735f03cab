"""Scoring a bundle, as it ships, on photographs it was not trained on."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from captioner.vision.model import Model, Prediction
from training.dataset import Split
from training.errors import DatasetError
from training.scores import caption_scores, retrieval

__all__ = ["Described", "describe_split", "figures"]


@dataclass(frozen=True)
class Described:
    """A split's predictions and the milliseconds each took, decoding included."""

    split: Split
    predictions: tuple[Prediction, ...]
    milliseconds: npt.NDArray[np.float64]

    @property
    def texts(self) -> list[str]:
        """The best caption of each photograph, empty where there is none."""
        return [p.captions[0].text if p.captions else "" for p in self.predictions]

    @property
    def confidences(self) -> npt.NDArray[np.float64]:
        """Of the best captions; 0 where there is none."""
        return np.array([p.captions[0].confidence if p.captions else 0 for p in self.predictions])


def describe_split(model: Model, split: Split, beam: int) -> Described:
    """Run every photograph through the model, from its file."""
    predictions, spent = [], []
    for path in split.photographs:
        began = time.perf_counter()
        predictions.append(model.describe(_decoded(path), beam=beam))
        spent.append(1000 * (time.perf_counter() - began))
    return Described(split, tuple(predictions), np.array(spent))


def _decoded(path: Path) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(path) as photograph:
            return np.asarray(photograph.convert("RGB"))
    except (OSError, ValueError) as damage:
        raise DatasetError(f"damaged photograph {path.name}: {damage}") from damage


def figures(model: Model, described: Described, beam: int) -> dict[str, Any]:
    """Every figure of the protocol, as one flat document."""
    split = described.split
    scores: dict[str, Any] = {"split": split.name, "photographs": len(split.photographs)}
    scores |= {"beam": beam} | caption_scores(described.texts, split.captions, meteor=True)
    scores |= _both_ways(model, described)
    return scores | {
        "needs_review": round(float(np.mean([p.needs_review for p in described.predictions])), 3),
        "ms_p50": round(float(np.median(described.milliseconds)), 1),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


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
