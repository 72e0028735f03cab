"""What an encoder has learnt, on photographs that it never trained on."""

import numpy as np
import tensorflow as tf

from training import efficientnet, vgg
from training.arrays import F32, U8, Arrays, Tensor
from training.feeding import Sample
from training.teacher import Teacher

BATCH = 25


def looked(arrays: Arrays, teacher: Teacher, pixels: U8, side: int) -> tuple[F32, F32, F32]:
    """Give the student's maps, and the teacher's reduced maps and logits, of whole frames.

    Parameters
    ----------
    pixels : uint8 (n, s, s, 3)
        Stretched to ``side`` for the student, to its own side for the teacher.
    """
    own = vgg.network(arrays)

    def look(batch: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        batch = tf.cast(batch, tf.float32)
        map_ = own.outputs(tf.image.resize(batch, (side, side)), teacher.precision)["stacked"]
        seen = tf.image.resize(batch, (efficientnet.SIDE, efficientnet.SIDE))
        told = teacher.look(seen, side // 32)
        return tf.cast(map_, tf.float32), told.map, told.logits

    traced = tf.function(look, autograph=False, reduce_retracing=True)
    found = [traced(pixels[at : at + BATCH]) for at in range(0, len(pixels), BATCH)]
    maps, taught, logits = (
        np.concatenate([p.numpy() for p in part]) for part in zip(*found, strict=True)
    )
    return maps, taught, logits


def figures(arrays: Arrays, teacher: Teacher, sample: Sample, side: int) -> dict[str, float]:
    """Give how much of the teacher an encoder with its heads has, and its caption words' mAP.

    Returns
    -------
    dict
        ``explained``, ``pooled``: share of the variance of the teacher's map and of its mean;
        ``same_class``: share of
        photographs whose likeliest class is the teacher's; ``word_map``.
    """
    maps, taught, logits = looked(arrays, teacher, sample.pixels, side)
    adapted = maps @ arrays["adapter/kernel"] + arrays["adapter/bias"]
    pooled = maps.mean((1, 2))
    said, words = (
        pooled @ arrays[f"{n}/kernel"] + arrays[f"{n}/bias"] for n in ("labels", "words")
    )
    return {
        "explained": _explained(adapted, taught),
        "pooled": _explained(adapted.mean((1, 2)), taught.mean((1, 2))),
        "same_class": round(float((said.argmax(1) == logits.argmax(1)).mean()), 4),
        "word_map": round(mean_average_precision(words, sample.words), 4),
    }


def _explained(said: F32, wanted: F32) -> float:
    flat = wanted.reshape(-1, wanted.shape[-1])
    left = ((said - wanted) ** 2).mean() / flat.var(0).mean()
    return round(1 - float(left), 4)


def mean_average_precision(scores: F32, wanted: F32) -> float:
    """Mean over words of the average precision of ranking photographs by a word's score."""
    order = np.argsort(-scores, 0)
    hits = np.take_along_axis(wanted, order, 0)
    precision = np.cumsum(hits, 0) / np.arange(1, len(hits) + 1)[:, None]
    counts = hits.sum(0)
    some = counts > 0
    return float(((precision * hits).sum(0)[some] / counts[some]).mean())
