"""Hyperparameters named ``STEP.OPTION``: the options of the pipeline's own steps.

``distil.minutes = "600"`` is ``python -m training distil --minutes 600``; so each option
of a step is a hyperparameter, checked by the parser that checks it on a command line.
"""

import contextlib
import io
from argparse import Namespace
from collections.abc import Mapping, Sequence

from training.errors import TrainingError

STEPS = ("prepare", "distil", "train", "tune", "export", "evaluate", "report")
"""In the order they run; `tune` only where it is told its minutes, and `train` after it again."""

DEFAULTS = {"distil.minutes": "60"}

OWN = (
    "bundle", "captioned", "curve", "data", "decoder", "distilled", "extra", "init", "json",
    "judged", "log", "model", "out", "resume", "teachers", "text-teacher", "texts", "tuned",
    "weights", "work",
)  # fmt: skip
"""Options that the job sets: where things lie."""


def arguments(hyperparameters: Mapping[str, str]) -> dict[str, list[str]]:
    """Give each step's arguments.

    ``"true"`` and ``"false"`` set and leave out an option that takes no value.

    Raises
    ------
    TrainingError
        For a name that is no step's option, or one that the job sets itself.
    """
    given: dict[str, list[str]] = {step: [] for step in STEPS}
    for name, value in sorted((DEFAULTS | dict(hyperparameters)).items()):
        step, dot, option = name.partition(".")
        if step not in STEPS or not dot or not option:
            raise TrainingError(
                f"hyperparameter {name}: expected STEP.OPTION, with STEP of {', '.join(STEPS)}"
            )
        # A prefix of an option's name is as good as the name to argparse.
        if any(own.startswith(option) for own in OWN):
            raise TrainingError(f"hyperparameter {name}: the job sets it, from its channels")
        given[step] += _option(option, value)
    return given


def ready_made(given: Mapping[str, Sequence[str]]) -> list[str]:
    """Give `train`'s argument that names an encoder, where one is trained on as it is."""
    return [argument for argument in given["train"] if argument.startswith("--encoder=")]


def parsed(step: str, given: Sequence[str]) -> Namespace:
    """Parse one step's arguments.

    Raises
    ------
    TrainingError
        With what the step's parser says.
    """
    # The module that is the program imports this one.
    from training.__main__ import parser  # noqa: PLC0415

    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return parser().parse_args([step, *given])
    except SystemExit:
        complaint = said.getvalue().strip().rpartition("error: ")[2]
        raise TrainingError(f"hyperparameters of {step}: {complaint}") from None


def checked(hyperparameters: Mapping[str, str]) -> None:
    """Refuse hyperparameters that the job would refuse, before anything is paid for."""
    each = arguments(hyperparameters)
    anywhere = {
        "prepare": ready_made(each),
        "distil": ["--teachers", "t", "--out", "o"],
        "train": ["--encoder", "e", "--out", "o"],
        "tune": ["--teachers", "t", "--encoder", "e", "--model", "m", "--out", "o"],
        "export": ["--model", "m", "--out", "o", "--version", "v"],
        "evaluate": [],
        "report": [],
    }
    for step, given in each.items():
        if step == "tune" and not given:
            continue
        parsed(step, ["--data", "d", *anywhere[step], *given])


def _option(option: str, value: str) -> list[str]:
    if value in ("true", "false"):
        return [f"--{option}"] if value == "true" else []
    return [f"--{option}={value}"]
