"""``python -m training STEP``: the command line of the pipeline."""

import argparse
import importlib
import inspect
import os
import signal
import sys

from training import options
from training.errors import TrainingError
from training.interruption import Interrupted, Interruption
from training.sagemaker.command import sagemaker


def main(arguments: list[str] | None = None) -> int:
    """Run one step.

    Gives 0 when it went well, 2 with a message when an input is at fault, 143 where SIGTERM ended
    it.
    """
    given = parser().parse_args(arguments)
    try:
        with Interruption().noticed() as interruption:
            run_step(given, interruption)
    except TrainingError as error:
        print(f"training {given.step}: {error}", file=sys.stderr)
        return 2
    except Interrupted:
        print(f"training {given.step}: stopped by SIGTERM", file=sys.stderr)
        return 128 + signal.SIGTERM
    return 0


def run_step(given: argparse.Namespace, interruption: Interruption) -> None:
    """Run the step that the options given name: its module's ``run``."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    given.interruption = interruption
    # TensorFlow is imported only once the arguments are known to be right.
    importlib.import_module(f"training.{_MODULES.get(given.step, given.step)}").run(given)


def parser() -> argparse.ArgumentParser:
    """Make the parser of every step's options; a step's help is its function's docstring."""
    made = argparse.ArgumentParser(
        prog="python -m training",
        description="Makes the caption model's bundle: teachers, prepare, distil, train, tune,"
        " export, evaluate; pseudo captions what nobody did.",
        epilog="docs/training.md has the whole run with its times.",
    )
    steps = made.add_subparsers(dest="step", required=True, metavar="STEP")
    for add in _STEPS:
        told = inspect.getdoc(add) or ""
        about = told.partition("\n")[0].rstrip(".")
        add(steps.add_parser(add.__name__, help=about, description=told))
    return made


_STEPS = (
    options.teachers,
    options.prepare,
    options.distil,
    options.train,
    options.tune,
    options.pseudo,
    options.export,
    options.evaluate,
    options.report,
    sagemaker,
)
_MODULES = {"report": "report.page", "sagemaker": "sagemaker.command"}

if __name__ == "__main__":
    sys.exit(main())
