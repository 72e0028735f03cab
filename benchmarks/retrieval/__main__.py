"""``python -m benchmarks.retrieval --data DIR --split dev|test [--json] [--choose]``."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.retrieval import choosing, cutoffs, duplicates, recall
from benchmarks.retrieval.material import CAPTIONS, Material, read
from benchmarks.retrieval.photographs import Bundle
from captioner.vision.bundle import DEFAULT_BUNDLE
from chalicelib.search import tuned
from training.dataset import PHOTOGRAPHS, read_split

# The same picture under two names, in the training split.
KNOWN_PAIR = ("2851198725_37b6027625.jpg", "3050606344_af711c726c.jpg")

IMAGE_SHARE = 0.5  # of the likest one's cosine: beside a very like one, others stand back


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, or choose, and print."""
    options = _options(arguments)
    bundle = Bundle(options.bundle)
    material = read(read_split(options.data, options.split), bundle)
    if options.captions < CAPTIONS:
        material = material.asked_by(options.captions)
    if options.choose:
        told = choose(material, options.data, bundle, options.write)
    else:
        told = measure(material, bundle, options.bleu_queries)
    print(json.dumps(told) if options.json else json.dumps(told, indent=2))


def measure(material: Material, bundle: Bundle, bleu_queries: int) -> dict[str, Any]:
    """Return the recall of the product, of the prototype's way, and of human captions."""
    return {
        "model": bundle.version,
        "photographs": len(material.captioned),
        "weights": asdict(tuned.WEIGHTS),
        "weights_chosen_for": tuned.MODEL,
        "text_to_image": recall.measured(material),
        "prototype, BLEU on the same captions": recall.bleu_way(material, bleu_queries),
        "upper bound, the other four human captions": recall.upper_bound(material),
    }


def choose(material: Material, data: Path, bundle: Bundle, file: Path | None) -> dict[str, Any]:
    """Choose every number of ``chalicelib/search/chosen.json`` anew, and tell what it rests on."""
    weights, told_of_weights = choosing.chosen(material)
    train = read_split(data, "train")
    cuts, told_of_cuts = cutoffs.chosen(material, train, bundle, weights)
    pair = [data / PHOTOGRAPHS / name for name in KNOWN_PAIR]
    bounds, told_of_likeness = duplicates.chosen(material, bundle, train.photographs, pair)
    cuts["image"] = tuned.Cutoff(IMAGE_SHARE, bounds.relevant)
    numbers = {
        "model": bundle.version,
        "weights": asdict(weights),
        "cutoffs": {kind: asdict(cut) for kind, cut in sorted(cuts.items())},
        "near_duplicate": bounds.near_duplicate,
        "alike": bounds.alike,
    }
    if file is not None:
        file.write_text(json.dumps(numbers, indent=2) + "\n")
        print(f"Written to {file}", file=sys.stderr)
    return {
        "chosen": numbers,
        "fusion": told_of_weights,
        "cutoffs": told_of_cuts,
        "likeness": told_of_likeness,
    }


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval", description="Recall of the product's own search."
    )
    parser.add_argument("--data", type=Path, required=True, help="Flickr8k's layout")
    parser.add_argument("--split", choices=("train", "dev", "test"), default="dev")
    parser.add_argument("--bundle", type=Path, default=DEFAULT_BUNDLE)
    parser.add_argument(
        "--captions",
        type=int,
        default=CAPTIONS,
        choices=range(1, CAPTIONS + 1),
        help="human captions of each photograph to ask; all of them if not given",
    )
    parser.add_argument("--bleu-queries", type=int, default=200, help="drawn for the prototype")
    parser.add_argument("--choose", action="store_true", help="choose weights and cut-offs anew")
    parser.add_argument(
        "--write",
        type=Path,
        nargs="?",
        const=tuned.FILE,
        help="with --choose: into this file, the search's own if none is named",
    )
    parser.add_argument("--json", action="store_true", help="one line")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
