"""How well captions are read: precision, recall and F1 on hand-labelled captions.

``python -m benchmarks.attributes``

Scored are the distinct pairs of a subject and a word bound to it (a colour, an action, a place) of
the held-out captions of ``tests/data/*_labels.jsonl``. A file tells of some kinds of words, and a
kind that none tells of is said not to be measured.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chalicelib.attributes import extract
from chalicelib.attributes.kinds import TRAITS, Kind
from chalicelib.images import Attribute

DATA = Path(__file__).parent.parent / "tests" / "data"

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far found pairs agree with the labelled ones."""

    precision: float
    recall: float
    labelled: int

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall or 1)


def held_out(data: Path = DATA) -> dict[str, list[Line]]:
    """Return the captions that nobody wrote rules from, by the name of the file of labels."""
    found = {}
    for path in sorted(data.glob("*_labels.jsonl")):
        lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        name = path.stem.removesuffix("_labels")
        found[name] = [line for line in lines if line.get("part") != "open"]
    return found


def measure(lines: Sequence[Line]) -> dict[str, Agreement]:
    """Read every caption; return the agreement by the plural of each kind that is labelled."""
    labelled = {field for line in lines for entry in line["attributes"] for field in entry}
    read = [extract(line["text"]) for line in lines]
    return {kind.plural: _agreement(kind, read, lines) for kind in TRAITS if kind.field in labelled}


def _agreement(kind: Kind, read: Sequence[Sequence[Attribute]], lines: Sequence[Line]) -> Agreement:
    right = found = wanted = 0
    for attributes, line in zip(read, lines, strict=True):
        pairs = {(one.subject, word) for one in attributes for word in kind.values(one)}
        entries = line["attributes"]
        labelled = {(one["subject"], word) for one in entries for word in one.get(kind.field, ())}
        right += len(pairs & labelled)
        found += len(pairs)
        wanted += len(labelled)
    return Agreement(right / (found or 1), right / (wanted or 1), wanted)


def main() -> None:
    """Measure the rules and print a line for each kind of word."""
    missing = {kind.plural for kind in TRAITS}
    for lines in held_out().values():
        begin = time.process_time()
        agreements = measure(lines)
        spent = 1_000 * (time.process_time() - begin) / len(lines)
        for name, one in agreements.items():
            print(
                f"{name:<9} P {one.precision:.3f} R {one.recall:.3f} F1 {one.f1:.3f} "
                f"({one.labelled} labelled in {len(lines)} captions, {spent:.3f} ms each)"
            )
        missing -= agreements.keys()
    for name in sorted(missing):
        print(f"{name}: not measured, no file of labels tells of them")


if __name__ == "__main__":
    main()
