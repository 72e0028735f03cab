"""What a photograph shows, whatever its caption says: ImageNet's classes in everyday words."""

from dataclasses import dataclass

import numpy as np

from captioner.vision.everyday import everyday
from captioner.vision.text import F32

ARRAYS = ("labels/kernel", "labels/bias", "labels/usual")

SHOWN_FROM = 0.1
MOST_SHOWN = 5
FURTHEST = 5.0
"""An unlikely noun counts against a caption by this at most: small things go unseen."""


@dataclass(frozen=True)
class Label:
    """An everyday word and the probability, 0..1, that the photograph shows it."""

    word: str
    probability: float


class Labels:
    """The label head: a linear layer on the mean of the map.

    Weights are ``labels/kernel`` (c, 1000) and ``labels/bias`` (1000,), logits of ImageNet's
    classes, and ``labels/usual`` (1000,), their mean probabilities over photographs.
    """

    def __init__(self, weights: dict[str, F32]) -> None:
        self._weights = weights
        self._table = everyday()

    def probabilities(self, map_: F32) -> F32:
        """Give the classes' probabilities float32 (1000,) of a map (h, w, c)."""
        logits = map_.mean(axis=(0, 1)) @ self._weights["labels/kernel"]
        return softmax(logits + self._weights["labels/bias"])

    def named(self, probabilities: F32) -> tuple[Label, ...]:
        """Name what is in a map by its classes' probabilities: `MOST_SHOWN` at most, best first."""
        each = probabilities @ self._table.members
        # Of a word and a broader one that are as probable the narrower leads.
        order = np.lexsort((self._table.members.sum(0), -each.round(3)))[:MOST_SHOWN]
        return tuple(
            Label(self._table.words[at], min(1.0, float(each[at])))
            for at in order
            if each[at] >= SHOWN_FROM
        )

    def agreement(self, text: str, probabilities: F32) -> float:
        """Say how well a caption's nouns go with what is seen.

        The mean over nouns of the table of log(probability / usual probability), each within
        ±`FURTHEST`: 0 for a caption that names nothing the classes know of, as for people.
        """
        usual = self._weights["labels/usual"]
        ratios = [
            np.log((probabilities[classes].sum() + 1e-6) / (usual[classes].sum() + 1e-6))
            for classes in self._table.mentioned(text)
        ]
        return float(np.clip(ratios, -FURTHEST, FURTHEST).mean()) if ratios else 0.0


def softmax(logits: F32) -> F32:
    """Give probabilities of logits, over the last axis."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


def entropy(probabilities: F32) -> float:
    """Entropy of the classes' probabilities in nats: 0 sure of one, 6.9 of none."""
    return float(-(probabilities * np.log(probabilities + 1e-9)).sum())
