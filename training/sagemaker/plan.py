"""The steps of a job with all their arguments: channels in, a bundle among the checkpoints."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from training.errors import DatasetError
from training.sagemaker import layout
from training.sagemaker.container import Container

__all__ = ["BUNDLE", "REPORT", "Step", "steps"]

ENCODER, LOG = "encoder.npz", "encoder.jsonl"
BUNDLE, REPORT = "bundle", "report.html"
"""Among the checkpoints."""

Given = dict[str, list[str]]


@dataclass(frozen=True)
class Step:
    """One run of a step; ``name`` tells it from another run of the same."""

    name: str
    step: str
    arguments: list[str]


def steps(container: Container, given: Given) -> list[Step]:
    """Give every step with all its arguments, in order.

    Parameters
    ----------
    given
        Each step's arguments that the hyperparameters gave.

    Raises
    ------
    DatasetError
        If a channel is missing or holds what it should not.
    """
    kept = container.checkpoints
    shared = ["--data", str(layout.data_folder(container)), "--work", str(kept / "work")]
    ready_made = [name for name in given["train"] if name.startswith("--encoder=")]
    if ready_made:
        model, made = kept / "model", _ready_made(container, ready_made)
    else:
        model, made = _distilled(container, tuned=bool(given["tune"]))
    made += _shipped(container, model, given)
    return [Step(s.name, s.step, [*shared, *s.arguments, *given[s.step]]) for s in made]


def _distilled(container: Container, *, tuned: bool) -> tuple[Path, list[Step]]:
    """Make the encoder here; give also where its model's parts will lie."""
    kept = container.checkpoints
    model, taught = kept / "model", _taught(container)
    distil = [*taught, "--out", str(kept / ENCODER), "--resume"]
    if init := layout.only_file(container, "init", ".npz"):
        distil += ["--init", str(init)]
    made = [
        Step("prepare", "prepare", taught),
        Step("distil", "distil", distil),
        Step("train", "train", ["--encoder", str(kept / ENCODER), "--out", str(model), "--resume"]),
    ]
    if not tuned:
        return model, made
    both, end = kept / "tuned", kept / "tuned-model"
    tune = [*taught, "--encoder", str(kept / ENCODER), "--model", str(model), "--out", str(both)]
    tune += ["--resume"]
    train = ["--encoder", str(both / ENCODER), "--decoder", str(both / "decoder.npz")]
    made += [
        Step("tune", "tune", tune),
        Step("train on what is tuned", "train", [*train, "--out", str(end), "--resume"]),
    ]
    return end, made


def _taught(container: Container) -> list[str]:
    teacher = layout.only_file(container, "teacher", ".npz")
    if teacher is None:
        raise DatasetError("channel teacher: missing; distilling wants a teacher's weights")
    extra = layout.optional_folder(container, "extra")
    return ["--teacher", str(teacher), *(["--extra", str(extra)] if extra else [])]


def _ready_made(container: Container, encoder: list[str]) -> list[Step]:
    """Take an encoder that is trained already, as ImageNet's VGG16."""
    weights = layout.only_file(container, "weights", "")
    train = ["--out", str(container.checkpoints / "model"), "--resume"]
    train += ["--weights", str(weights)] if weights else []
    return [Step("prepare", "prepare", encoder), Step("train", "train", train)]


def _shipped(container: Container, model: Path, given: Given) -> list[Step]:
    kept = container.checkpoints
    scored = ["--bundle", str(kept / BUNDLE), "--model", str(model)]
    export = ["--model", str(model), "--out", str(kept / BUNDLE)]
    report = [f"--distilled={kept / LOG}", f"--out={kept / REPORT}"]
    return [
        Step("export", "export", [*export, *_origin(container, given["export"])]),
        Step("evaluate", "evaluate", [*scored, "--json"]),
        Step("report", "report", [*scored, *report]),
    ]


def _origin(container: Container, given: list[str]) -> list[str]:
    environment = container.environment
    origin = [
        f"--version={environment.get('TRAINING_JOB_NAME', '0')}",
        f"--commit={environment.get('IMAGE_REPO_COMMIT', '')}",
        f"--note=SageMaker training job; {json.dumps(container.hyperparameters(), sort_keys=True)}",
    ]
    said = {argument.partition("=")[0] for argument in given}
    return [argument for argument in origin if argument.partition("=")[0] not in said]
