"""Everything that is known of a bundle on one split: scores, costs, what quantisation took."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from captioner.vision.beam import WIDTH
from captioner.vision.bundle import DEFAULT_BUNDLE, load
from captioner.vision.manifest import FILE, BundleError
from captioner.vision.model import Model
from training.dataset import Split
from training.errors import TrainingError
from training.evaluation import Described, SeenBy, describe_in_parallel, figures
from training.logs import bar
from training.scores import cider
from training.serving import serving_cost

FLOAT_ENCODER = "encoder-float.onnx"
"""What ``train`` leaves beside the quantised encoder."""


@dataclass(frozen=True)
class EvaluationRequest:
    """What is to be evaluated: a bundle, on a split, and how.

    ``parts`` is the folder that ``train`` left, where it is at hand.
    """

    split: Split
    beam: int = WIDTH
    workers: int = 2
    bundle: Path = DEFAULT_BUNDLE
    parts: Path | None = None


@dataclass(frozen=True)
class Evaluated:
    """A bundle's own ``bundle.json``, its predictions, and every figure by name."""

    document: dict[str, Any]
    described: Described
    figures: dict[str, Any]


def evaluate(request: EvaluationRequest) -> Evaluated:
    """Score a bundle, with a bar of progress on standard error.

    Raises
    ------
    TrainingError
        For a bundle that does not load, or a photograph that does not decode.
    """
    model, document = _model(request.bundle)
    found: dict[str, Any] = {"bundle": f"{model.name} {model.version}"}
    described = _described(request, None, "captioning")
    found |= figures(model, described, request.beam)
    # Once the photographs are known to decode, and the captioning processes are gone.
    found |= serving_cost(request.bundle, request.split.photographs, request.beam)
    found |= _quantisation(request, document, described)
    return Evaluated(document, described, found)


def _model(bundle: Path) -> tuple[Model, dict[str, Any]]:
    try:
        model = load(bundle)
    except BundleError as error:
        raise TrainingError(str(error)) from error
    return model, json.loads((bundle / FILE).read_text(encoding="utf-8"))


def _described(request: EvaluationRequest, encoder: Path | None, doing: str) -> Described:
    with bar(doing, len(request.split.photographs)) as advance:
        seen_by = SeenBy(request.bundle, encoder)
        return describe_in_parallel(seen_by, request.split, request.beam, request.workers, advance)


def _quantisation(
    request: EvaluationRequest, document: dict[str, Any], described: Described
) -> dict[str, Any]:
    """CIDEr with the float encoder: measured where it is at hand, else what export noted."""
    encoder = request.parts / FLOAT_ENCODER if request.parts else None
    if encoder and encoder.is_file():
        unquantised = _described(request, encoder, "the same, float encoder")
        real = cider(unquantised.texts, described.split.captions)
        cost = round(real - cider(described.texts, described.split.captions), 2)
        source = f"measured on {described.split.name}, beam {request.beam}"
    elif noted := document.get("quantisation"):
        real, cost = noted["cider_float32"], noted["cost"]
        source = f"bundle.json: dev, beam {noted['beam']}"
    else:
        return {"quantisation": "not measured: bundle.json has no figure, no float encoder given"}
    return {"cider_float32": real, "quantisation_cost": cost, "quantisation": source}
