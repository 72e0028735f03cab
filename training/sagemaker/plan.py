"""The steps of a job with all their arguments: channels in, a bundle among the checkpoints."""

import json
from dataclasses import dataclass
from pathlib import Path

from training.sagemaker import hyperparameters, layout
from training.sagemaker.container import Container

ENCODER, LOG = "encoder.npz", "encoder.jsonl"
BUNDLE, REPORT, TUNED = "bundle", "report.html", "tuned"
"""Among the checkpoints."""

OPTIONS = {
    "captioned": "--captioned",
    "extra": "--extra",
    "texts": "--texts",
    "sentences": "--text-teacher",
}
"""Of the steps, by the channel whose folder they name."""
SOURCES = ("captioned", "texts", "sentences")
"""Channels that `train` learns from, beside photographs and captions."""

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
    if encoder := hyperparameters.ready_made(given):
        model, made = kept / "model", _ready_made(container, encoder)
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
    sources = _folders(container, *SOURCES)
    train = ["--encoder", str(kept / ENCODER), "--out", str(model), *sources, "--resume"]
    made = [
        Step("prepare", "prepare", _folders(container, "captioned")),
        Step("distil", "distil", distil),
        Step("train", "train", train),
    ]
    if not tuned:
        return model, made
    both, end = kept / TUNED, kept / "tuned-model"
    tune = [*taught, "--encoder", str(kept / ENCODER), "--model", str(model), "--out", str(both)]
    tune += ["--resume"]
    train = ["--encoder", str(both / ENCODER), "--decoder", str(both / "decoder.npz")]
    train += ["--out", str(end), *sources, "--resume"]
    made += [Step("tune", "tune", tune), Step("train on what is tuned", "train", train)]
    return end, made


def _taught(container: Container) -> list[str]:
    teachers = layout.teachers_folder(container)
    return ["--teachers", str(teachers), *_folders(container, "captioned", "extra")]


def _ready_made(container: Container, encoder: list[str]) -> list[Step]:
    prepare = [*encoder, *_folders(container, "captioned")]
    train = ["--out", str(container.checkpoints / "model"), *_folders(container, *SOURCES)]
    train += ["--resume", *_weights(container, encoder[-1].partition("=")[2])]
    return [Step("prepare", "prepare", prepare), Step("train", "train", train)]


def _weights(container: Container, encoder: str) -> list[str]:
    """Name an encoder's weights: a teacher's own, or the file of channel ``weights``."""
    teachers = layout.optional_folder(container, "teachers")
    own = teachers / f"{encoder}.npz" if teachers else None
    file = own if own and own.is_file() else layout.only_file(container, "weights", "")
    return ["--weights", str(file)] if file else []


def _folders(container: Container, *channels: str) -> list[str]:
    found = {OPTIONS[name]: layout.optional_folder(container, name) for name in channels}
    return [part for option, folder in found.items() if folder for part in (option, str(folder))]


def _shipped(container: Container, model: Path, given: Given) -> list[Step]:
    kept = container.checkpoints
    scored = ["--bundle", str(kept / BUNDLE), "--model", str(model)]
    export = ["--model", str(model), "--out", str(kept / BUNDLE)]
    export += _folders(container, "captioned")
    logs = [f"--distilled={kept / LOG}", f"--tuned={kept / TUNED / 'tuning.jsonl'}"]
    return [
        Step("export", "export", [*export, *_origin(container, given["export"])]),
        Step("evaluate", "evaluate", [*scored, "--json"]),
        *_everyday(container, [*scored, "--json"]),
        Step("report", "report", [*scored, *logs, f"--out={kept / REPORT}"]),
    ]


def _everyday(container: Container, scored: list[str]) -> list[Step]:
    captioned = _folders(container, "captioned")
    return [Step("evaluate everyday", "evaluate", [*scored, *captioned])] if captioned else []


def _origin(container: Container, given: list[str]) -> list[str]:
    environment = container.environment
    origin = [
        f"--version={environment.get('TRAINING_JOB_NAME', '0')}",
        f"--commit={environment.get('IMAGE_REPO_COMMIT', '')}",
        f"--note=SageMaker training job; {json.dumps(container.hyperparameters(), sort_keys=True)}",
    ]
    said = {argument.partition("=")[0] for argument in given}
    return [argument for argument in origin if argument.partition("=")[0] not in said]
