"""The steps of a job with all their arguments: channels and hyperparameters in, a bundle out.

Hyperparameters are named ``STEP.OPTION``: ``distil.minutes = "600"`` is ``python -m training
distil --minutes 600``; so each option of a step is one, checked by the parser of the command line.
"""

import contextlib
import io
import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.errors import DatasetError, TrainingError
from training.options import parser
from training.sagemaker.container import Container

STEPS = ("prepare", "distil", "train", "tune", "export", "words", "evaluate", "report")
"""In the order they run; `tune` only where it is told its minutes, and `train` after it again."""

DEFAULTS = {"distil.minutes": "60"}

OWN = (
    "bundle", "captioned", "curve", "data", "decoder", "distilled", "extra", "init", "json",
    "judged", "model", "out", "resume", "teachers", "text-teacher", "texts", "tuned", "weights",
    "work",
)  # fmt: skip
"""Options that the job sets: where things lie."""

ENCODER, LOG = "encoder.npz", "encoder.jsonl"
BUNDLE, REPORT, TUNED = "bundle", "report.html", "tuned"
"""Among the checkpoints."""

TEACHERS = ("vgg19.npz", "efficientnet-lite2.npz")
OPTIONS = {
    "captioned": "--captioned",
    "extra": "--extra",
    "texts": "--texts",
    "sentences": "--text-teacher",
}
"""Of the steps, by the channel whose folder they name."""

_NUMBER = "([0-9.e+-]+)"
_DEV, _EVERYDAY = (f'"split": "{name}".*' for name in ("dev", "everyday-dev"))

METRICS: dict[str, str] = {
    "distil:seen": f'"seen": {_NUMBER}, "size"',
    "distil:explained": f'"explained": {_NUMBER}',
    "distil:pooled": f'"pooled": {_NUMBER}',
    "distil:same_class": f'"same_class": {_NUMBER}',
    "distil:word_map": f'"word_map": {_NUMBER}',
    "space:loss": f'"loss": {_NUMBER}, "r1"',
    "space:text_to_image_r10": f'"epoch": .*"r10": {_NUMBER}',
    "language:dev_perplexity": f'"dev_perplexity": {_NUMBER}',
    "decoder:loss": f'"loss": {_NUMBER}, "dev_cider"',
    "decoder:dev_cider": f'"dev_cider": {_NUMBER}',
    "decoder:everyday_cider": f'"everyday_cider": {_NUMBER}',
    "decoder:reward": f'"reward": {_NUMBER}',
    "dev:cider": f'{_DEV}"cider": {_NUMBER}',
    "dev:bleu1": f'{_DEV}"bleu1": {_NUMBER}',
    "dev:bleu4": f'{_DEV}"bleu4": {_NUMBER}',
    "dev:text_to_image_r1": f'{_DEV}"text_to_image_r1": {_NUMBER}',
    "dev:text_to_image_r5": f'{_DEV}"text_to_image_r5": {_NUMBER}',
    "dev:text_to_image_r10": f'{_DEV}"text_to_image_r10": {_NUMBER}',
    "dev:text_to_image_median_rank": f'{_DEV}"text_to_image_median_rank": {_NUMBER}',
    "everyday:cider": f'{_EVERYDAY}"cider": {_NUMBER}',
    "everyday:text_to_image_r10": f'{_EVERYDAY}"text_to_image_r10": {_NUMBER}',
}
"""What the console plots: name in CloudWatch to regular expression in what the steps print."""

Given = dict[str, list[str]]


def arguments(hyperparameters: Mapping[str, str]) -> Given:
    """Give each step's arguments.

    ``"true"`` and ``"false"`` set and leave out an option that takes no value. Raises
    `TrainingError` for a name that is no step's option, or one that the job sets itself.
    """
    given: Given = {step: [] for step in STEPS}
    for name, value in sorted((DEFAULTS | dict(hyperparameters)).items()):
        step, dot, option = name.partition(".")
        if step not in STEPS or not dot or not option:
            raise TrainingError(
                f"hyperparameter {name}: expected STEP.OPTION, with STEP of {', '.join(STEPS)}"
            )
        # A prefix of an option's name is as good as the name to argparse.
        if any(own.startswith(option) for own in OWN):
            raise TrainingError(f"hyperparameter {name}: the job sets it, from its channels")
        if value != "false":
            given[step].append(f"--{option}" if value == "true" else f"--{option}={value}")
    return given


def parsed(step: str, given: Sequence[str]) -> Namespace:
    """Parse one step's arguments; raises `TrainingError` with what the step's parser says."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parser().parse_args([step, *given])
    except SystemExit:
        complaint = said.getvalue().strip().rpartition("error: ")[2]
        raise TrainingError(f"hyperparameters of {step}: {complaint}") from None


def check(hyperparameters: Mapping[str, str]) -> None:
    """Refuse hyperparameters that the job would refuse, before anything is paid for."""
    each = arguments(hyperparameters)
    anywhere = {
        "prepare": _ready_made(each),
        "distil": ["--teachers", "t", "--out", "o"],
        "train": ["--encoder", "e", "--out", "o"],
        "tune": ["--teachers", "t", "--encoder", "e", "--model", "m", "--out", "o"],
        "export": ["--model", "m", "--out", "o", "--version", "v"],
        "words": ["--bundle", "b"],
    }
    for step, given in each.items():
        if given or step != "tune":
            parsed(step, ["--data", "d", *anywhere.get(step, []), *given])


def _ready_made(given: Given) -> list[str]:
    """Give `train`'s argument that names an encoder, where one is trained on as it is."""
    return [argument for argument in given["train"] if argument.startswith("--encoder=")]


@dataclass(frozen=True)
class Step:
    """One run of a step: the first word of its name; the rest tells it from another run."""

    name: str
    arguments: list[str]

    @property
    def step(self) -> str:
        """Of `STEPS`."""
        return self.name.split()[0]


def steps(container: Container, given: Given) -> list[Step]:
    """Give every step with its arguments, in order; raises `DatasetError` for a bad channel."""
    kept = container.checkpoints
    shared = ["--data", str(container.data_folder()), "--work", str(kept / "work")]
    model, made = kept / "model", _ready(container, given) or _distilled(container)
    if given["tune"] and not _ready_made(given):
        model = kept / "tuned-model"
        made += _tuned(container, model)
    made += _shipped(container, model, given)
    return [Step(one.name, [*shared, *one.arguments, *given[one.step]]) for one in made]


def _distilled(container: Container) -> list[Step]:
    kept = container.checkpoints
    distil = [*_taught(container), "--out", str(kept / ENCODER), "--resume"]
    if init := container.only_file("init", ".npz"):
        distil += ["--init", str(init)]
    return [
        Step("prepare", _folders(container, "captioned")),
        Step("distil", distil),
        Step("train", _train(container, kept / "model", "--encoder", str(kept / ENCODER))),
    ]


def _tuned(container: Container, model: Path) -> list[Step]:
    kept, both = container.checkpoints, container.checkpoints / TUNED
    tune = ["--encoder", str(kept / ENCODER), "--model", str(kept / "model"), "--out", str(both)]
    on = ["--encoder", str(both / ENCODER), "--decoder", str(both / "decoder.npz")]
    return [
        Step("tune", [*_taught(container), *tune, "--resume"]),
        Step("train on what is tuned", _train(container, model, *on)),
    ]


def _ready(container: Container, given: Given) -> list[Step]:
    encoder = _ready_made(given)
    if not encoder:
        return []
    teachers = container.channel("teachers")
    own = teachers / f"{encoder[-1].partition('=')[2]}.npz" if teachers else None
    file = own if own and own.is_file() else container.only_file("weights")
    weights = ["--weights", str(file)] if file else []
    return [
        Step("prepare", [*encoder, *_folders(container, "captioned")]),
        Step("train", _train(container, container.checkpoints / "model", *weights)),
    ]


def _train(container: Container, model: Path, *on: str) -> list[str]:
    sources = _folders(container, "captioned", "texts", "sentences")
    return [*on, "--out", str(model), *sources, "--resume"]


def _taught(container: Container) -> list[str]:
    folder = container.channel("teachers")
    if folder is None:
        raise DatasetError("channel teachers: missing; the step of that name leaves its files")
    for name in TEACHERS:
        if not (folder / name).is_file():
            raise DatasetError(f"channel teachers: no {name}; the step of that name leaves it")
    return ["--teachers", str(folder), *_folders(container, "captioned", "extra")]


def _folders(container: Container, *channels: str) -> list[str]:
    found = {OPTIONS[name]: container.channel(name) for name in channels}
    return [part for option, folder in found.items() if folder for part in (option, str(folder))]


def _shipped(container: Container, model: Path, given: Given) -> list[Step]:
    kept, captioned = container.checkpoints, _folders(container, "captioned")
    export = ["--model", str(model), "--out", str(kept / BUNDLE), *captioned]
    scored = ["--bundle", str(kept / BUNDLE), "--model", str(model)]
    logs = [f"--distilled={kept / LOG}", f"--tuned={kept / TUNED / 'tuning.jsonl'}"]
    everyday = [Step("evaluate everyday", [*scored, "--json", *captioned])] if captioned else []
    return [
        Step("export", [*export, *_origin(container, given["export"])]),
        Step("words", ["--bundle", str(kept / BUNDLE), *captioned]),
        Step("evaluate", [*scored, "--json"]),
        *everyday,
        Step("report", [*scored, *logs, f"--out={kept / REPORT}"]),
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
