"""``export``: make the bundle from the parts that ``train`` left, verified and measured."""

import dataclasses
import json
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from captioner.vision import manifest
from captioner.vision.beam import WIDTH
from captioner.vision.bundle import DEFAULT_BUNDLE, FILES, load
from captioner.vision.decoder import ARRAYS as DECODER
from captioner.vision.judgement import FEATURES, Confidence
from captioner.vision.manifest import FORMAT, BundleError, sha256
from captioner.vision.text import Tokenizer, read_arrays
from training import dataset, photographs
from training.agreement import NetworkDifference, accept
from training.arrays import F16, U8, save_arrays
from training.arrays import read_arrays as read_parts
from training.calibration import Judged, calibrate, read_judged, usual
from training.captioning import write_captions
from training.dataset import Split
from training.encoders import FLOAT, INT8, REGISTRY, read_record
from training.errors import CheckpointError
from training.evaluate import figures, look_at
from training.scores import cider
from training.serving import serving_cost
from training.verification import compare

COSTLY = 1.0
"""CIDEr that eight bits may not cost; from here on the float encoder ships."""

VERIFIED_ON = 500
LABELS = "labels.npz"
ENCODERS = {"float32": FLOAT, "int8": INT8}
_NONE, _ONE = np.zeros(len(FEATURES)), np.ones(len(FEATURES))
_UNSURE = Confidence(_NONE, _ONE, _NONE, 0.0, 0.0, 0.0)
"""Until the true one is fitted."""


def run(options: Namespace) -> None:
    """Write the bundle and print its metrics on dev."""
    made = read_record(options.model)
    dev = dataset.read_split(options.data, "dev")
    more = [dataset.read_everyday(options.captioned, "dev")] if options.captioned else []
    pixels = photographs.of_split("dev", dev.photographs, options.work, made.side)
    seen = f"{made.photographs:,} photographs, {made.captions:,} captions"
    origin = {
        "format": FORMAT,
        "name": made.encoder,
        "version": options.version,
        "encoder": REGISTRY[made.encoder].title,
        "credit": REGISTRY[made.encoder].credit,
        "data": f"{options.data.name}: {seen} of the train split; dev chose the epoch",
        "commit": options.commit,
        "command": options.note,
    }
    squares = photographs.squares(pixels, made.side)
    try:
        document = _written(options, origin, [dev, *more], squares)
    except BundleError as error:
        raise CheckpointError(f"{options.model} makes no bundle: {error}") from error
    said = ("verification", "quantisation", "ranking", "confidence")
    print(json.dumps({name: document[name] for name in said}))
    print(json.dumps(document["metrics"]))


def _written(
    options: Namespace, origin: dict[str, Any], splits: list[Split], squares: U8
) -> dict[str, Any]:
    """Write the bundle, hold it against the TensorFlow model, calibrate and measure it.

    The first of the splits is dev, whose photographs are ``squares``; nothing was trained on any.
    """
    made, out = options.model, options.out
    judged = read_judged(options.judged) if options.judged else {}
    draft = out.with_name(f"{out.name}.draft")
    draft.mkdir(parents=True, exist_ok=True)
    for file in (*FILES, *ENCODERS.values()):
        if not (made / file).is_file():
            raise CheckpointError(f"no {file} in {made}: run train first")
    for file in FILES:
        _copy(made / file, draft / file)
    seen = {name: photographs.maps(made / file, squares) for name, file in ENCODERS.items()}
    document = origin | _chosen(made, draft, splits[0], squares, seen)
    shipped = document["quantisation"]["shipped"]
    _copy(made / ENCODERS[shipped], draft / INT8)
    head = read_parts(draft / LABELS)
    save_arrays(draft / LABELS, head | {"labels/usual": usual(head, seen[shipped])})
    document |= {"encoder": f"{origin['encoder']}, {shipped}", "side": squares.shape[1]}
    document = _measured(draft, document, splits, judged)
    # Only what passed replaces what was there, and the list of checksums comes last.
    out.mkdir(parents=True, exist_ok=True)
    for file in (*FILES, "bundle.json"):
        (draft / file).replace(out / file)
    draft.rmdir()
    return document


def _copy(part: Path, to: Path) -> None:
    if part.suffix == ".npz":
        save_arrays(to, read_parts(part))
    else:
        shutil.copyfile(part, to)


def _chosen(
    made: Path, draft: Path, dev: Split, squares: U8, seen: dict[str, F16]
) -> dict[str, Any]:
    """Verify both encoders, and choose the one that ships."""
    words = Tokenizer.read(draft / "tokenizer.json")
    some = {name: found[:VERIFIED_ON] for name, found in seen.items()}
    agreed: dict[str, NetworkDifference] = compare(made, draft, words, squares[:VERIFIED_ON], some)
    accept(agreed["float32"])
    decoder = read_arrays(draft / "decoder.npz", DECODER)
    scores = {
        name: cider(write_captions(decoder, words, found, WIDTH), dev.captions)
        for name, found in seen.items()
    }
    cost = round(scores["float32"] - scores["int8"], 2)
    eight = cost < COSTLY and agreed["int8"].vectors_stay
    return {
        "verification": {
            "against": "TensorFlow, float32",
            "photographs": len(squares[:VERIFIED_ON]),
            **{name: each.document() for name, each in agreed.items()},
        },
        "quantisation": {
            "beam": WIDTH,
            "cider_float32": scores["float32"],
            "cider_int8": scores["int8"],
            "cost": cost,
            "shipped": "int8" if eight else "float32",
        },
    }


def _measured(
    folder: Path, document: dict[str, Any], splits: list[Split], judged: Judged
) -> dict[str, Any]:
    """Calibrate a bundle whose files lie in a folder, measure it, and write ``bundle.json``.

    Its ``metrics`` are of dev; ``confidence``'s of all captions it was fitted on, each by a fit
    that had not seen it.
    """
    document |= {"ranking": {"labels": 0.0, "likeness": 0.0}, "confidence": _UNSURE.document()}
    document["sha256"] = {file: sha256(folder / file) for file in FILES}
    shipped = manifest.read(DEFAULT_BUNDLE, ())
    if shipped.shares_vectors_with(document["sha256"]):
        document["space"] = shipped.space
    _write(folder, document)
    model = load(folder)
    looked = [look_at(model, split, WIDTH) for split in splits]
    ranking, confidence, told = calibrate(looked, judged)
    document["ranking"] = dataclasses.asdict(ranking)
    document["confidence"] = confidence.document() | {"cross_validated": told}
    described = looked[0].judged(ranking, confidence, WIDTH)
    document["metrics"] = figures(model, described, WIDTH, confidence)
    _write(folder, document)
    document["metrics"] |= serving_cost(folder, splits[0].photographs, WIDTH)
    _write(folder, document)
    return document


def _write(folder: Path, document: dict[str, Any]) -> None:
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    (folder / "bundle.json").write_text(text, encoding="utf-8")
