"""From which visual cosine on photographs are one picture, and from which they look alike."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.retrieval.material import Material
from benchmarks.retrieval.photographs import documents, embedded, progress
from captioner.vision.text import F32
from chalicelib.attributes.dictionary import STOP_WORDS
from chalicelib.search.query import VECTOR_BYTES
from chalicelib.search.text import stems

KNOWN = "3050606344_af711c726c.jpg"  # in the training split: the same as 2851198725_37b6027625.jpg
COPIED = 100  # photographs that are altered
MISTAKEN = 0.001  # share of different photographs that may be taken for one that came before
TIMES_ALIKE = 3.0  # as many words in common as chance gives: what looks alike
TIMES_RELEVANT = 1.5  # and what is worth showing beside a photograph
NEIGHBOURS = (0, 1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320)
BIN = 0.05


def chosen(
    material: Material, photographs: Sequence[Path]
) -> tuple[dict[str, float], dict[str, Any]]:
    """Return cosines from which photographs are one picture, look alike, are relevant, and why.

    Parameters
    ----------
    photographs
        Many others, all different but `KNOWN`: `MISTAKEN` of them may reach the bound.
    """
    visual = _floats([document.visual for document in material.captioned])
    others = documents([path for path in photographs if path.name != KNOWN])
    nearest = _nearest_before(_floats([document.visual for document in others]))
    least = float(nearest[int(MISTAKEN * len(nearest))]) + 0.001  # above the first one too many
    copies = _copies(material.split.photographs[:COPIED], visual)
    near = {name: round(float(np.quantile(found, 0.05)), 3) for name, found in copies.items()}
    # Halfway to altered copies, of which those at half the size of small photographs lie apart.
    lowest = float(np.median([*near.values()]))
    bound = round((least + max(lowest, least)) / 2, 3)
    by_cosine = _times_chance(material, visual)
    told = {
        "nearest different photographs, cosine": [round(float(one), 3) for one in nearest[:10]],
        "taken for one that came before": int((nearest >= bound).sum()),
        "altered copies, 5th percentile": near,
        "altered copies found": {
            name: round(float((found >= bound).mean()), 3) for name, found in copies.items()
        },
        "words in common, times chance, by cosine": by_cosine,
    }
    bounds = {
        "near_duplicate": bound,
        "alike": _first(by_cosine, TIMES_ALIKE),
        "relevant": _first(by_cosine, TIMES_RELEVANT),
    }
    return bounds, told


def _floats(vectors: Sequence[bytes | None]) -> F32:
    """Return float16 vectors as rows; one that is missing as zeros."""
    rows = [np.frombuffer(vector or bytes(VECTOR_BYTES), "<f2") for vector in vectors]
    return np.stack(rows).astype(np.float32)


def _nearest_before(visual: F32) -> F32:
    """Return each photograph's cosine with its likest of those before it, the highest first."""
    found = []
    for at in range(0, len(visual), 500):
        cosines = visual[at : at + 500] @ visual[: at + 500].T
        cosines[np.triu_indices(len(cosines), at, cosines.shape[1])] = -1
        found.append(cosines.max(1))
    return -np.sort(-np.concatenate(found))


def _copies(photographs: Sequence[Path], visual: F32) -> dict[str, F32]:
    """Return each photograph's cosine with its copies, by how they were altered."""
    found: dict[str, list[float]] = {}
    for at, path in enumerate(progress(photographs, "photographs altered", every=50)):
        for name, altered in _altered(path).items():
            row: F32 = _floats([embedded(altered)[0]])[0]
            found.setdefault(name, []).append(float(row @ visual[at]))
    return {name: np.array(values, np.float32) for name, values in found.items()}


def _altered(path: Path) -> dict[str, bytes]:
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    width, height = whole.size
    edge = round(0.03 * width), round(0.03 * height)
    return {
        "JPEG at quality 40": _file(whole, 40),
        "half the size": _file(whole.resize((width // 2, height // 2)), 90),
        "3 % cut off each edge": _file(whole.crop((*edge, width - edge[0], height - edge[1])), 90),
        "15 % brighter": _file(ImageEnhance.Brightness(whole).enhance(1.15), 90),
    }


def _file(image: Image.Image, quality: int) -> bytes:
    content = BytesIO()
    image.save(content, "JPEG", quality=quality)
    return content.getvalue()


def _times_chance(material: Material, visual: F32) -> dict[float, float]:
    """Return how many times chance's words captions have in common, by cosine."""
    cosines = visual @ visual.T
    np.fill_diagonal(cosines, -1)
    dull = {stem for word in STOP_WORDS for stem in stems(word)}
    told = [
        {stem for text in captions for stem in stems(text)} - dull
        for captions in material.split.captions
    ]
    order = np.argsort(-cosines, axis=1)[:, NEIGHBOURS]
    chance = np.mean([_common(one, told[at - 7]) for at, one in enumerate(told)])
    bins: dict[int, list[float]] = {}
    for at, others in enumerate(order):
        for other in others:
            number = int(np.floor(cosines[at, other] / BIN))
            bins.setdefault(number, []).append(_common(told[at], told[other]))
    return {
        round(number * BIN, 2): round(float(np.mean(found) / chance), 2)
        for number, found in sorted(bins.items())
        if len(found) >= 30
    }


def _first(by_cosine: dict[float, float], times: float) -> float:
    return min((cosine for cosine, share in by_cosine.items() if share >= times), default=0.5)


def _common(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, min(len(one), len(other)))
