"""``python -m training STEP``: the command line of the pipeline."""

import importlib
import os
import signal
import sys
from argparse import Namespace

from training import options
from training.errors import TrainingError
from training.interruption import Interrupted, Interruption
from training.sagemaker.command import sagemaker


def main(arguments: list[str] | None = None) -> int:
    """Run one step.

    Gives 0 when it went well, 2 with a message when an input is at fault, 143 where SIGTERM ended
    it.
    """
    given = options.parser(sagemaker).parse_args(arguments)
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


def run_step(given: Namespace, interruption: Interruption) -> None:
    """Run the step that the options given name: its module's ``run``."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    given.interruption = interruption
    # TensorFlow is imported only once the arguments are known to be right.
    importlib.import_module(f"training.{_MODULES.get(given.step, given.step)}").run(given)


_MODULES = {"report": "report.page", "sagemaker": "sagemaker.command"}

if __name__ == "__main__":
    sys.exit(main())
