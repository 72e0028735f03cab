"""Image Repo's search beside other engines: speed, recall, disk and memory in one run.

``python -m benchmarks.peers --data DIR [--images 100000] [--engines ours sqlite …]``

The peers are packages of ``requirements/peers.lock``; one that is missing is named and passed
over. Speed is measured on photographs that are made up (`benchmarks.search.corpus`, with the
captions of ``--data``), of which nine tenths are the asking owner's; recall on the dev split as
the captioner describes it (`benchmarks.retrieval`), asked for by human captions. All engines get
the same documents and questions, and show the best twenty with their texts. Peers find captions
with all words of a text question, which is the least work, and with any in a fused one. A total
is of text all that match, of the others all that were ranked. Times are the processor's, of all
threads; OpenSearch's hold its client's and what Java does beside.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.peers import measuring
from benchmarks.peers.measuring import Questions, Speed, alone
from benchmarks.retrieval.material import CAPTIONS
from benchmarks.retrieval.photographs import Bundle, text_vectors
from benchmarks.retrieval.photographs import documents as captioned
from benchmarks.search.corpus import captions, documents, queries
from captioner.vision.bundle import DEFAULT_BUNDLE
from chalicelib.search import Document
from local.opensearch import lacking
from training.dataset import TEXTS, read_split

OURS = "ours"
ENGINES = {
    OURS: "ours.Embedded",
    "sqlite": "sqlite.Sqlite",
    "lancedb": "lance.Lance",
    "lancedb-hnsw": "lance.LanceGraph",
    "opensearch": "opensearch.Hybrid",
    "ours-on-opensearch": "opensearch.OursOnNode",
}
PACKAGES = {"sqlite": ("apsw", "sqlite_vec"), "lance": ("lancedb",)}
KINDS = ("text", "image", "fused")


@dataclass(frozen=True, slots=True)
class Recalled:
    """The dev split, and questions with the id of the photograph that each describes."""

    documents: Sequence[Document]
    asked: Sequence[tuple[str, bytes]]
    own: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """An engine's; recall in per cent."""

    speed: Speed
    recall: float

    def rows(self, images: int) -> dict[str, float]:
        """Return all of them, with bytes shared out over the photographs."""
        return {
            **{f"{kind}, p95 ms": self.speed.p95[kind] for kind in KINDS},
            "fused, R@10 %": self.recall,
            "bytes an image": self.speed.stored_bytes / images,
            "memory, MB": self.speed.memory_bytes / 1e6,
        }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    texts = captions(options.images, options.data / TEXTS / "Flickr8k.token.txt")
    made_up, recalled = list(documents(texts)), _recalled(options.data, options.captions)
    asked = _questions(texts, 2 * options.turns)
    found: dict[str, Figures] = {}
    for name in options.engines:
        missing = _lacking(ENGINES[name])
        if missing:
            print(f"{name} is left out: {missing}", file=sys.stderr)
            continue
        found[name] = _measured(ENGINES[name], made_up, asked, recalled)
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    print(table(found, len(made_up)))


def table(found: Mapping[str, Figures], images: int) -> str:
    """Return the figures as lines, each with its ratio to the embedded engine's."""
    columns = {name: one.rows(images) for name, one in found.items()}
    lines = [f"{'':<16}" + "".join(f"{name:>21}" for name in columns)]
    for row in next(iter(columns.values()), {}):
        ours = columns[OURS][row] if OURS in columns else None
        cells = (_cell(column[row], ours) for column in columns.values())
        lines.append(f"{row:<16}" + "".join(cells))
    for name, one in found.items():
        silent = [kind for kind in KINDS if kind not in one.speed.totals]
        if silent:
            lines.append(f"{name} does not say how many match: {', '.join(silent)}")
    return "\n".join(lines)


def _cell(value: float, ours: float | None) -> str:
    ratio = f"{value / ours:8.2f}x" if ours else " " * 9
    return f"{value:12,.1f}{ratio}"


def _lacking(engine: str) -> str | None:
    """Return what an engine needs and this machine has not."""
    module, _ = engine.split(".")
    missing = [name for name in PACKAGES.get(module, ()) if find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} missing, see requirements/peers.lock"
    return lacking() if module == "opensearch" else None


def _measured(
    engine: str, made_up: Sequence[Document], asked: tuple[Questions, Questions], recalled: Recalled
) -> Figures:
    with tempfile.TemporaryDirectory(prefix="image-repo-peers-") as scratch:
        many, few = Path(scratch, "many"), Path(scratch, "few")
        Path(scratch).chmod(0o755)  # a node runs as nobody
        for folder, held in ((many, made_up), (few, recalled.documents)):
            folder.mkdir()
            alone(measuring.fill, engine, folder, held)
        speed = alone(measuring.speed, engine, many, *asked)
        tens = alone(measuring.found_first, engine, few, recalled.asked)
    hits = sum(own in ten for own, ten in zip(recalled.own, tens, strict=True))
    return Figures(speed, 100 * hits / len(tens))


def _questions(texts: Sequence[str], count: int) -> tuple[Questions, Questions]:
    """Return questions for warming up, and as many others to be timed."""
    kinds = queries(texts, count)
    asked: dict[str, list[tuple[object, ...]]] = {
        "text": [(one.text,) for one in kinds["text"]],
        "image": [(one.visual,) for one in kinds["image"]],
        "fused": [(one.text, one.semantic) for one in kinds["fused"]],
    }
    half = count // 2
    first = {kind: some[:half] for kind, some in asked.items()}
    return first, {kind: some[half:] for kind, some in asked.items()}


def _recalled(data: Path, count: int) -> Recalled:
    split, bundle = read_split(data, "dev"), Bundle(DEFAULT_BUNDLE)
    held = captioned(split.photographs, bundle)
    pairs = [
        (one.image_id, caption.replace('"', " "))  # quotation marks would ask for a phrase
        for one, said in zip(held, split.captions, strict=True)
        for caption in said[:count]
    ]
    texts = [text for _, text in pairs]
    asked = list(zip(texts, text_vectors(texts, bundle), strict=True))
    return Recalled(held, asked, [image_id for image_id, _ in pairs])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Image Repo's search beside other engines.")
    parser.add_argument("--data", type=Path, required=True, help="Flickr8k's layout")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--turns", type=int, default=100, help="timed questions of each kind")
    parser.add_argument(
        "--captions", type=int, default=1, choices=range(1, CAPTIONS + 1), help="asked of each"
    )
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    return parser


if __name__ == "__main__":
    main()
