"""``distil``: teach vgg16-slim what the teacher sees."""

from __future__ import annotations

from argparse import Namespace

from training.distil import Plan, distil
from training.interruption import Interruption
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
        dropout=options.dropout,
        sizes=options.sizes,
        seed=options.seed,
        checkpoint_minutes=options.checkpoint_minutes,
        precision=precisions()[options.precision],
    )
    files = {"out": options.out, "log": options.log or options.out.with_suffix(".jsonl")}
    state = options.out.with_suffix(".state.npz") if options.resume else None
    interruption: Interruption = options.interruption
    kept = {"init": options.init, "state": state}
    interruption.heeded(lambda stop: distil(plan, train, held_out, **files, **kept, stop=stop))
