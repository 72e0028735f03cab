"""``prepare``: check the data, decode the photographs, ask the teacher."""

from __future__ import annotations

from argparse import Namespace

import numpy as np

from captioner.vision.manifest import sha256
from training import dataset, encoders, photographs
from training.arrays import F16
from training.feeding import Sample
from training.targets import Targets, collect
from training.teacher import resnet50
from training.vocabulary import EMPTY_WORDS, frequent_words, word_targets

__all__ = ["run", "samples"]

CAPTION_WORDS = 500
"""Words that distillation also learns to predict from the pooled map."""


def run(options: Namespace) -> None:
    """Fill the caches and say what there is."""
    side = encoders.SIDES[options.encoder]
    for split in dataset.read_apart(options.data):
        photographs.of_split(split.name, split.photographs, options.work, side)
        captions = sum(map(len, split.captions))
        words = frequent_words(split.captions)
        often = frequent_words(split.captions, 5)
        print(
            f"{split.name}: {len(split.photographs)} photographs, {captions} captions,"
            f" {len(words)} words, {len(often)} of them five times and more",
            flush=True,
        )
    if options.teacher:
        train, held_out = samples(options)
        print(
            f"the teacher's maps: {len(train.pixels)} to train on, {len(held_out.pixels)} held out"
        )


def samples(options: Namespace) -> tuple[Sample, Sample]:
    """Read what is trained on (with the extra photographs), and the dev split."""
    splits = {split.name: split for split in dataset.read_apart(options.data)}
    groups = {
        name: photographs.load_cached(split.photographs, options.work / f"{name}.npy")
        for name, split in splits.items()
    }
    if options.extra:
        paths = dataset.list_photographs(options.extra)
        groups["extra"] = photographs.load_cached(paths, options.work / "extra.npy")
    network = resnet50(options.teacher)
    cache = options.work / f"{options.teacher.stem}-{sha256(options.teacher)[:12]}"
    targets = collect(network, groups, cache)
    words = _distilled_words(splits["train"])
    wanted = {name: word_targets(split.captions, words) for name, split in splits.items()}
    if options.extra:
        wanted["extra"] = np.full((len(groups["extra"]), len(words)), np.nan, np.float32)
    each = {name: Sample(groups[name], targets[name], wanted[name]) for name in groups}
    held_out = each.pop("dev")
    return _joined(list(each.values())), held_out


def _distilled_words(train: dataset.Split) -> list[str]:
    ranked = frequent_words(train.captions)
    return [word for word in ranked if word not in EMPTY_WORDS][:CAPTION_WORDS]


def _joined(samples: list[Sample]) -> Sample:
    maps: list[F16] = [
        np.concatenate(column) for column in zip(*(s.targets.maps for s in samples), strict=True)
    ]
    logits = np.concatenate([s.targets.logits for s in samples])
    return Sample(
        np.concatenate([s.pixels for s in samples]),
        Targets(tuple(maps), logits),
        np.concatenate([s.words for s in samples]),
    )
