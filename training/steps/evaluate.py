"""``evaluate``: score a bundle on a split. Needs no TensorFlow."""

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

from captioner.vision.bundle import DEFAULT_BUNDLE
from training import dataset
from training.errors import TrainingError
from training.evaluating import EvaluationRequest, evaluate
from training.evaluation import Described
from training.everyday import read_everyday


def run(options: Namespace) -> None:
    """Print the figures, as a table or as one line of JSON."""
    if options.captions and options.captions.is_dir():
        raise TrainingError(f"--captions: {options.captions} is a folder, not a file")
    evaluated = evaluate(request(options))
    found = evaluated.figures
    if options.captions:
        _leave_captions(evaluated.described, options.captions)
    if options.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:28} {_readable(value)}")


def _leave_captions(described: Described, out: Path) -> None:
    pairs = zip(described.split.photographs, described.texts, strict=True)
    lines = (json.dumps({"file": path.name, "captions": [text]}) for path, text in pairs)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def request(options: Namespace) -> EvaluationRequest:
    """Read the split and say what is to be evaluated."""
    if options.captioned:
        split = read_everyday(options.captioned, "dev")
    else:
        split = dataset.read_split(options.data, options.split)
    return EvaluationRequest(
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
