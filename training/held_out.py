"""What an encoder has learnt, on photographs that it never trained on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from training.arrays import F32, U8, Arrays, Tensor
from training.crops import Crops
from training.feeding import Sample
from training.resampling import resample
from training.slim import fold, forward
from training.targets import STAGES

__all__ = ["figures", "maps_of", "mean_average_precision"]


def figures(arrays: Arrays, sample: Sample, size: int) -> dict[str, float]:
    """Give the share of the last map's variance explained, and the word mAP."""
    targets = sample.targets
    last = maps_of(arrays, sample.pixels, size, lambda outputs: outputs[-1])
    grid = Crops.whole(1).weights(targets.maps[-1].shape[1], size // 32, STAGES[-1].offset)
    rows, columns = (np.repeat(g, len(last), 0) for g in grid)
    wanted = resample(targets.maps[-1], rows, columns).numpy()
    said = last @ arrays["adapter5/kernel"] + arrays["adapter5/bias"]
    explained = 1 - ((said - wanted) ** 2).mean() / ((wanted - wanted.mean((0, 1, 2))) ** 2).mean()
    scores = last.mean((1, 2)) @ arrays["words/kernel"] + arrays["words/bias"]
    return {
        "explained": round(float(explained), 4),
        "word_map": round(mean_average_precision(scores, sample.words), 4),
    }


def maps_of(arrays: Arrays, pixels: U8, size: int, read: Callable[[list[Tensor]], Tensor]) -> F32:
    """Give the folded encoder's maps (n, h, w, c) of uint8 pixels (n, s, s, 3), whole frames.

    ``read`` makes a map of the block outputs.
    """
    folded = {name: tf.constant(array) for name, array in fold(arrays).items()}
    call = tf.function(
        lambda batch: read(forward(folded, batch)), reduce_retracing=True, autograph=False
    )
    found = []
    for start in range(0, len(pixels), 50):
        batch = tf.image.resize(tf.cast(pixels[start : start + 50], tf.float32), (size, size))
        found.append(call(batch).numpy())
    return np.concatenate(found)


def mean_average_precision(scores: F32, wanted: F32) -> float:
    """Mean over words of the average precision of ranking photographs by a word's score."""
    order = np.argsort(-scores, 0)
    hits = np.take_along_axis(wanted, order, 0)
    precision = np.cumsum(hits, 0) / np.arange(1, len(hits) + 1)[:, None]
    counts = hits.sum(0)
    some = counts > 0
    return float(((precision * hits).sum(0)[some] / counts[some]).mean())
