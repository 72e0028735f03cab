"""Image Repo's search beside other engines: speed, recall, disk and memory in one run.

``python -m benchmarks.peers --data DIR [--images 100000] [--engines ours sqlite …]``

The peers are packages of ``requirements/peers.lock``; one that is missing is named and passed
over. Speed is measured on photographs that are made up (`benchmarks.search.corpus`, with the
captions of ``--data``), of which nine tenths are the asking owner's; recall on the dev split as
the captioner describes it (`benchmarks.retrieval`), asked for by a human caption of each. All
engines get the same documents and questions, and show the best twenty with their texts. Peers find
captions with all words of a text question, which is the least work, and with any in a fused one.
All but LanceDB, which cannot, say how many match. Times are the processor's, of all threads;
OpenSearch's hold its client's and what Java does beside.
"""

import argparse
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from benchmarks.peers import engine
from benchmarks.peers.engine import Questions
from benchmarks.retrieval.photographs import documents as captioned
from benchmarks.retrieval.photographs import text_vectors
from benchmarks.search.corpus import OWNER, captions, documents, queries
from benchmarks.search.timing import alone
from chalicelib.search import Document, Query
from chalicelib.search.query import Mode
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
TURNS = 100  # timed questions of each kind


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Image Repo's search beside other engines.")
    parser.add_argument("--data", type=Path, required=True, help="Flickr8k's layout")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    options = parser.parse_args()
    texts = captions(options.images, options.data / TEXTS / "Flickr8k.token.txt")
    made_up, described = list(documents(texts)), _described(options.data)
    asked = _questions(texts)
    found: dict[str, dict[str, float]] = {}
    for name in options.engines:
        if missing := _lacking(ENGINES[name]):
            print(f"{name} is left out: {missing}", file=sys.stderr)
            continue
        found[name] = _measured(ENGINES[name], made_up, asked, *described)
        print(f"{name}: {found[name]}", file=sys.stderr, flush=True)
    print(table(found))


def table(found: Mapping[str, Mapping[str, float]]) -> str:
    """Return the figures as lines, each with its ratio to the embedded engine's."""
    lines = [f"{'':<16}" + "".join(f"{name:>21}" for name in found)]
    for row in next(iter(found.values()), {}):
        ours = found[OURS][row] if OURS in found else None
        cells = (_cell(figures[row], ours) for figures in found.values())
        lines.append(f"{row:<16}" + "".join(cells))
    return "\n".join(lines)


def _cell(value: float, ours: float | None) -> str:
    ratio = f"{value / ours:8.2f}x" if ours else " " * 9
    return f"{value:12,.1f}{ratio}"


def _lacking(name: str) -> str | None:
    """Return what an engine needs and this machine has not."""
    module, _ = name.split(".")
    missing = [package for package in PACKAGES.get(module, ()) if find_spec(package) is None]
    if missing:
        return f"{' and '.join(missing)} missing, see requirements/peers.lock"
    return lacking() if module == "opensearch" else None


def _measured(
    name: str,
    made_up: Sequence[Document],
    asked: tuple[Questions, Questions],
    described: Sequence[Document],
    human: Sequence[Query],
) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="image-repo-peers-") as scratch:
        many, few = Path(scratch, "many"), Path(scratch, "few")
        Path(scratch).chmod(0o755)  # a node runs as nobody
        for folder, held in ((many, made_up), (few, described)):
            folder.mkdir()
            alone(engine.fill, name, folder, held)
        found = alone(engine.costs, name, many, *asked)
        tens = alone(engine.tens, name, few, human)
    hits = sum(one.image_id in ten for one, ten in zip(described, tens, strict=True))
    found["bytes an image"] = found.pop("bytes") / len(made_up)
    return found | {"fused, R@10 %": 100 * hits / len(tens)}


def _questions(texts: Sequence[str]) -> tuple[Questions, Questions]:
    """Return questions for warming up, and as many others to be timed."""
    asked = queries(texts, 2 * TURNS)
    first = {kind: asked[kind][:TURNS] for kind in KINDS}
    return first, {kind: asked[kind][TURNS:] for kind in KINDS}


def _described(data: Path) -> tuple[Sequence[Document], Sequence[Query]]:
    """Return the dev split, and the first human caption of each photograph as a question."""
    split = read_split(data, "dev")
    # Quotation marks would ask for a phrase.
    texts = [said[0].replace('"', " ") for said in split.captions]
    human = [
        Query(OWNER, text=text, semantic=vector, mode=Mode.FUSED)
        for text, vector in zip(texts, text_vectors(texts), strict=True)
    ]
    return captioned(split.photographs), human


if __name__ == "__main__":
    main()
