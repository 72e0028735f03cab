"""What a new process of the API function takes until its first answer.

``python -m benchmarks.cold_start [--images 10000] [--processes 7] [--engines embedded opensearch]``

Each engine is asked by fresh processes with the environment that Lambda and the stack give the
function; the figures are medians, of the processor's time and of the clock's. The published index
is read from a file, OpenSearch is a node of this machine, of which only the client's time counts;
the catalogue is empty. What the network adds is not in it: the download of the index, and calls.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.opensearch import running
from benchmarks.search.corpus import captions, documents
from benchmarks.search.freshness import published
from chalicelib.search import Document
from chalicelib.search.embedded.segment import segment_of
from chalicelib.search.opensearch import OpenSearchIndex, RetryingClient, connect
from chalicelib.search.opensearch.aliases import Aliases
from local.opensearch import lacking

Steps = Mapping[str, tuple[float, float]]

ENGINES = ("embedded", "opensearch")
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "a",
    "AWS_SECRET_ACCESS_KEY": "b",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "IMAGE_REPO_BUCKET": "photographs",
    "IMAGE_REPO_TABLE": "images",
    "IMAGE_REPO_TOKENS_TABLE": "tokens",
    # AWS Lambda Developer Guide, "Defined runtime environment variables": where the code lies.
    "LAMBDA_TASK_ROOT": str(Path(__file__).resolve().parents[2]),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Cold start of the API function.")
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--processes", type=int, default=7)
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=ENGINES)
    options = parser.parse_args(arguments)
    held = list(documents(captions(options.images)))
    for engine in options.engines:
        missing = lacking() if engine == "opensearch" else None
        if missing:
            print(f"{engine} is left out: {missing}")
            continue
        with _embedded(held) if engine == "embedded" else _opensearch(held) as where:
            runs = [_run(engine, where) for _ in range(options.processes)]
        print(f"{engine}, {len(held):,} photographs, median of {len(runs)} processes\n{told(runs)}")


def told(runs: Sequence[Steps]) -> str:
    """Return the medians of the steps, and of import and first answer together."""
    steps = [
        {**run, "import + first answer": _sum(run["import"], run["first answer"])} for run in runs
    ]
    lines = [f"{'':<24}{'own ms':>9}{'clock ms':>10}"]
    for name in steps[0]:
        own, clock = (statistics.median(one[name][side] for one in steps) for side in (0, 1))
        lines.append(f"{name:<24}{own:9.0f}{clock:10.0f}")
    return "\n".join(lines)


def _sum(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return one[0] + other[0], one[1] + other[1]


def _run(engine: str, where: str) -> Steps:
    search = {"IMAGE_REPO_SEARCH": engine, "IMAGE_REPO_SEARCH_ENDPOINT": where}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.cold_start.process", engine, where],
        env={**os.environ, **_ENVIRONMENT, **search},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    steps: Steps = json.loads(done.stdout.splitlines()[-1])
    return steps


@contextmanager
def _embedded(held: Sequence[Document]) -> Iterator[str]:
    """Yield a file with a store that holds a published index."""
    segment, _ = segment_of(held)
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps(published(segment.encoded(), len(held))))
        file.flush()
        yield file.name


@contextmanager
def _opensearch(held: Sequence[Document]) -> Iterator[str]:
    """Yield the address of a node with the photographs."""
    with running(None, "512m") as url:
        index = OpenSearchIndex(
            RetryingClient(connect(url, 60)), prefix="cold-start", refresh="false"
        )
        aliases = index.aliases.create(index.aliases.read())
        index.aliases.move(aliases, Aliases(live=aliases.building))
        index.apply(held)
        index.refresh(str(aliases.building))
        yield url


if __name__ == "__main__":
    main()
