"""``python -m training STEP``: the command line of the pipeline."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

from training import evaluation_options
from training.errors import TrainingError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one step; 0 when it went well, 2 with a message when an input is at fault."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        # TensorFlow is imported only once the arguments are known to be right.
        importlib.import_module(f"training.steps.{options.step}").run(options)
    except TrainingError as error:
        print(f"training {options.step}: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description="Makes the caption model's bundle: prepare, distil, train, evaluate, export.",
        epilog="docs/training.md has the whole run with its times.",
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP")
    evaluating = evaluation_options.evaluate, evaluation_options.report
    for add in (_prepare, _distil, _train, *evaluating, _export):
        _shared(add(steps))
    return parser


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


def _prepare(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    step = steps.add_parser("prepare", help="check the data, decode photographs, teacher's maps")
    _teacher(step)
    return step


def _teacher(step: argparse.ArgumentParser) -> None:
    step.add_argument("--extra", type=Path, help="folder of further photographs, without captions")
    step.add_argument("--teacher", type=Path, required=True, help="ResNet-50 weights, .npz")


def _distil(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    step = steps.add_parser("distil", help="teach vgg16-slim what the teacher sees")
    _teacher(step)
    step.add_argument("--init", type=Path, help="weights to go on from; random when not given")
    step.add_argument(
        "--minutes", type=float, required=True, help="how long; the rate anneals to it"
    )
    step.add_argument("--out", type=Path, required=True, help="where the weights go, .npz")
    step.add_argument("--batch", type=int, default=32, help="photographs a step")
    step.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    step.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of products and activations; auto: bfloat16 where the processor or GPU"
        " multiplies it (default: %(default)s)",
    )
    step.add_argument(
        "--sizes",
        type=_sizes,
        default=((0.25, 64), (0.55, 96), (0.2, 128)),
        help="share of the time at each input side, as 0.25:64,0.55:96,0.2:128",
    )
    step.add_argument(
        "--log", type=Path, help="JSON lines of held-out figures (default: beside --out)"
    )
    return step


def _train(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    step = steps.add_parser("train", help="train decoder, text encoder and projections")
    step.add_argument("--encoder", type=Path, required=True, help="distilled weights, .npz")
    step.add_argument("--out", type=Path, required=True, help="folder for the bundle's parts")
    step.add_argument(
        "--recipe",
        choices=("attention", "baseline"),
        default="attention",
        help="baseline: the prototype's, on the pooled map (default: %(default)s)",
    )
    step.add_argument("--side", type=_side, default=160, help="encoder input, pixels")
    step.add_argument("--epochs", type=int, default=12, help="over all captions, at most")
    step.add_argument("--minutes", type=float, default=600.0, help="for the decoder, at most")
    step.add_argument("--decoder", type=Path, help="go on from this checkpoint; skips the epochs")
    step.add_argument(
        "--critical-epochs", type=int, default=3, help="of training on CIDEr itself, afterwards"
    )
    step.add_argument(
        "--views", type=int, default=2, help="of each photograph: whole, then random crops"
    )
    return step


def _export(steps: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    step = steps.add_parser("export", help="make the bundle, with its metrics on dev")
    step.add_argument("--model", type=Path, required=True, help="folder that train left")
    step.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    step.add_argument("--version", required=True, help="of the bundle, as 0.1.0")
    step.add_argument("--commit", default="", help="of the code that trained it")
    step.add_argument("--note", default="", help="how it was trained, for bundle.json")
    return step


def _side(text: str) -> int:
    if not text.isdigit() or int(text) % 32 or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: a side must be a multiple of 32")
    return int(text)


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
