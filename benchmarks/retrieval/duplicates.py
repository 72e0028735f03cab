"""From which visual cosine on photographs are one picture, and from which they look alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance

from benchmarks.retrieval.material import Material, floats
from benchmarks.retrieval.photographs import Bundle, documents, progress
from captioner.decoding import decode
from captioner.preparing import packed
from captioner.vision.text import F32
from chalicelib.search.text import STOP_WORDS, stems

COPIED = 100  # photographs that are altered
MISTAKEN = 0.001  # share of different photographs that may be taken for one that came before
TIMES_ALIKE = 3.0  # as many words in common as chance gives: what looks alike
TIMES_RELEVANT = 1.5  # and what is worth showing beside a photograph
NEIGHBOURS = (0, 1, 2, 3, 5, 8, 12, 20, 40, 80, 160, 320)
BIN = 0.05


@dataclass(frozen=True)
class Bounds:
    """Cosines from which photographs are one picture, look alike, are worth showing beside."""

    near_duplicate: float
    alike: float
    relevant: float


def chosen(
    material: Material, from_: Bundle, photographs: Sequence[Path], pair: Sequence[Path]
) -> tuple[Bounds, dict[str, Any]]:
    """Return the bounds, and what they rest on.

    Parameters
    ----------
    photographs
        Many others, all different: `MISTAKEN` of them may reach the bound.
    pair
        Two files of them that are: the known exception.
    """
    visual = floats([document.visual for document in material.captioned])
    cosines = visual @ visual.T
    np.fill_diagonal(cosines, -1)
    others = [path for path in photographs if path not in pair[1:]]
    nearest = _nearest_before(floats([document.visual for document in documents(others, from_)]))
    least = float(nearest[int(MISTAKEN * len(nearest))]) + 0.001  # above the first one too many
    copies = _copies(material.split.photographs[:COPIED], visual, from_)
    near = {name: round(float(np.quantile(found, 0.05)), 3) for name, found in copies.items()}
    # Halfway to altered copies, of which those at half the size of small photographs lie apart.
    lowest = float(np.median([*near.values()]))
    bound = round((least + max(lowest, least)) / 2, 3)
    by_cosine = _times_chance(material, cosines)
    likeness, relevant = _first(by_cosine, TIMES_ALIKE), _first(by_cosine, TIMES_RELEVANT)
    told = {
        "near_duplicate": bound,
        "nearest different photographs, cosine": [round(float(one), 3) for one in nearest[:10]],
        "taken for one that came before": int((nearest >= bound).sum()),
        "altered copies, 5th percentile": near,
        "altered copies found": {
            name: round(float((found >= bound).mean()), 3) for name, found in copies.items()
        },
        "the known duplicate": _of_pair(pair, from_),
        "alike": likeness,
        "relevant": relevant,
        "words in common, times chance, by cosine": by_cosine,
    }
    return Bounds(bound, likeness, relevant), told


def _nearest_before(visual: F32) -> F32:
    """Return each photograph's cosine with its likest of those before it, the highest first."""
    found = []
    for at in range(0, len(visual), 500):
        cosines = visual[at : at + 500] @ visual[: at + 500].T
        cosines[np.triu_indices(len(cosines), at, cosines.shape[1])] = -1
        found.append(cosines.max(1))
    return -np.sort(-np.concatenate(found))


def _copies(photographs: Sequence[Path], visual: F32, from_: Bundle) -> dict[str, F32]:
    found: dict[str, list[float]] = {}
    for at, path in enumerate(progress(photographs, "photographs altered", every=50)):
        for name, altered in _altered(path).items():
            found.setdefault(name, []).append(float(_visual(altered, from_) @ visual[at]))
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


def _visual(file: bytes, from_: Bundle) -> F32:
    vector, _ = from_.model.embed(decode(file, max_pixels=50_000_000).pixels)
    row: F32 = floats([packed(vector)])[0]
    return row


def _of_pair(pair: Sequence[Path], from_: Bundle) -> float | None:
    if not pair or not all(path.is_file() for path in pair):
        return None
    one, other = (_visual(path.read_bytes(), from_) for path in pair)
    return round(float(one @ other), 3)


def _times_chance(material: Material, cosines: F32) -> dict[float, float]:
    """Return how many times chance's words captions have in common, by cosine."""
    dull = {stem for word in STOP_WORDS for stem in stems(word)}
    told = [
        {stem for text in captions for stem in stems(text)} - dull
        for captions in material.split.captions
    ]
    order = np.argsort(-cosines, axis=1)[:, NEIGHBOURS]
    pairs = [(at, int(other)) for at, others in enumerate(order) for other in others]
    chance = np.mean(
        [_common(told[at], told[other]) for at, other in enumerate(np.roll(range(len(told)), 7))]
    )
    bins: dict[int, list[float]] = {}
    for at, other in pairs:
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
