"""Short queries with judged answers: how good the first page is, and where it ends.

``python -m benchmarks.retrieval.judged --data DIR``: 500 photographs, everyday ones and of
Flickr8k's dev split, whose every right answer to each query was judged by eye
(``tests/data/judged_queries.jsonl``: 2 is right, 1 partly). The index holds what the pipeline
stores of them.
"""

import argparse
import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from benchmarks.peers.opensearch import Hybrid
from benchmarks.retrieval.photographs import OWNER, documents, likely_words, model, text_vectors
from benchmarks.retrieval.recall import WORDS_ALONE, Way, filled
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.port import Document
from chalicelib.search.query import AUTO, MAX_LIMIT, Mode, Query
from chalicelib.search.spelling import corrected, unsure
from chalicelib.search.text import parse

FACTS = Path(__file__).resolve().parents[2] / "tests" / "data"
FOLDERS = {"everyday": "captioned/photographs", "flickr8k": "flickr8k/Flicker8k_Dataset"}
FIRST, PAGE = 5, 10
RIGHT = 2  # the grade
COMMON = 60  # answers, of a query that says little of what is alike

WAYS: Mapping[str, Way] = {
    "words, all of them": {"mode": Mode.WORDS},
    "words, any of them": {"mode": Mode.FUSED, "weights": WORDS_ALONE},
    "meaning": {"mode": Mode.MEANING},
    "fused": {"mode": Mode.FUSED},
    "fused, min_relevance auto": {"mode": Mode.FUSED, "min_relevance": AUTO},
}


@dataclass(frozen=True)
class Judged:
    """A query and the grades, 1 or 2, of the photographs that answer it, by their places."""

    text: str
    kind: str
    grades: Mapping[int, int]


class Quality(NamedTuple):
    """How well one query was answered; shares of 1."""

    ndcg: float
    success: float
    precision: float
    recall: float


def photographs(data: Path) -> list[Path]:
    """Return the collection's files in the order that grades count them."""
    named = (FACTS / "judged_photographs.txt").read_text().splitlines()
    parts = (name.split("/") for name in named)
    return [data / FOLDERS[folder] / name for folder, name in parts]


def queries() -> list[Judged]:
    """Return the queries."""
    lines = (FACTS / "judged_queries.jsonl").read_text().splitlines()
    told = map(json.loads, lines)
    return [
        Judged(one["query"], one["kind"], {int(at): grade for at, grade in one["grades"].items()})
        for one in told
    ]


def quality(found: Sequence[int], grades: Mapping[int, int]) -> Quality:
    """Return how good an answer is.

    nDCG@10 with gains of 2^grade - 1 (Burges et al. 2005), whether one of the first five is right,
    and precision and recall of the whole answer, partly right ones too.
    """
    gains = [2 ** grades.get(at, 0) - 1 for at in found[:PAGE]]
    best = sorted((2**grade - 1 for grade in grades.values()), reverse=True)[:PAGE]
    right = sum(at in grades for at in found)
    return Quality(
        ndcg=_discounted(gains) / _discounted(best),
        success=float(any(grades.get(at) == RIGHT for at in found[:FIRST])),
        precision=right / len(found) if found else 0.0,
        recall=right / len(grades),
    )


def _discounted(gains: Sequence[int]) -> float:
    return math.fsum(gain / math.log2(2 + rank) for rank, gain in enumerate(gains))


def as_meant(index: EmbeddedIndex, text: str) -> str:
    """Return a query with its mistyped words corrected, as the API does."""
    words = model().text.words
    return corrected(parse(text), index.nearest(OWNER, unsure(parse(text)), words))


def answer(index: EmbeddedIndex, query: Query, places: Mapping[str, int]) -> list[int]:
    """Return the places of all that an index finds, best first."""
    found: list[int] = []
    while True:
        results = index.search(query)
        found += [places[hit.image_id] for hit in results.hits]
        if results.cursor is None:
            return found
        query = Query(**{**_fields(query), "cursor": results.cursor})


def _fields(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in Query.__dataclass_fields__}


def measured(
    held: Sequence[Document], asked: Sequence[Judged], ways: Mapping[str, Way] = WAYS
) -> dict[str, Quality]:
    """Return the mean quality of each way to ask."""
    index, places = filled(held), {one.image_id: at for at, one in enumerate(held)}
    texts = [as_meant(index, one.text) for one in asked]
    vectors = text_vectors(texts)
    told = {}
    for name, way in ways.items():
        found = []
        for one, text, vector in zip(asked, texts, vectors, strict=True):
            semantic = None if way["mode"] is Mode.WORDS else vector
            query = Query(
                OWNER,
                text=text,
                semantic=semantic,
                likely=likely_words(text),
                limit=MAX_LIMIT,
                **way,
            )
            found.append(quality(answer(index, query, places), one.grades))
        told[name] = Quality(*map(fmean, zip(*found, strict=True)))
    return told


def alike(asked: Sequence[Judged]) -> dict[int, dict[int, int]]:
    """Return the photographs that are right for a query together, for each of them.

    Of queries that half of everything answers nothing follows.
    """
    found: dict[int, dict[int, int]] = {}
    for one in asked:
        right = [at for at, grade in one.grades.items() if grade == RIGHT]
        for at in right if len(one.grades) <= COMMON else ():
            others = {other: RIGHT for other in right if other != at}
            found.setdefault(at, {}).update(others)
    return {at: others for at, others in found.items() if others}


def likeness(held: Sequence[Document], asked: Sequence[Judged]) -> Quality:
    """Return the mean quality of searches by each photograph for others."""
    index, places = filled(held), {one.image_id: at for at, one in enumerate(held)}
    found = []
    for at, others in alike(asked).items():
        one = held[at]
        query = Query(
            OWNER,
            visual=one.visual,
            exclude=(one.image_id,),
            limit=MAX_LIMIT,
            min_relevance=AUTO,
        )
        found.append(quality(answer(index, query, places), others))
    return Quality(*map(fmean, zip(*found, strict=True)))


def peer(held: Sequence[Document], asked: Sequence[Judged]) -> Quality:
    """Return the mean quality of OpenSearch's own hybrid query on the same documents."""
    places = {one.image_id: at for at, one in enumerate(held)}
    vectors = text_vectors([one.text for one in asked])
    with tempfile.TemporaryDirectory(prefix="image-repo-judged-") as folder:
        Path(folder).chmod(0o755)  # a node runs as nobody
        engine = Hybrid(Path(folder))
        engine.fill(held)
        engine.open()
        found = []
        for one, vector in zip(asked, vectors, strict=True):
            query = Query(OWNER, text=one.text, semantic=vector, mode=Mode.FUSED)
            hits = [places[image_id] for image_id in engine.find(query)]
            found.append(quality(hits, one.grades))
        engine.close()
    return Quality(*map(fmean, zip(*found, strict=True)))


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Judged short queries.")
    parser.add_argument("--data", type=Path, required=True, help="of flickr8k and captioned")
    parser.add_argument("--peer", action="store_true", help="OpenSearch's hybrid query beside ours")
    options = parser.parse_args()
    held, asked = documents(photographs(options.data)), queries()
    print(f"{len(asked)} queries, {len(held)} photographs")
    found = measured(held, asked)
    found["by a photograph, auto"] = likeness(held, asked)
    if options.peer:
        found["OpenSearch's hybrid query"] = peer(held, asked)
    for name, told in found.items():
        figures = f"nDCG@10 {told.ndcg:.3f}  success@5 {told.success:.3f}"
        print(f"{name:28} {figures}  precision {told.precision:.2f}  recall {told.recall:.2f}")


if __name__ == "__main__":
    main()
