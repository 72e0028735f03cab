"""Writing a bundle from the parts that training left."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision.bundle import FILES, load
from captioner.vision.manifest import FORMAT, sha256
from training.dataset import Split
from training.errors import CheckpointError
from training.evaluation import Described, describe_split, figures

__all__ = ["Origin", "write_bundle"]

REVIEWED_SHARE = 0.2
"""Of dev captions, the least sure, that the threshold would send to a person."""


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a bundle comes from: kept in its ``bundle.json``."""

    name: str
    version: str
    encoder: str
    data: str
    commit: str
    command: str


def write_bundle(parts: Path, out: Path, side: int, origin: Origin, dev: Split) -> dict[str, Any]:
    """Write the bundle and its metrics on dev.

    Returns
    -------
    dict
        What ``bundle.json`` says.

    Raises
    ------
    CheckpointError
        If a part is missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    for file in FILES:
        _copy(parts / file, out / file)
    document: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(origin)}
    document |= {"side": side, "needs_review_below": 0.0}
    document["sha256"] = {file: sha256(out / file) for file in FILES}
    _write(out, document)
    model = load(out)
    described = describe_split(model, dev, beam=3)
    document["needs_review_below"] = threshold = _threshold(described)
    document["metrics"] = figures(model, described, beam=3)
    document["metrics"]["needs_review"] = float(np.mean(described.confidences < threshold))
    _write(out, document)
    return document


def _threshold(described: Described) -> float:
    return round(float(np.quantile(described.confidences, REVIEWED_SHARE)), 4)


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
