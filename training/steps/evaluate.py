"""``evaluate``: score a bundle on a split. Needs no TensorFlow."""

from __future__ import annotations

import json
from argparse import Namespace

from captioner.vision.bundle import DEFAULT_BUNDLE, BundleError, load
from training import dataset
from training.errors import TrainingError
from training.evaluation import describe_split, figures

__all__ = ["run"]


def run(options: Namespace) -> None:
    """Print the figures, as a table or as one line of JSON."""
    split = dataset.read_split(options.data, options.split)
    try:
        model = load(options.bundle or DEFAULT_BUNDLE)
    except BundleError as error:
        raise TrainingError(str(error)) from error
    found = {"bundle": f"{model.name} {model.version}"}
    found |= figures(model, describe_split(model, split, options.beam), options.beam)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:24} {value}")
    if "meteor" not in found:
        print("meteor                   not scored: no java on this machine")
