"""Writing a bundle from the parts that training left."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision.beam import WIDTH
from captioner.vision.bundle import FILES, load
from captioner.vision.decoder import ARRAYS as DECODER
from captioner.vision.judgement import FEATURES, Confidence
from captioner.vision.manifest import FORMAT, sha256
from captioner.vision.text import Tokenizer, read_arrays
from training.agreement import NetworkDifference, accept
from training.arrays import F16, U8, save_arrays
from training.arrays import read_arrays as read_parts
from training.calibration import Judged, calibrate, usual
from training.captioning import write_captions
from training.dataset import Split
from training.encoders import FLOAT, INT8
from training.errors import CheckpointError
from training.evaluation import figures, look_at
from training.features import maps
from training.scores import cider
from training.serving import serving_cost
from training.verification import compare

COSTLY = 1.0
"""CIDEr that eight bits may not cost; from here on the float encoder ships."""

VERIFIED_ON = 500
LABELS = "labels.npz"
_NONE, _ONE = np.zeros(len(FEATURES)), np.ones(len(FEATURES))
_UNSURE = Confidence(_NONE, _ONE, _NONE, 0.0, 0.0, 0.0)
"""Until the true one is fitted."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a bundle comes from: kept in its ``bundle.json``.

    ``encoder`` says what it is, without its precision, which `write_bundle` chooses; ``credit``
    whose weights it comes from.
    """

    name: str
    version: str
    encoder: str
    credit: str
    data: str
    commit: str
    command: str


@dataclasses.dataclass(frozen=True)
class Measured:
    """What a bundle is calibrated and measured on.

    ``more`` are further splits that nothing was trained on: their captions help to choose
    ranking and thresholds, as dev's do. ``judged`` are captions called right or wrong by hand.
    """

    dev: Split
    more: tuple[Split, ...] = ()
    judged: Judged = dataclasses.field(default_factory=dict)


def write_bundle(
    parts: Path, out: Path, origin: Origin, on: Measured, squares: U8
) -> dict[str, Any]:
    """Write the bundle, hold it against the TensorFlow model, calibrate and measure it.

    Parameters
    ----------
    parts : Path
        What ``train`` left.
    squares : uint8 (n, s, s, 3)
        The dev photographs at the encoder's size.

    Returns
    -------
    dict
        What ``bundle.json`` says.

    Raises
    ------
    CheckpointError
        If a part is missing, or the bundle is not the model that was trained.
    """
    draft = out.with_name(f"{out.name}.draft")
    draft.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        _copy(parts / file, draft / file)
    seen = {name: maps(parts / file, squares) for name, file in _encoders(parts).items()}
    document: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(origin)}
    document |= _chosen(parts, draft, on.dev, squares, seen)
    shipped = document["quantisation"]["shipped"]
    _copy(parts / _encoders(parts)[shipped], draft / INT8)
    _label(draft / LABELS, seen[shipped])
    document |= {"encoder": f"{origin.encoder}, {shipped}", "side": squares.shape[1]}
    document = measured(draft, document, on)
    _publish(draft, out)
    return document


def _label(file: Path, seen: F16) -> None:
    head = read_parts(file)
    save_arrays(file, head | {"labels/usual": usual(head, seen)})


def _chosen(
    parts: Path, draft: Path, dev: Split, squares: U8, seen: dict[str, F16]
) -> dict[str, Any]:
    agreed = _verified(parts, draft, squares, seen)
    cost = _cost(draft, dev, seen)
    eight = cost["cost"] < COSTLY and agreed["int8"].vectors_stay
    return {
        "verification": {
            "against": "TensorFlow, float32",
            "photographs": len(squares[:VERIFIED_ON]),
            **{name: each.document() for name, each in agreed.items()},
        },
        "quantisation": {**cost, "shipped": "int8" if eight else "float32"},
    }


def _publish(draft: Path, out: Path) -> None:
    # Only what passed replaces what was there, and the list of checksums comes last.
    out.mkdir(parents=True, exist_ok=True)
    for file in (*FILES, "bundle.json"):
        (draft / file).replace(out / file)
    draft.rmdir()


def _encoders(parts: Path) -> dict[str, str]:
    files = {"float32": FLOAT, "int8": INT8}
    for file in files.values():
        if not (parts / file).is_file():
            raise CheckpointError(f"no {file} in {parts}: run train first")
    return files


def _verified(
    parts: Path, draft: Path, squares: U8, seen: dict[str, F16]
) -> dict[str, NetworkDifference]:
    words = Tokenizer.read(draft / "tokenizer.json")
    some = {name: found[:VERIFIED_ON] for name, found in seen.items()}
    found = compare(parts, draft, words, squares[:VERIFIED_ON], some)
    accept(found["float32"])
    return found


def _cost(draft: Path, dev: Split, seen: dict[str, F16]) -> dict[str, Any]:
    words = Tokenizer.read(draft / "tokenizer.json")
    decoder = read_arrays(draft / "decoder.npz", DECODER)
    scores = {
        name: cider(write_captions(decoder, words, found, WIDTH), dev.captions)
        for name, found in seen.items()
    }
    return {
        "beam": WIDTH,
        "cider_float32": scores["float32"],
        "cider_int8": scores["int8"],
        "cost": round(scores["float32"] - scores["int8"], 2),
    }


def measured(folder: Path, document: dict[str, Any], on: Measured) -> dict[str, Any]:
    """Calibrate a bundle whose files lie in a folder, measure it, and write ``bundle.json``.

    Returns
    -------
    dict
        The document with checksums, ``ranking``, ``confidence`` and ``metrics``: of dev, but
        for ``confidence``'s, which are of all captions it was fitted on, each by a fit that
        had not seen it.
    """
    document |= {"ranking": {"labels": 0.0, "likeness": 0.0}, "confidence": _UNSURE.document()}
    document["sha256"] = {file: sha256(folder / file) for file in FILES}
    _write(folder, document)
    model = load(folder)
    looked = [look_at(model, split, WIDTH) for split in (on.dev, *on.more)]
    chosen = calibrate(looked, on.judged)
    document["ranking"] = dataclasses.asdict(chosen.ranking)
    document["confidence"] = chosen.confidence.document() | {"cross_validated": chosen.figures}
    described = looked[0].judged(chosen.ranking, chosen.confidence, WIDTH)
    document["metrics"] = figures(model, described, WIDTH, chosen.confidence)
    _write(folder, document)
    document["metrics"] |= serving_cost(folder, on.dev.photographs, WIDTH)
    _write(folder, document)
    return document


def _copy(part: Path, to: Path) -> None:
    if not part.is_file():
        raise CheckpointError(f"no {part.name} in {part.parent}: run train first")
    if part.suffix != ".npz":
        shutil.copyfile(part, to)
        return
    with np.load(part) as arrays:
        np.savez(to, **{name: arrays[name].astype(np.float16) for name in arrays.files})


def _write(out: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (out / "bundle.json").write_text(text, encoding="utf-8")
