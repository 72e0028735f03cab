"""The steps of the pipeline, each from its parsed options."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training import dataset, photographs, teacher
from training.distil import Plan, Sample
from training.distil import distil as run_distillation
from training.vocabulary import EMPTY_WORDS, frequent_words, word_targets

__all__ = ["distil", "prepare"]

CAPTION_WORDS = 500


def prepare(options: Namespace) -> None:
    """Check the data and fill the caches."""
    train, held_out = samples(options)
    print(f"prepared {len(train.pixels)} photographs to train on, {len(held_out.pixels)} held out")


def distil(options: Namespace) -> None:
    """Teach the slim encoder."""
    train, held_out = samples(options)
    plan = Plan(options.minutes, options.batch, options.rate, sizes=options.sizes, seed=options.seed)
    log = options.log or options.out.with_suffix(".jsonl")
    run_distillation(plan, train, held_out, options.out, log, options.init)


def samples(options: Namespace) -> tuple[Sample, Sample]:
    """What is trained on (with the extra photographs) and the dev split."""
    train = dataset.read_split(options.data, "train")
    dev = dataset.read_split(options.data, "dev")
    groups = {
        split.name: photographs.load_cached(split.photographs, options.work / f"{split.name}.npy")
        for split in (train, dev)
    }
    if options.extra:
        paths = dataset.list_photographs(options.extra)
        groups["extra"] = photographs.load_cached(paths, options.work / "extra.npy")
    network = teacher.resnet50(options.teacher)
    targets = teacher.collect(network, groups, options.work / options.teacher.stem)
    words = distilled_words(train)
    wanted = [word_targets(train.captions, words)]
    if options.extra:
        wanted.append(np.full((len(groups["extra"]), len(words)), np.nan, np.float32))
    trained = [name for name in groups if name != "dev"]
    return (
        Sample(
            np.concatenate([groups[name] for name in trained]),
            _joined([targets[name] for name in trained]),
            np.concatenate(wanted),
        ),
        Sample(groups["dev"], targets["dev"], word_targets(dev.captions, words)),
    )


def distilled_words(train: dataset.Split) -> list[str]:
    """The most frequent words that say something of a photograph."""
    ranked = frequent_words(train.captions)
    return [word for word in ranked if word not in EMPTY_WORDS][:CAPTION_WORDS]


def _joined(parts: list[teacher.Targets]) -> teacher.Targets:
    maps: list[npt.NDArray[np.float16]] = [
        np.concatenate(column) for column in zip(*(part.maps for part in parts), strict=True)
    ]
    return teacher.Targets(tuple(maps), np.concatenate([part.logits for part in parts]))
