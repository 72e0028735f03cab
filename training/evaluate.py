"""``evaluate``: all that is known of a bundle on one split. Needs no TensorFlow."""

import json
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioner.vision import bundle
from captioner.vision.manifest import FILE, BundleError
from training import dataset
from training.errors import TrainingError
from training.evaluation import Described, describe, figures
from training.logs import bar
from training.scores import cider
from training.serving import serving_cost

FLOAT_ENCODER = "encoder-float.onnx"
"""What ``train`` leaves beside the quantised encoder."""


@dataclass(frozen=True)
class Evaluated:
    """A bundle's own ``bundle.json``, its predictions, and every figure by name."""

    document: dict[str, Any]
    described: Described
    figures: dict[str, Any]


def run(options: Namespace) -> None:
    """Print the figures, as a table or as one line of JSON."""
    found = evaluate(options).figures
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:28} {_readable(value)}")


def _readable(value: Any) -> str:
    if isinstance(value, list):
        return "predicted%: right% (captions)  " + "  ".join(
            f"{predicted:g}: {right:g} ({count})" for predicted, right, count in value
        )
    return "-" if value is None else str(value)


def evaluate(options: Namespace) -> Evaluated:
    """Score a bundle, with a bar of progress on standard error.

    Raises
    ------
    TrainingError
        For a bundle that does not load, a split that is not there, or a damaged photograph.
    """
    if options.captioned:
        split = dataset.read_everyday(options.captioned, "dev")
    else:
        split = dataset.read_split(options.data, options.split)
    folder: Path = options.bundle or bundle.DEFAULT_BUNDLE
    try:
        model = bundle.load(folder)
    except BundleError as error:
        raise TrainingError(str(error)) from error
    document = json.loads((folder / FILE).read_text(encoding="utf-8"))
    described = _described(options, folder, split, "captioning")
    found: dict[str, Any] = {"bundle": f"{model.name} {model.version}"}
    found |= figures(model, described, options.beam, model.confidence)
    # Once the photographs are known to decode, and the captioning processes are gone.
    found |= serving_cost(folder, split.photographs, options.beam)
    found |= _quantisation(options, folder, document, described)
    return Evaluated(document, described, found)


def _described(
    options: Namespace, folder: Path, split: dataset.Split, doing: str, encoder: Path | None = None
) -> Described:
    with bar(doing, len(split.photographs)) as advance:
        return describe(folder, split, options.beam, options.workers, advance, encoder_file=encoder)


def _quantisation(
    options: Namespace, folder: Path, document: dict[str, Any], described: Described
) -> dict[str, Any]:
    """CIDEr with the float encoder: measured where it is at hand, else what export noted."""
    encoder = options.model / FLOAT_ENCODER if options.model else None
    split = described.split
    if encoder and encoder.is_file():
        unquantised = _described(options, folder, split, "the same, float encoder", encoder)
        real = cider(unquantised.texts, split.captions)
        cost = round(real - cider(described.texts, split.captions), 2)
        source = f"measured on {split.name}, beam {options.beam}"
    elif noted := document.get("quantisation"):
        real, cost = noted["cider_float32"], noted["cost"]
        source = f"bundle.json: dev, beam {noted['beam']}"
    else:
        return {"quantisation": "not measured: bundle.json has no figure, no float encoder given"}
    return {"cider_float32": real, "quantisation_cost": cost, "quantisation": source}
