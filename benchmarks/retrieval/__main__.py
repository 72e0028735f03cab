"""``python -m benchmarks.retrieval --data DIR [--split dev] [--choose [--write]]``.

Runs a split's photographs through the shipped captioner and the ingest's own functions into an
embedded index, and asks every human caption of them as a query through the search port.
``--choose`` chooses the numbers of ``chalicelib/search/tuned.json`` anew; ``--write`` writes them.
"""

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.retrieval import choosing, cutoffs, duplicates, recall
from benchmarks.retrieval.material import Material, read
from benchmarks.retrieval.photographs import model
from captioner.preparing import version_of
from chalicelib.search import tuned
from training.dataset import read_split

IMAGE_SHARE = 0.5  # of the likest one's cosine: beside a very like one, others stand back


def main() -> None:
    """Measure, or choose, and print."""
    parser = argparse.ArgumentParser(description="Recall of the product's own search.")
    parser.add_argument("--data", type=Path, required=True, help="Flickr8k's layout")
    parser.add_argument("--split", choices=("train", "dev", "test"), default="dev")
    parser.add_argument("--choose", action="store_true", help="choose weights and cut-offs anew")
    parser.add_argument("--write", action="store_true", help="what was chosen, for the search")
    options = parser.parse_args()
    material = read(read_split(options.data, options.split))
    if not options.choose:
        print(json.dumps(measure(material), indent=2))
        return
    told = choose(material, options.data)
    print(json.dumps(told, indent=2))
    if options.write:
        tuned.FILE.write_text(json.dumps(told["chosen"], indent=2) + "\n")


def measure(material: Material) -> dict[str, Any]:
    """Return the recall of the product, of the prototype's way, and of human captions."""
    return {
        "model": version_of(model()),
        "photographs": len(material.captioned),
        "weights": asdict(tuned.WEIGHTS),
        "weights_chosen_for": tuned.MODEL,
        "text_to_image": recall.measured(material),
        "prototype, BLEU on the same captions": recall.bleu_way(material),
        "upper bound, the other four human captions": recall.upper_bound(material),
    }


def choose(material: Material, data: Path) -> dict[str, Any]:
    """Choose every number that the search goes by, and tell what it rests on."""
    weights, told_of_weights = choosing.chosen(material)
    train = read_split(data, "train")
    cuts, told_of_cuts = cutoffs.chosen(material, train, weights)
    bounds, told_of_likeness = duplicates.chosen(material, train.photographs)
    cuts["image"] = tuned.Cutoff(IMAGE_SHARE, bounds["relevant"])
    return {
        "chosen": {
            "model": version_of(model()),
            "weights": asdict(weights),
            "cutoffs": {kind: asdict(cut) for kind, cut in sorted(cuts.items())},
            "near_duplicate": bounds["near_duplicate"],
            "alike": bounds["alike"],
        },
        "fusion": told_of_weights,
        "cutoffs": told_of_cuts,
        "likeness": told_of_likeness,
    }


if __name__ == "__main__":
    main()
