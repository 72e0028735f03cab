"""The options of ``prepare``, ``train``, ``kept`` and ``export``."""

import argparse
from pathlib import Path

Steps = argparse._SubParsersAction
ENCODERS = ("vgg16", "efficientnet-lite2")
"""As `training.encoders.REGISTRY`, which imports TensorFlow; a test compares them."""


def prepare(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``prepare``."""
    step = steps.add_parser("prepare", help="check the data and decode the photographs")
    captioned(step)
    step.add_argument(
        "--encoder",
        choices=ENCODERS,
        default="vgg16",
        help="which one's photographs to keep: its size (default: %(default)s)",
    )
    return step


def captioned(options: argparse._ActionsContainer) -> None:
    """Add further photographs with captions."""
    options.add_argument(
        "--captioned",
        type=Path,
        help="folder of further photographs with captions: captions.jsonl, photographs/, and"
        " everyday_dev.txt, which names those never trained on",
    )


def taught(step: argparse.ArgumentParser) -> None:
    """Add the teachers, and photographs that only they say something of."""
    step.add_argument(
        "--teachers", type=Path, required=True, help="folder that the step of that name left"
    )
    extra(step)
    captioned(step)


def extra(options: argparse._ActionsContainer, *, required: bool = False) -> None:
    """Add photographs without captions."""
    options.add_argument(
        "--extra",
        type=Path,
        required=required,
        help="folder of further photographs, without captions",
    )


def precision(options: argparse._ActionsContainer) -> None:
    """Add the format that products are computed in."""
    options.add_argument(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        default="auto",
        help="of products; auto: bfloat16 where the processor or GPU multiplies it",
    )


def train(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``train``."""
    step = steps.add_parser("train", help="train decoder, text encoder and projections")
    step.add_argument(
        "--encoder",
        required=True,
        help="vgg16, efficientnet-lite2, or in place of a name VGG16's weights: the .npz that"
        " distil or tune left",
    )
    step.add_argument(
        "--weights",
        type=Path,
        help="of the encoder: for vgg16 Keras' .h5 without top (default: download once into"
        " KERAS_HOME), for efficientnet-lite2 the .npz that teachers left",
    )
    step.add_argument(
        "--text-teacher",
        type=Path,
        help="folder of a sentence encoder that the text side learns from, as of"
        " all-MiniLM-L6-v2: model.safetensors or model.onnx, vocab.txt, config.json; or a folder"
        " of such folders, to learn from several at once",
    )
    step.add_argument("--out", type=Path, required=True, help="folder for the bundle's parts")
    step.add_argument(
        "--recipe",
        choices=("attention", "baseline"),
        default="attention",
        help="baseline: the prototype's, on the pooled map: LSTM, greedy, least validation loss"
        " (default: %(default)s)",
    )
    step.add_argument(
        "--side",
        type=side,
        help="encoder input, pixels (default: vgg16 224, efficientnet-lite2 256)",
    )
    step.add_argument(
        "--views", type=int, default=2, help="of each photograph: whole, then random crops"
    )
    _sources(step.add_argument_group("more to learn from"))
    _decoder(step.add_argument_group("the decoder (attention)"))
    return step


def _sources(group: argparse._ArgumentGroup) -> None:
    captioned(group)
    group.add_argument(
        "--texts", type=Path, help="folder of captions without photographs, *.jsonl.gz"
    )
    group.add_argument(
        "--text-epochs",
        type=int,
        default=2,
        help="over them, which the decoder learns English from before it sees photographs; 0: the"
        " text side alone reads them (default: %(default)s)",
    )
    extra(group)
    group.add_argument(
        "--pseudo",
        type=Path,
        help="captions of --extra that the step of that name wrote: the decoder learns from them,"
        " too, before it is trained on CIDEr",
    )
    group.add_argument(
        "--everyday-weight",
        type=weight,
        default=0.5,
        help="of CIDEr on everyday_dev beside dev's where epochs are chosen; 0: dev alone"
        " (default: %(default)s)",
    )


def _decoder(group: argparse._ArgumentGroup) -> None:
    group.description = "The word embedding is also the output layer, always."
    group.add_argument(
        "--epochs", type=_count, help="over all captions, at most (default: 12; baseline 20)"
    )
    group.add_argument(
        "--minutes", type=float, default=600.0, help="at most (default: %(default)s)"
    )
    group.add_argument("--batch", type=_count, default=96, help="captions a step (%(default)s)")
    group.add_argument("--rate", type=float, default=1e-3, help="highest rate (%(default)s)")
    group.add_argument("--dropout", type=share, default=0.3, help="share (default: %(default)s)")
    group.add_argument(
        "--label-smoothing",
        type=share,
        default=0.1,
        help="probability spread over all words (default: %(default)s)",
    )
    group.add_argument(
        "--scheduled-sampling",
        type=share,
        default=0.0,
        help="share of words read as the decoder would write them, by the last epoch; it grows"
        " from none; a step takes a third longer (default: %(default)s)",
    )
    group.add_argument(
        "--decoder",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="go on from this checkpoint, or from the mean of several; no epochs unless --epochs"
        " says how many",
    )
    group.add_argument(
        "--resume",
        action="store_true",
        help="keep the whole state in --out after each epoch, and go on from one that is there",
    )
    group.add_argument(
        "--critical-epochs",
        type=int,
        default=3,
        help="of training on CIDEr itself, afterwards (default: %(default)s)",
    )
    group.add_argument(
        "--critical-rate", type=float, default=2e-5, help="their highest rate (%(default)s)"
    )
    precision(group)


def kept(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``kept``."""
    step = steps.add_parser("kept", help="how much of the teacher an encoder keeps")
    step.description = (
        "Prints dev CIDEr of one decoder on two encoders' maps, and their ratio. Train twice"
        " first, with the same settings: on vgg16, and with --encoder efficientnet-lite2."
    )
    step.add_argument("--model", type=Path, required=True, help="folder that train left")
    step.add_argument(
        "--teacher-model",
        type=Path,
        required=True,
        help="the same, of --encoder efficientnet-lite2",
    )
    return step


def export(steps: Steps[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add ``export``."""
    step = steps.add_parser("export", help="make the bundle, verified, with its metrics on dev")
    step.description = (
        "Compares the bundle with the TensorFlow model on 500 dev photographs and refuses where"
        " they differ; ships the float encoder where eight bits cost one CIDEr or more."
    )
    step.add_argument("--model", type=Path, required=True, help="folder that train left")
    step.add_argument("--out", type=Path, required=True, help="the bundle's folder")
    step.add_argument("--version", required=True, help="of the bundle, as 0.1.0")
    step.add_argument("--commit", default="", help="of the code that trained it")
    step.add_argument("--note", default="", help="how it was trained, for bundle.json")
    captioned(step)
    step.add_argument(
        "--judged",
        type=Path,
        help="captions that a person called right or wrong: JSON lines of file, caption, right;"
        " they count instead of CIDEr",
    )
    return step


def side(text: str) -> int:
    """Read an encoder's input side."""
    if not text.isdigit() or int(text) % 32 or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: a side must be a multiple of 32")
    return int(text)


def width(text: str) -> float:
    """Read a network's width, as a share of its channels."""
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0.125 <= found <= 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a share, from 0.125 to 1")
    return found


def _count(text: str) -> int:
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a number, 1 and more")
    return int(text)


def weight(text: str) -> float:
    """Read a weight, 0 and more."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r}: expected a weight, 0 and more")
    return found


def share(text: str) -> float:
    """Read a share, from 0 to below 1."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a share, from 0 to below 1")
    return found
