"""What ``distil`` and ``tune`` read: photographs, caption words, and the teacher."""

from argparse import Namespace

import numpy as np

from captioner.vision.manifest import sha256
from training import dataset, efficientnet, photographs, teachers
from training.arrays import U8, Tensor, read_arrays, save_arrays
from training.dataset import Split
from training.everyday import read_splits
from training.feeding import Sample
from training.networks import precisions
from training.teacher import Teacher, reduction
from training.vocabulary import EMPTY_WORDS, frequent_words, word_targets

SIDE = 224
"""At which photographs are kept, pixels: those of the largest input that is trained on."""

CAPTION_WORDS = 1000
"""Words that distillation also learns to predict from the pooled map."""

REDUCED_ON = 500


def read_samples(options: Namespace) -> tuple[Sample, Sample]:
    """Read what is trained on, captioned photographs first, then the others; and what is not."""
    trained, held_out = read_splits(options)
    captions = [group for split in trained for group in split.captions]
    ranked = (word for word in frequent_words(captions) if word not in EMPTY_WORDS)
    words = [word for _, word in zip(range(CAPTION_WORDS), ranked, strict=False)]
    train, dev = (_sample(splits, words, options) for splits in (trained, held_out))
    if not options.extra:
        return train, dev
    paths = dataset.list_photographs(options.extra)
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


def read_teacher(options: Namespace, pixels: U8) -> Teacher:
    """Give EfficientNet-Lite2, its map's reduction from the cache or fitted on photographs."""
    file = teachers.weights(options.teachers, "efficientnet-lite2")
    arrays, precision = read_arrays(file), precisions()[options.precision]
    kept = options.work / f"reduction-{sha256(file)[:12]}.npz"
    if not kept.is_file():
        some = photographs.spread(pixels, REDUCED_ON)
        squares = photographs.squares(some, efficientnet.SIDE)
        save_arrays(kept, reduction(arrays, squares), np.float32)
    found: Tensor = read_arrays(kept)
    return Teacher(arrays, **found, precision=precision)
