"""Photographs of the report, with what the model said and where it looked."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from captioner.vision.prediction import Word
from captioner.vision.text import F32
from training.confidence import RIGHT_FROM
from training.evaluation import Described

THUMBNAIL = 224
FINE = 8  # pixels of a mask for each cell of the map
DARKEST = 0.78


@dataclass(frozen=True)
class AttendedWord:
    """A word, its probability, and a mask that darkens what was not looked at (data URI)."""

    word: str
    probability: float
    mask: str


@dataclass(frozen=True)
class Case:
    """One photograph: its file's name, a thumbnail (data URI), and what is said of it.

    ``before`` is what another bundle said, empty where that is not known.
    """

    name: str
    thumbnail: str
    caption: str
    before: str
    probability: float
    cider: float
    right: bool
    needs_review: bool
    withheld: bool
    labels: tuple[str, ...]
    references: tuple[str, ...]
    words: tuple[AttendedWord, ...]


def spread(described: Described, count: int) -> list[int]:
    """Rows of photographs spread evenly over the split, whatever came of them."""
    total = len(described.predictions)
    return [int(row) for row in np.linspace(0, total - 1, min(count, total))]


def extremes(described: Described, count: int) -> tuple[list[int], list[int]]:
    """Rows of the best and of the worst captions by CIDEr; the surer first among equals."""
    order = np.lexsort((described.probabilities, described.ciders))
    count = min(count, len(order) // 2)
    return [int(row) for row in order[::-1][:count]], [int(row) for row in order[:count]]


def case(described: Described, row: int, before: Mapping[str, Sequence[str]]) -> Case:
    """Show one photograph; ``before`` has captions of another bundle by file name."""
    prediction, path = described.predictions[row], described.split.photographs[row]
    best = prediction.captions[0] if prediction.captions else None
    return Case(
        path.name,
        _thumbnail(path),
        best.text if best else "",
        " ".join(before.get(path.name, ())[:1]),
        prediction.probability,
        float(described.ciders[row]),
        bool(described.ciders[row] >= RIGHT_FROM),
        prediction.needs_review,
        prediction.withheld,
        tuple(f"{label.word} {label.probability:.2f}" for label in prediction.labels),
        tuple(described.split.captions[row]),
        _seen(best.words if best else ()),
    )


def _seen(words: Sequence[Word]) -> tuple[AttendedWord, ...]:
    return tuple(
        AttendedWord(word.text, float(np.exp(word.log_prob)), _mask(word.attention))
        for word in words
    )


def _thumbnail(path: Path) -> str:
    with Image.open(path) as photograph:
        small = ImageOps.exif_transpose(photograph).convert("RGB")
        small = small.resize((THUMBNAIL, THUMBNAIL))
    return _uri(small, "WEBP", quality=72)


def _mask(attention: F32) -> str:
    share = attention / max(float(attention.max()), 1e-9)
    # A root, or all but the brightest cell would be black.
    dark = np.rint(255 * DARKEST * (1 - np.sqrt(share))).astype(np.uint8)
    alpha = Image.fromarray(dark).resize(
        (FINE * dark.shape[1], FINE * dark.shape[0]), Image.Resampling.BICUBIC
    )
    mask = Image.merge("LA", (Image.new("L", alpha.size, 0), alpha))
    return _uri(mask, "PNG", optimize=True)


def _uri(image: Image.Image, kind: str, **options: object) -> str:
    content = io.BytesIO()
    image.save(content, kind, **options)
    encoded = base64.b64encode(content.getvalue()).decode()
    return f"data:image/{kind.lower()};base64,{encoded}"
