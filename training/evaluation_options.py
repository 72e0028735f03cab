"""The options of ``evaluate``, ``report`` and ``pseudo``, which caption by a bundle."""

import argparse
import os
from pathlib import Path

from captioner.vision.beam import WIDTH
from training import step_options

Steps = argparse._SubParsersAction


def evaluate(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``evaluate``."""
    step = steps.add_parser(
        "evaluate",
        help="score a bundle on photographs it was not trained on",
        description="Scores a bundle as it ships: captions (BLEU, ROUGE-L, CIDEr, METEOR where"
        " there is Java), search in the semantic space, likeness of visual neighbours, the cost"
        " of quantisation, how true the probabilities are, milliseconds and memory. The folder need"
        " hold no more than the split that is scored. Nothing is cached; two runs agree in all"
        " but the times.",
    )
    _scored(step)
    step.add_argument("--json", action="store_true", help="print one line of JSON")
    step.add_argument(
        "--captions",
        type=Path,
        help="leave the captions in this file, too, JSON lines: report --before reads them",
    )
    return step


def report(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``report``."""
    step = steps.add_parser(
        "report",
        help="a page of curves, captions, attention and tables",
        description="Evaluates a bundle and writes one page of HTML that asks for nothing else:"
        " curves over photographs seen and over epochs, photographs with captions and attention,"
        " best and worst cases, tables beside published systems. It embeds photographs of the"
        " split: keep it to yourself, as their terms ask.",
    )
    _scored(step)
    step.add_argument("--out", type=Path, help="the page (default: report.html under --work)")
    step.add_argument(
        "--distilled",
        type=Path,
        default=Path("training/checkpoints/vgg16.jsonl"),
        help="log of distil (default: %(default)s)",
    )
    step.add_argument("--tuned", type=Path, help="log of tune, tuning.jsonl")
    step.add_argument(
        "--before",
        type=Path,
        help="captions that evaluate --captions left of another bundle, to print beside",
    )
    step.add_argument(
        "--baseline",
        type=Path,
        help="baseline.json of train --recipe baseline, to print beside (default: --model's)",
    )
    step.add_argument(
        "--curve",
        type=Path,
        help="only draw the learning curve, without photographs, into this .svg",
    )
    return step


def pseudo(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``pseudo``."""
    step = steps.add_parser("pseudo", help="caption the photographs without captions")
    step.description = (
        "Captions photographs by bundles that were trained before, and keeps what is probably"
        " right, for train --pseudo. Goes on where an earlier run was cut."
    )
    step.add_argument("bundles", nargs="+", type=Path, help="folders that export left")
    step_options.extra(step, required=True)
    step.add_argument("--out", type=Path, required=True, help="where captions go, JSON lines")
    step.add_argument(
        "--least",
        type=step_options.share,
        default=0.5,
        help="probability of being right from which a caption is kept (default: %(default)s)",
    )
    _captioning(step)
    return step


def _scored(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "--split", choices=("dev", "test"), default="dev", help="(default: %(default)s)"
    )
    step.add_argument(
        "--captioned",
        type=Path,
        help="folder of everyday photographs, as train takes it: scores those that its"
        " everyday_dev.txt names, in place of a split of --data",
    )
    _captioning(step)
    step.add_argument("--bundle", type=Path, help="default: the one in the repository")
    step.add_argument(
        "--model",
        type=Path,
        help="folder that train left: its float encoder is scored beside, its logs are drawn",
    )


def _captioning(step: argparse.ArgumentParser) -> None:
    step.add_argument(
        "--beam",
        type=_beam,
        default=WIDTH,
        help="captions kept while searching (default: %(default)s)",
    )
    step.add_argument(
        "--workers",
        type=_workers,
        default=os.cpu_count() or 1,
        help="processes that caption (default: %(default)s)",
    )


def _beam(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 16:
        raise argparse.ArgumentTypeError(f"{text!r}: a beam must be 1 to 16")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: at least one process is needed")
    return int(text)
