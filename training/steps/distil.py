"""``distil``: teach vgg16-slim what the teacher sees."""

from __future__ import annotations

from argparse import Namespace

from training.distil import Plan, distil
from training.precision import precisions
from training.steps.prepare import samples

__all__ = ["run"]


def run(options: Namespace) -> None:
    """Distil for the minutes given."""
    train, held_out = samples(options)
    plan = Plan(
        options.minutes,
        options.batch,
        options.rate,
        sizes=options.sizes,
        seed=options.seed,
        precision=precisions()[options.precision],
    )
    log = options.log or options.out.with_suffix(".jsonl")
    distil(plan, train, held_out, out=options.out, log=log, init=options.init)
