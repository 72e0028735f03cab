"""What a new process of the API function takes until its first answer.

``python -m benchmarks.cold_start``

Each engine is asked by fresh processes with the environment that Lambda and the stack give the
function; the figures are medians, of the processor's time and of the clock's. The published index
is read from a file, OpenSearch is a node of this machine, of which only the client's time counts;
the catalogue is empty. What the network adds is not in it: the download of the index, and calls.
"""

import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.opensearch import running
from benchmarks.search.corpus import captions, documents
from benchmarks.search.freshness import published
from chalicelib.search import Document
from chalicelib.search.embedded.segment import segment_of
from chalicelib.search.opensearch import OpenSearchIndex, RetryingClient, connect
from local.opensearch import lacking
from tests.opensearch import create_live

Steps = Mapping[str, Sequence[float]]

IMAGES = 10_000
PROCESSES = 7
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


def main() -> None:
    """Measure and print."""
    held = list(documents(captions(IMAGES)))
    with tempfile.NamedTemporaryFile() as file:
        file.write(pickle.dumps(published(segment_of(held)[0].encoded(), len(held))))
        file.flush()
        _measure("embedded", file.name)
    if missing := lacking():
        print(f"opensearch is left out: {missing}")
        return
    with running(None, "512m") as url:
        _fill(url, held)
        _measure("opensearch", url)


def _measure(engine: str, where: str) -> None:
    runs = [_run(engine, where) for _ in range(PROCESSES)]
    print(f"{engine}, {IMAGES:,} photographs, median of {PROCESSES} processes\n{told(runs)}")


def told(runs: Sequence[Steps]) -> str:
    """Return the medians of the steps, and of import and first answer together."""
    lines = [f"{'':<24}{'own ms':>9}{'clock ms':>10}"]
    for names in (*((name,) for name in runs[0]), ("import", "first answer")):
        own, clock = (
            statistics.median(sum(run[name][side] for name in names) for run in runs)
            for side in (0, 1)
        )
        lines.append(f"{' + '.join(names):<24}{own:9.0f}{clock:10.0f}")
    return "\n".join(lines)


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


def _fill(url: str, held: Sequence[Document]) -> None:
    client = RetryingClient(connect(url, 60))
    index = OpenSearchIndex(client, prefix="cold-start", refresh="true")
    create_live(index)
    index.apply(held)


if __name__ == "__main__":
    main()
