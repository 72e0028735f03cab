"""How far a served network may be from the one that was trained."""

from dataclasses import dataclass

import numpy as np

from captioner.vision.text import F32
from training.errors import CheckpointError

FLOAT_MAP = 1e-3
FLOAT_VECTOR = 1e-2
FLOAT_CAPTIONS = 0.98
INT8_COSINE = 0.95
"""Limits.

Float against float differs by the order of additions in the map (relative to its largest
value), and by the float16 weights of projections and decoder in vectors and captions:
beyond that an export is refused. Eight bits may change captions (what that costs is
measured in CIDEr) but must leave the vectors where they were.
"""


@dataclass(frozen=True)
class NetworkOutputs:
    """What a network makes of n photographs: maps, unit vectors, greedy captions."""

    maps: F32
    visual: F32
    semantic: F32
    captions: list[tuple[int, ...]]


@dataclass(frozen=True)
class NetworkDifference:
    """How far two networks differ on the same photographs; maps relative to the largest value.

    ``cosine`` is the lesser mean cosine of the two kinds of vectors, ``same_captions`` the share of
    identical greedy captions.
    """

    map_max: float
    map_mean: float
    vector_max: float
    vector_mean: float
    cosine: float
    same_captions: float

    def document(self) -> dict[str, float]:
        """Give the figures, rounded."""
        return {name: float(f"{value:.4g}") for name, value in vars(self).items()}

    @property
    def vectors_stay(self) -> bool:
        """Whether the vectors are near enough for an eight-bit network to ship."""
        return self.cosine >= INT8_COSINE


def agreement(ours: NetworkOutputs, theirs: NetworkOutputs) -> NetworkDifference:
    """Compare what two networks make of the same photographs."""
    largest = max(float(np.abs(theirs.maps).max()), 1e-9)
    gap = np.abs(ours.maps - theirs.maps) / largest
    pairs = ((ours.visual, theirs.visual), (ours.semantic, theirs.semantic))
    apart = np.concatenate([np.abs(a - b) for a, b in pairs])
    same = [a == b for a, b in zip(ours.captions, theirs.captions, strict=True)]
    return NetworkDifference(
        map_max=float(gap.max()),
        map_mean=float(gap.mean()),
        vector_max=float(apart.max()),
        vector_mean=float(apart.mean()),
        cosine=min(float((a * b).sum(-1).mean()) for a, b in pairs),
        same_captions=float(np.mean(same)),
    )


def accept(plain: NetworkDifference) -> None:
    """Refuse a bundle whose float encoder differs from TensorFlow.

    Raises `CheckpointError`, naming each figure that is out of bounds.
    """
    # "Not within" rather than "beyond", so that a figure that is no number is refused.
    wrong = []
    if not plain.map_max <= FLOAT_MAP:
        wrong.append(f"largest difference of maps {plain.map_max:.3g}, at most {FLOAT_MAP}")
    if not plain.vector_max <= FLOAT_VECTOR:
        wrong.append(f"of vectors {plain.vector_max:.3g}, at most {FLOAT_VECTOR}")
    if not plain.same_captions >= FLOAT_CAPTIONS:
        wrong.append(f"same captions {plain.same_captions:.3g}, at least {FLOAT_CAPTIONS}")
    if wrong:
        raise CheckpointError("the export differs from the TensorFlow model: " + "; ".join(wrong))
