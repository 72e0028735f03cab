"""How fast the embedded search engine answers, beside the prototype's way, in one run.

``python -m benchmarks.search [--sizes 8000 100000] [--captions FILE] [--json]``

Photographs are made up from a seed: their captions from a small grammar, or, with
``--captions``, from a file with one caption a line (``name#n<TAB>caption`` is understood); their
vectors around fifty centres. The prototype ranks captions by sentence BLEU against every one,
and photographs by the Euclidean distance of 4,096 numbers to every one.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from chalicelib.attributes import extract
from chalicelib.images import VECTOR_SIZE, Source
from chalicelib.search import Clause, Document, Query
from chalicelib.search.analysis import STOP_WORDS
from chalicelib.search.embedded import EmbeddedIndex
from chalicelib.search.query import FACETS

SEED = 7
OWNER = "ann"
FEATURES = 4_096
CENTRES = 50
START = datetime(2026, 1, 1, tzinfo=UTC)

_WHO = "dog boy girl man woman child person people cat horse player rider surfer".split()  # noqa: SIM905
_WHO_WEIGHTS = (25, 12, 11, 20, 12, 6, 6, 9, 2, 2, 4, 3, 2)
_LOOKS = "black white brown red blue yellow green small young old".split()  # noqa: SIM905
_DOES = "runs jumps plays stands sits walks swims climbs rides looks catches holds".split()  # noqa: SIM905
_WHERE = (
    "in the snow", "on the grass", "at the beach", "in a red shirt", "through the water",
    "near a wooden fence", "on a busy street", "with a yellow ball", "over a log",
    "in front of a building", "along a rocky trail", "under a bright blue sky",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of query at one size; times in milliseconds.

    ``cpu_p95`` is the thread's own time, which a busy machine lengthens less than the clock's.
    """

    images: int
    query: str
    p50: float
    p95: float
    cpu_p95: float
    prototype_p50: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times longer the prototype's way takes."""
        return None if self.prototype_p50 is None else self.prototype_p50 / self.p50


def captions(count: int, chance: random.Random, file: Path | None) -> list[str]:
    """Return ``count`` captions, a file's again and again or made up."""
    if file is not None:
        lines = [line.split("\t")[-1].strip() for line in file.read_text().splitlines()]
        lines = [line for line in lines if line]
        chance.shuffle(lines)
        return [lines[number % len(lines)] for number in range(count)]
    return [_made_up(chance) for _ in range(count)]


def _made_up(chance: random.Random) -> str:
    (who,) = chance.choices(_WHO, _WHO_WEIGHTS)
    parts = ["a", chance.choice(_LOOKS), who, chance.choice(_DOES), chance.choice(_WHERE)]
    if chance.random() < 0.4:
        (other,) = chance.choices(_WHO, _WHO_WEIGHTS)
        parts += ["while a", chance.choice(_LOOKS), other, chance.choice(_DOES), "nearby"]
    return " ".join(parts)


def vectors(count: int, seed: int) -> Iterator[bytes]:
    """Yield unit vectors around ``CENTRES`` centres, as float16 bytes."""
    chance = np.random.default_rng(seed)
    centres = chance.standard_normal((CENTRES, VECTOR_SIZE))
    for _ in range(count):
        vector = centres[chance.integers(CENTRES)] + 1.5 * chance.standard_normal(VECTOR_SIZE)
        yield (vector / np.linalg.norm(vector)).astype("<f2").tobytes()


def filled(texts: Sequence[str]) -> tuple[EmbeddedIndex, float]:
    """Return an index of the captions, and how many were taken in a second."""
    index = EmbeddedIndex.at(None)
    visual, semantic = vectors(len(texts), 1), vectors(len(texts), 2)
    documents = [
        Document(
            image_id=f"{number:036d}",
            rev=1,
            owner=OWNER if number % 10 else "bob",
            name=f"{number}.jpg",
            text=text,
            source=Source.MODEL,
            attributes=tuple(extract(text)),
            visual=next(visual),
            semantic=next(semantic),
            created_at=START + timedelta(seconds=number),
        )
        for number, text in enumerate(texts)
    ]
    begin = time.perf_counter()
    for at in range(0, len(documents), 1_000):
        index.apply(documents[at : at + 1_000])
    return index, len(documents) / (time.perf_counter() - begin)


def timed(call: Callable[[int], object], turns: int) -> tuple[float, float, float]:
    """Return the median and 95th percentile of a call's milliseconds, and that of its own time."""
    taken, own = [], []
    for turn in range(turns):
        begin, begin_own = time.perf_counter(), time.thread_time()
        call(turn)
        taken.append((time.perf_counter() - begin) * 1_000)
        own.append((time.thread_time() - begin_own) * 1_000)
    return statistics.median(taken), _percentile_95(taken), _percentile_95(own)


def _percentile_95(values: list[float]) -> float:
    return statistics.quantiles([*values, *values], n=20, method="inclusive")[-1]


def queries(texts: Sequence[str], turns: int, chance: random.Random) -> dict[str, list[Query]]:
    """Return queries of each kind: one to three words of a caption, a clause of it, a vector."""
    chosen = [chance.choice(texts) for _ in range(turns)]
    clauses = [clause for text in chosen for clause in map(_clause, extract(text)[:1])]
    images = list(vectors(turns, 1))
    words = [_words(text, 1 + number % 3, chance) for number, text in enumerate(chosen)]
    return {
        "text": [Query(OWNER, text=text) for text in words],
        "text, common word": [Query(OWNER, text=word) for word in ("dog", "man", "a")],
        "attributes": [Query(OWNER, attributes=clause) for clause in clauses],
        "attributes, any person": [Query(OWNER, attributes=Clause("person"))],
        "image": [Query(OWNER, visual=vector) for vector in images],
        "text and image": [
            Query(OWNER, text=text, visual=vector)
            for text, vector in zip(words, images, strict=True)
        ],
        "text, all facets": [Query(OWNER, text=text, facets=FACETS) for text in words],
    }


def _words(caption: str, count: int, chance: random.Random) -> str:
    """Return some words a person might look for."""
    telling = [word for word in caption.split() if word.isalpha() and word not in STOP_WORDS]
    return " ".join(chance.sample(telling, min(count, len(telling)))) or "dog"


def _clause(attribute: object) -> Clause:
    values = asdict(attribute)  # type: ignore[call-overload]
    return Clause(values["subject"], tuple(values["colours"]), tuple(values["actions"]))


def bleu_way(texts: Sequence[str]) -> Callable[[int], object]:
    """Return the prototype's text search: sentence BLEU of the query with every caption."""
    split = [text.split() for text in texts]
    smooth = SmoothingFunction().method1

    def search(turn: int) -> object:
        query = split[turn * 31 % len(split)][:4]
        scores = [sentence_bleu([caption], query, smoothing_function=smooth) for caption in split]
        return sorted(range(len(scores)), key=scores.__getitem__)[-20:]

    return search


def distance_way(count: int) -> Callable[[int], object]:
    """Return the prototype's image search: distance to every photograph's 4,096 numbers."""
    features = np.random.default_rng(3).random((count, FEATURES), dtype=np.float32)

    def search(turn: int) -> object:
        query = features[turn * 31 % count]
        distances = [float(np.linalg.norm(one - query)) for one in features]
        return sorted(range(count), key=distances.__getitem__)[:20]

    return search


def measured(size: int, turns: int, file: Path | None) -> tuple[list[Row], dict[str, float]]:
    """Return the rows of one size, and what filling and publishing took."""
    chance = random.Random(SEED)
    texts = captions(size, chance, file)
    index, rate = filled(texts)
    prototype = {
        "text": timed(bleu_way(texts), 1)[0],
        "image": timed(distance_way(size), 3 if size < 20_000 else 1)[0],
    }
    rows = []
    for name, asked in queries(texts, turns, chance).items():
        index.search(asked[0])
        times = timed(lambda turn, asked=asked: index.search(asked[turn % len(asked)]), turns)  # type: ignore[misc]
        rows.append(Row(size, name, *times, prototype.get(name)))
    return rows, {"documents_per_second": rate, **publishing(index, size)}


def publishing(index: EmbeddedIndex, size: int) -> dict[str, float]:
    """Return what one changed document costs the writer, and a reader that takes it up."""
    change = Document(f"{0:036d}", 2, OWNER, text="a dog", created_at=START)
    begin = time.perf_counter()
    index.apply([change])
    image = index.image()
    published = time.perf_counter()
    reader = EmbeddedIndex.of(image)
    reader.search(Query(OWNER, text="dog", visual=next(vectors(1, 1)), facets=FACETS))
    first = time.perf_counter()
    return {
        "publish_ms": (published - begin) * 1_000,
        "take_up_ms": (first - published) * 1_000,
        "bytes_per_image": len(image) / size,
    }


def table(rows: Sequence[Row]) -> str:
    """Return the rows for a person to read."""
    heads = f"{'p50 ms':>9}{'p95 ms':>9}{'p95 cpu':>9}{'prototype ms':>14}{'ratio':>9}"
    lines = [f"{'images':>8}  {'query':<24}{heads}"]
    for row in rows:
        way = row.prototype_p50
        beside = "" if way is None else f"{way:14,.0f}{row.ratio:8,.0f}x"
        times = f"{row.p50:9.2f}{row.p95:9.2f}{row.cpu_p95:9.2f}"
        lines.append(f"{row.images:8,}  {row.query:<24}{times}{beside}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Latency of the embedded search engine.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8_000, 100_000])
    parser.add_argument("--turns", type=int, default=100, help="queries of each kind")
    parser.add_argument("--captions", type=Path, help="file with one caption a line")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    writing: dict[int, dict[str, float]] = {}
    for size in options.sizes:
        found, writing[size] = measured(size, options.turns, options.captions)
        rows += found
    if options.json:
        plain = [asdict(row) | {"ratio": row.ratio} for row in rows]
        print(json.dumps({"queries": plain, "writing": writing}, indent=2))
        return
    print(table(rows))
    for size, cost in writing.items():
        told = ", ".join(f"{name.replace('_', ' ')} {value:,.0f}" for name, value in cost.items())
        print(f"{size:8,}  {told}")


if __name__ == "__main__":
    main()
