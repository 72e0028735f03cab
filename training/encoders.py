"""What photographs are seen through: a registry of encoders, each trained and shipped alike.

A further encoder is a further entry of `REGISTRY`, and no change elsewhere.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import onnx

from captioner.vision.manifest import sha256
from training import efficientnet, photographs, vgg
from training.arrays import F16, U8, Arrays, kept, read_arrays
from training.errors import CheckpointError
from training.networks import Network
from training.onnx_files import float_model, quantised, read_encoder

PLAIN, FLOAT, INT8 = "encoder.npz", "encoder-float.onnx", "encoder.onnx"
"""Files of the parts: the network for TensorFlow, for ONNX Runtime, and quantised."""

CALIBRATED_ON = 200
CLASSES = 1000


@dataclass(frozen=True)
class EncoderKind:
    """An encoder that can be trained on, exported and deployed.

    ``side`` is that of its input unless told otherwise, in pixels. ``build`` gives the network of a
    weights file, or of none where its weights can be had without; raises `CheckpointError`.
    ``labels`` name kernel and bias in the weights file that say ImageNet's classes of the map's
    mean. ``title`` and ``credit`` say what it is and whose weights it comes from, for
    ``bundle.json``.
    """

    side: int
    build: Callable[[Path | None], Network]
    labels: tuple[str, str]
    title: str
    credit: str


def _vgg16(weights: Path | None) -> Network:
    if weights is not None and (weights.is_dir() or weights.suffix == ".npz"):
        return vgg.network(read_encoder(weights))
    return vgg.network(vgg.keras_vgg16(weights))


def _efficientnet(weights: Path | None) -> Network:
    if weights is None:
        raise CheckpointError("efficientnet-lite2 wants the weights that teachers left: --weights")
    return efficientnet.efficientnet_lite2(read_arrays(weights))


REGISTRY: Mapping[str, EncoderKind] = {
    "vgg16": EncoderKind(
        224,
        _vgg16,
        ("labels/kernel", "labels/bias"),
        "VGG16",
        "derived from VGG's weights, CC BY 4.0, Visual Geometry Group, University of Oxford"
        " (Simonyan and Zisserman 2015); changed by further training",
    ),
    "efficientnet-lite2": EncoderKind(
        efficientnet.SIDE,
        _efficientnet,
        efficientnet.LOGITS,
        "EfficientNet-Lite2",
        "EfficientNet-Lite2's weights, Apache-2.0, Google (Tan and Le 2019)",
    ),
}


def named(given: str, weights: Path | None) -> tuple[str, Path | None]:
    """Give an encoder's name and weights; a file in place of the name is VGG16's weights."""
    return (given, weights) if given in REGISTRY else ("vgg16", Path(given))


def label_head(name: str, weights: Path | None, channels: int) -> Arrays:
    """Give what says ImageNet's classes of a map's mean, ``labels/kernel`` and ``labels/bias``.

    Without such a head every class is as likely as any other, so that no label is ever given.
    """
    own = weights is not None and (weights.is_dir() or weights.suffix == ".npz")
    known = read_encoder(weights) if own and weights else {}
    kernel, bias = REGISTRY[name].labels
    return {
        "labels/kernel": known.get(kernel, np.zeros((channels, CLASSES), np.float32)),
        "labels/bias": known.get(bias, np.zeros(CLASSES, np.float32)),
    }


@dataclass(frozen=True)
class ShippedEncoder:
    """The quantised network as a bundle holds it."""

    name: str
    side: int
    file: Path

    @property
    def key(self) -> str:
        """Tells its maps from those of any other: the start of the file's SHA-256."""
        return sha256(self.file)[:12]

    def maps(self, pixels: U8, cache: Path, name: str) -> F16:
        """Float16 (n, h, w, c) of uint8 (n, s, s, 3), kept in a file of ``cache``."""
        path = cache / f"maps-{self.key}-{name}.npy"
        return kept(path, lambda: photographs.maps(self.file, pixels))


def shipped(
    name: str, weights: Path | None, side: int, pixels: Callable[[], U8], out: Path
) -> ShippedEncoder:
    """Leave an encoder's files in ``out``: for TensorFlow, for ONNX Runtime, and quantised.

    ``pixels`` gives training photographs, uint8 (n, s, s, 3), some of which calibrate the
    activations' ranges; it is not called where ``out`` was made of the same weights at the same
    size before. Raises `CheckpointError` if the weights are missing or another network's.
    """
    found = ShippedEncoder(name, side, out / INT8)
    source = out / "encoder.source"
    made_of = f"{name} {sha256(weights) if weights and weights.is_file() else weights} {side}"
    files = (out / PLAIN, out / FLOAT, out / INT8, source)
    if all(file.is_file() for file in files) and source.read_text(encoding="utf-8") == made_of:
        return found
    network = REGISTRY[name].build(weights)
    some = photographs.squares(photographs.spread(pixels(), CALIBRATED_ON), side)
    network.save(out / PLAIN)
    model = float_model(network, side)
    onnx.save(model, out / FLOAT)
    quantised(model, some, out / INT8)
    source.write_text(made_of, encoding="utf-8")
    return found


RECORD = "train.json"


@dataclass(frozen=True)
class Parts:
    """The encoder, its input in pixels, and how many photographs and captions were trained on."""

    encoder: str
    side: int
    photographs: int
    captions: int

    def write(self, folder: Path) -> None:
        """Leave the record in the folder."""
        text = json.dumps(asdict(self), indent=2) + "\n"
        (folder / RECORD).write_text(text, encoding="utf-8")


def read_record(folder: Path) -> Parts:
    """Read the record; raises `CheckpointError` where ``train`` has not left one."""
    try:
        document = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        return Parts(**{field.name: document[field.name] for field in fields(Parts)})
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"no finished training in {folder}: {RECORD}: {error}") from error
