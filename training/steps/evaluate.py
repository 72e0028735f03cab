"""``evaluate``: score a bundle on a split. Needs no TensorFlow."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from captioner.vision.bundle import DEFAULT_BUNDLE
from training import dataset
from training.evaluating import Wish, evaluate
from training.everyday import read_everyday

__all__ = ["run", "wish"]


def run(options: Namespace) -> None:
    """Print the figures, as a table or as one line of JSON."""
    found = evaluate(wish(options)).figures
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:28} {_readable(value)}")


def wish(options: Namespace) -> Wish:
    """Read the split and say what is to be evaluated."""
    if options.captioned:
        split = read_everyday(options.captioned, "dev")
    else:
        split = dataset.read_split(options.data, options.split)
    return Wish(
        split,
        options.beam,
        options.workers,
        options.bundle or DEFAULT_BUNDLE,
        options.model,
    )


def _readable(value: Any) -> str:
    if isinstance(value, list):
        return "predicted%: right% (captions)  " + "  ".join(
            f"{predicted:g}: {right:g} ({count})" for predicted, right, count in value
        )
    return "-" if value is None else str(value)
