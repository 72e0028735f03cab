"""Writing a bundle from the parts that training left."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision import tokenizer
from captioner.vision.arrays import read_arrays
from captioner.vision.bundle import FILES, load
from captioner.vision.decoder import ARRAYS as DECODER
from captioner.vision.manifest import FORMAT, sha256
from training.agreement import Agreement, accept
from training.arrays import F16, U8
from training.captioning import write_captions
from training.confidence import review_threshold
from training.dataset import Split
from training.encoders import FLOAT, INT8
from training.errors import CheckpointError
from training.evaluation import describe_split, figures
from training.features import maps
from training.scores import cider
from training.serving import serving_cost
from training.verification import compare

__all__ = ["Origin", "write_bundle"]

COSTLY = 1.0
"""CIDEr that eight bits may not cost; from here on the float encoder ships."""

VERIFIED_ON = 500
BEAM = 3


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a bundle comes from: kept in its ``bundle.json``.

    ``encoder`` says what it is, without its precision, which `write_bundle` chooses.
    """

    name: str
    version: str
    encoder: str
    data: str
    commit: str
    command: str


def write_bundle(parts: Path, out: Path, origin: Origin, dev: Split, squares: U8) -> dict[str, Any]:
    """Write the bundle, hold it against the TensorFlow model, and measure it on dev.

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
    document: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(origin)}
    document |= _chosen(parts, draft, dev, squares)
    shipped = document["quantisation"]["shipped"]
    _copy(parts / _encoders(parts)[shipped], draft / INT8)
    document["encoder"] = f"{origin.encoder}, {shipped}"
    document |= {"side": squares.shape[1], "needs_review_below": 0.0}
    document["sha256"] = {file: sha256(draft / file) for file in FILES}
    document = _measured(draft, document, dev)
    _publish(draft, out)
    return document


def _chosen(parts: Path, draft: Path, dev: Split, squares: U8) -> dict[str, Any]:
    """Hold both encoders against TensorFlow, and say which ships."""
    seen = {name: maps(parts / file, squares) for name, file in _encoders(parts).items()}
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


def _verified(parts: Path, draft: Path, squares: U8, seen: dict[str, F16]) -> dict[str, Agreement]:
    words = tokenizer.load(draft / "tokenizer.json")
    some = {name: found[:VERIFIED_ON] for name, found in seen.items()}
    found = compare(parts, draft, words, squares[:VERIFIED_ON], some)
    accept(found["float32"])
    return found


def _cost(draft: Path, dev: Split, seen: dict[str, F16]) -> dict[str, Any]:
    words = tokenizer.load(draft / "tokenizer.json")
    decoder = read_arrays(draft / "decoder.npz", DECODER)
    scores = {
        name: cider(write_captions(decoder, words, found, BEAM), dev.captions)
        for name, found in seen.items()
    }
    return {
        "beam": BEAM,
        "cider_float32": scores["float32"],
        "cider_int8": scores["int8"],
        "cost": round(scores["float32"] - scores["int8"], 2),
    }


def _measured(out: Path, document: dict[str, Any], dev: Split) -> dict[str, Any]:
    _write(out, document)
    model = load(out)
    described = describe_split(model, dev, beam=BEAM)
    document["needs_review_below"] = below = review_threshold(
        described.confidences, described.ciders
    )
    document["metrics"] = figures(model, described, BEAM, review_below=below)
    document["metrics"] |= serving_cost(out, dev.photographs, BEAM)
    _write(out, document)
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
