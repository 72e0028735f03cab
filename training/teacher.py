"""What EfficientNet-Lite2 says of a batch: its map, reduced by PCA, and its classes."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from captioner.vision.manifest import sha256
from training import efficientnet, photographs, teachers
from training.arrays import F32, U8, Arrays, Tensor, read_arrays, save_arrays
from training.augmentation import Sample, resample
from training.dataset import Split, list_photographs, read_splits
from training.networks import precisions
from training.photographs import Crops
from training.vocabulary import EMPTY_WORDS, frequent_words, word_targets

DIMS = 512
"""Of the map's 1,280 channels."""

OFFSET = 31.5 / 32
"""Where the map's cell 0 is centred, in cells from the edge.

TensorFlow pads at the far edge only where the stride is two, so that each of the five moves the
cells by half a pixel of its input.
"""

SIDE = 224
"""At which photographs are kept, pixels: those of the largest input that is trained on."""

CAPTION_WORDS = 1000
"""Words that distillation also learns to predict from the pooled map."""

REDUCED_ON = 500


class TeacherOutputs(NamedTuple):
    """The reduced map (n, cells, cells, d), its mean's variance, and the logits (n, 1000)."""

    map: Tensor
    pooled_variance: Tensor
    logits: Tensor


@dataclass(frozen=True)
class Teacher:
    """The network with its classes, and what its map is reduced by.

    ``mean`` (1280,) and ``basis`` (1280, `DIMS`) are scaled so that the mean variance of a cell is
    one; that of the mean over the cells is ``pooled_variance``.
    """

    arrays: Mapping[str, F32]
    mean: F32
    basis: F32
    pooled_variance: F32
    precision: Tensor = tf.float32

    def look(self, pixels: Tensor, cells: int) -> TeacherOutputs:
        """Give what it says of float32 pixels (n, s, s, 3) in 0..255."""
        network = efficientnet.efficientnet_lite2(self.arrays)
        found = network.outputs(pixels, self.precision)[efficientnet.FEATURES]
        found = tf.cast(found, tf.float32)
        kernel, bias = (self.arrays[name] for name in efficientnet.LOGITS)
        logits = tf.reduce_mean(found, (1, 2)) @ kernel + bias
        whole = Crops.whole(1).weights(found.shape[1], cells, OFFSET)
        grid = (tf.repeat(tf.constant(part), tf.shape(found)[0], 0) for part in whole)
        reduced = resample((found - self.mean) @ self.basis, *grid)
        return TeacherOutputs(reduced, self.pooled_variance, logits)


def read_teacher(options: Namespace, pixels: U8) -> Teacher:
    """Give EfficientNet-Lite2, its map's reduction from the cache or fitted on photographs."""
    file = teachers.weights(options.teachers, "efficientnet-lite2")
    arrays, precision = read_arrays(file), precisions()[options.precision]
    kept = options.work / f"reduction-{sha256(file)[:12]}.npz"
    if not kept.is_file():
        some = photographs.spread(pixels, REDUCED_ON)
        squares = photographs.squares(some, efficientnet.SIDE)
        save_arrays(kept, _reduction(arrays, squares), np.float32)
    found: Tensor = read_arrays(kept)
    return Teacher(arrays, **found, precision=precision)


def _reduction(arrays: Mapping[str, F32], squares: U8) -> Arrays:
    maps = efficientnet.efficientnet_lite2(arrays).maps(squares)
    vectors = maps.reshape(-1, maps.shape[-1])
    mean = vectors.mean(0)
    values, basis = np.linalg.eigh(np.cov(vectors - mean, rowvar=False))
    kept = np.argsort(values)[::-1][:DIMS]
    scale = np.sqrt(max(float(values[kept].mean()), 1e-12))
    basis = (basis[:, kept] / scale).astype(np.float32)
    variance = ((maps.mean((1, 2)) - mean) @ basis).var(0).mean()
    return {"mean": mean, "basis": basis, "pooled_variance": variance}


def read_samples(options: Namespace) -> tuple[Sample, Sample]:
    """Read what is trained on, captioned photographs first, then the others; and what is not."""
    trained, held_out = read_splits(options)
    captions = [group for split in trained for group in split.captions]
    ranked = (word for word in frequent_words(captions) if word not in EMPTY_WORDS)
    words = [word for _, word in zip(range(CAPTION_WORDS), ranked, strict=False)]
    train, dev = (_sample(splits, words, options) for splits in (trained, held_out))
    if not options.extra:
        return train, dev
    paths = list_photographs(options.extra)
    extra = photographs.load_cached(paths, options.work / f"extra-{SIDE}.npy", SIDE)
    unknown = np.full((len(extra), len(words)), np.nan, np.float32)
    pixels = np.concatenate([train.pixels, extra])
    return Sample(pixels, np.concatenate([train.words, unknown])), dev


def _sample(splits: list[Split], words: list[str], options: Namespace) -> Sample:
    pixels = [
        photographs.of_split(split.name, split.photographs, options.work, SIDE) for split in splits
    ]
    captions = [group for split in splits for group in split.captions]
    return Sample(np.concatenate(pixels), word_targets(captions, words))
