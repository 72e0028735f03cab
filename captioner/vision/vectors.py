"""From the spatial map to the two vectors that searches compare."""

import numpy as np

from captioner.vision.text import F32, unit

ARRAYS = (
    "visual/mean", "visual/basis", "semantic/hidden", "semantic/hidden_bias", "semantic/out",
    "known/centres",
)  # fmt: skip
POWER = 3.0

SAID = 0.2
"""What captions count beside the picture, where texts look for it (docs/decisions/104)."""


def pooled(map_: F32) -> F32:
    """Mean and generalised mean over the positions of a map (..., h, w, c): float32 (..., 2c).

    The second has the exponent `POWER`; values are not negative (Radenovic 2018).
    """
    powers = np.maximum(map_, 1e-6) ** POWER
    generalised = np.asarray(powers.mean(axis=(-3, -2)) ** (1 / POWER), np.float32)
    return np.concatenate([map_.mean(axis=(-3, -2)), generalised], axis=-1)


def with_captions(picture: F32, captions: F32, log_probs: F32) -> F32:
    """Give the semantic vector (dims,) of a picture and of what is written of it, of unit length.

    ``picture`` (dims,) is `Vectors.semantic`; ``captions`` (n, dims) are semantic vectors, each of
    which counts as much as it is probable by ``log_probs`` (n,), of whole captions.
    """
    probable = np.exp(log_probs - log_probs.max())
    return unit(picture + SAID * unit(np.asarray(probable @ captions, np.float32)))


class Vectors:
    """Visual and semantic vector of a pooled map (`pooled`), 256-d and of unit length each.

    Weights are ``visual/mean`` (2c,) and ``visual/basis`` (2c, 256), a metric on the pooled map of
    unit length; ``semantic/hidden`` (2c, k), its bias, and ``semantic/out`` (k, 256), the image
    side of the joint space; ``known/centres`` (k, 256), unit vectors amid the training
    photographs' visual vectors.
    """

    def __init__(self, weights: dict[str, F32]) -> None:
        self._weights = weights

    def visual(self, pooled_map: F32) -> F32:
        """Say what the photograph looks like."""
        centred: F32 = unit(pooled_map) - self._weights["visual/mean"]
        return unit(centred @ self._weights["visual/basis"])

    def familiarity(self, visual: F32) -> float:
        """Give the largest cosine of a visual vector to a centre of training photographs."""
        return float((self._weights["known/centres"] @ visual).max())

    def semantic(self, pooled_map: F32) -> F32:
        """Say what a caption would, by the picture alone."""
        hidden = pooled_map @ self._weights["semantic/hidden"]
        hidden = hidden + self._weights["semantic/hidden_bias"]
        return unit(np.asarray(np.maximum(hidden, 0) @ self._weights["semantic/out"], np.float32))
