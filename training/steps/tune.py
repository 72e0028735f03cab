"""``tune``: let the captions' gradient reach the encoder."""

from __future__ import annotations

from argparse import Namespace

from captioner.vision import tokenizer
from training import dataset, parts
from training.interruption import Interruption
from training.precision import precisions
from training.steps.prepare import samples
from training.tuning import Captions, TuningPlan, tune

__all__ = ["run"]


def run(options: Namespace) -> None:
    """Train encoder and decoder on, together, leaving both in ``options.out``."""
    train, held_out = samples(options)
    splits = dataset.read_apart(options.data)
    plan = TuningPlan(
        options.minutes,
        side=parts.read(options.model).side,
        rate=options.rate,
        seed=options.seed,
        precision=precisions()[options.precision],
    )
    words = tokenizer.load(options.model / "tokenizer.json")
    captions = Captions(words, *(split.captions for split in splits))
    files = {"encoder": options.encoder, "decoder": options.model / "decoder.npz"}
    interruption: Interruption = options.interruption
    kept = {"out": options.out, "resume": options.resume}
    interruption.heeded(
        lambda stop: tune(plan, train, held_out, captions, **files, **kept, stop=stop)
    )
