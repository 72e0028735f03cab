"""What the training container runs: ``python -m training.sagemaker train``."""

import argparse
import os
import signal
import sys
import traceback
from pathlib import Path

from training.errors import TrainingError
from training.interruption import Interrupted, Interruption
from training.sagemaker import job
from training.sagemaker.container import ROOT, Container


def main(arguments: list[str] | None = None) -> int:
    """Run the job.

    Returns
    -------
    int
        0 with a bundle in the model folder, 1 with the reason in ``output/failure``, 143
        where SIGTERM ended it: never 0 without a bundle.
    """
    options = _parser().parse_args(arguments)
    container = Container(options.root, os.environ)
    try:
        with Interruption().noticed() as interruption:
            job.run(container, interruption)
    except Interrupted:
        print("stopped by SIGTERM; started again, the job goes on", flush=True)
        return 128 + signal.SIGTERM
    except TrainingError as error:
        return _failed(container, str(error))
    except Exception as error:
        return _failed(container, f"{type(error).__name__}: {error}", traceback.format_exc())
    return 0


def _failed(container: Container, reason: str, detail: str = "") -> int:
    container.fail(reason, detail)
    print(f"failed: {reason}\n{detail}", file=sys.stderr, flush=True)
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.sagemaker", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["train"], default="train")
    parser.add_argument(
        "--root", type=Path, default=ROOT, help="SageMaker's folder (default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
