"""What a stack does while its search engine is down: ``python -m benchmarks.outage``.

A local stack with an OpenSearch node of its own takes uploads, edits and deletes, while the node is
killed and away for some time (``--seconds 600``). Uploads must be taken, statistics say that
nothing is searchable, searches answer 503 with Retry-After, and once the node is back all that was
answered with success must be so, and be found, by itself.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

import httpx

from benchmarks.kills import FAULTS, KilledStack, compared, end, parsed, settle
from benchmarks.load import Load
from local.processes import any_free

ENGINE = "opensearch"
BEFORE_SECONDS = 30
PAUSE_SECONDS = 4.0  # one model captions what two people upload
EVERY_SECONDS = 5
UNAVAILABLE = 503


def main() -> None:
    """Take the engine away, check and print; fail where something is not as it was answered."""
    parser = argparse.ArgumentParser(description="Take a local stack's search engine away.")
    parser.add_argument("--seconds", type=float, default=600, help="that it is away (600)")
    parser.add_argument("--seed", type=int, default=0, help="of the load (0)")
    asked = parsed(parser)
    with tempfile.TemporaryDirectory() as folder:
        stack = KilledStack(asked.home or Path(folder), asked.port or any_free(), ENGINE)
        told = outage(stack, asked.seconds, asked.seed)
    end(told, (*FAULTS, "otherwise"))


def outage(stack: KilledStack, seconds: float, seed: int = 0) -> dict[str, float]:
    """Keep the engine away under load; return figures, `FAULTS` of which should be 0."""
    stack.up()
    with (
        tempfile.TemporaryDirectory() as folder,
        Load(stack.client, Path(folder), seed, PAUSE_SECONDS) as load,
    ):
        time.sleep(BEFORE_SECONDS)
        before = load.ledger.tally()
        stack.kill(ENGINE, random.Random(seed))
        answers = _asked(stack, seconds)
        meanwhile = load.ledger.tally()
        stack.up()
    back = time.perf_counter()
    with stack.client() as client:
        settle(stack, client, load.ledger)
        told = compared(client, load.ledger)
    waited = time.perf_counter() - back
    stack.down()
    return {
        "seconds_away": seconds,
        **{f"{name}_meanwhile": meanwhile[name] - before[name] for name in before},
        "searches_refused": answers["refused"],
        "otherwise": answers["otherwise"],
        **load.ledger.tally(),
        "seconds_to_converge": waited,
        **told,
    }


def _asked(stack: KilledStack, seconds: float) -> Counter[str]:
    """Search and ask for statistics until the time is over; count the answers that are right."""
    end, answers = time.perf_counter() + seconds, Counter[str]()
    headers = {"Authorization": f"Bearer {stack.facts['token']}"}
    with httpx.Client(base_url=stack.facts["api_url"], headers=headers, timeout=60) as client:
        while time.perf_counter() < end:
            answers["refused" if _says_so(client) else "otherwise"] += 1
            time.sleep(EVERY_SECONDS)
    return answers


def _says_so(client: httpx.Client) -> bool:
    """Tell whether a search is refused for now, and statistics know nothing of the index."""
    search = client.post("/search", json={"text": "a red ball"})
    statistics = client.get("/stats")
    return (
        search.status_code == UNAVAILABLE
        and "Retry-After" in search.headers
        and statistics.is_success
        and statistics.json()["searchable"] is None
    )


if __name__ == "__main__":
    main()
