"""``distil``: make VGG16 out of VGG-19, and teach it what EfficientNet-Lite2 sees."""

from argparse import Namespace
from typing import Any

import numpy as np

from training.arrays import Arrays, read_arrays, save_arrays
from training.distil import DistillationPlan, distil, started
from training.feeding import Sample
from training.interruption import Interruption
from training.networks import precisions
from training.onnx_weights import read_encoder
from training.photographs import spread
from training.samples import read_samples, read_teacher
from training.teachers import weights
from training.vgg import fitted

FITTED_ON, BEGUN_ON = 300, 1500
"""Photographs that VGG-19's kernels and the heads are fitted on."""


def run(options: Namespace) -> None:
    """Distil for the minutes given."""
    train, held_out = read_samples(options)
    teacher = read_teacher(options, train.pixels)
    plan = DistillationPlan(
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
    start = read_encoder(options.init) if options.init else _made(options, train)
    if "adapter/kernel" not in start:
        some = spread(train.pixels, BEGUN_ON)
        start = started(start, teacher, some, side=options.sizes[0][1])
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


def _made(options: Namespace, train: Sample) -> Arrays:
    kept = options.work / "vgg16-of-vgg19-1.npz"
    if not kept.is_file():
        print("fitting VGG16 to VGG-19", flush=True)
        some = spread(train.pixels, FITTED_ON)
        vgg19 = read_arrays(weights(options.teachers, "vgg19"))
        save_arrays(kept, fitted(vgg19, some), np.float32)
    return read_arrays(kept)
