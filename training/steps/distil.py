"""``distil``: make VGG16 out of VGG-19, and teach it what EfficientNet-Lite2 sees."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import numpy as np

from training.arrays import U8, Arrays, read_arrays, save_arrays
from training.distil import Plan, distil, started
from training.feeding import Sample
from training.interruption import Interruption
from training.precision import precisions
from training.samples import read_samples, read_teacher
from training.teacher import Teacher
from training.teachers import weights
from training.vgg import thinned

__all__ = ["run"]

FITTED_ON, BEGUN_ON = 300, 1500
"""Photographs that VGG-19's kernels and the heads are fitted on."""


def run(options: Namespace) -> None:
    """Distil for the minutes given."""
    train, held_out = read_samples(options)
    teacher = read_teacher(options, train.pixels)
    plan = Plan(
        options.minutes,
        options.batch,
        options.rate,
        dropout=options.dropout,
        first=options.first_block,
        sizes=options.sizes,
        seed=options.seed,
        checkpoint_minutes=options.checkpoint_minutes,
        precision=precisions()[options.precision],
    )
    start = read_arrays(options.init) if options.init else _started(options, train, teacher)
    files: dict[str, Any] = {
        "out": options.out,
        "log": options.log or options.out.with_suffix(".jsonl"),
    }
    state = options.out.with_suffix(".state.npz") if options.resume else None
    interruption: Interruption = options.interruption
    kept: dict[str, Any] = {"start": start, "state": state}
    interruption.heeded(
        lambda stop: distil(plan, teacher, train, held_out, **files, **kept, stop=stop)
    )


def _started(options: Namespace, train: Sample, teacher: Teacher) -> Arrays:
    """Give VGG16 out of VGG-19, from the cache where it was made before."""
    kept = options.work / f"vgg16-of-vgg19-{options.width:g}.npz"
    if not kept.is_file():
        print(f"fitting VGG16 at width {options.width:g} to VGG-19", flush=True)
        some = _spread(train.pixels, FITTED_ON)
        save_arrays(
            kept,
            thinned(read_arrays(weights(options.teachers, "vgg19")), some, options.width),
            np.float32,
        )
    arrays = read_arrays(kept)
    return started(arrays, teacher, _spread(train.pixels, BEGUN_ON), side=options.sizes[0][1])


def _spread(pixels: U8, count: int) -> U8:
    return pixels[:: max(1, len(pixels) // count)][:count]
