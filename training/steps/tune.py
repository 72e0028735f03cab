"""``tune``: let the captions' gradient reach the encoder."""

from argparse import Namespace

import numpy as np

from captioner.vision import tokenizer
from captioner.vision.frame import to_square
from training import parts
from training.everyday import read_splits
from training.interruption import Interruption
from training.networks import precisions
from training.samples import read_samples, read_teacher
from training.tuning import Captions, TuningPlan, tune


def run(options: Namespace) -> None:
    """Train encoder and decoder on, together, leaving both in ``options.out``."""
    train, held_out = read_samples(options)
    teacher = read_teacher(options, train.pixels)
    plan = TuningPlan(
        options.minutes,
        side=parts.read(options.model).side,
        rate=options.rate,
        seed=options.seed,
        precision=precisions()[options.precision],
    )
    words = tokenizer.load(options.model / "tokenizer.json")
    texts = (
        [group for split in splits for group in split.captions] for splits in read_splits(options)
    )
    captions = Captions(words, *texts)
    squares = np.stack([to_square(photograph, plan.side) for photograph in held_out.pixels])
    files = {"encoder": options.encoder, "decoder": options.model / "decoder.npz"}
    interruption: Interruption = options.interruption
    kept = {"out": options.out, "resume": options.resume}
    interruption.heeded(
        lambda stop: tune(plan, teacher, train, squares, captions, **files, **kept, stop=stop)
    )
