"""Whether a local stack that is killed keeps its word: ``python -m benchmarks.kills``.

A stack of its own (``--home``, ``--port 4600``) takes uploads, edits, deletes and searches, while a
random process of it is killed with SIGKILL (``--count 100``) and the stack started again: one that
`local` started, with what it started itself or alone; one that those started, such as a worker of a
Lambda function, a handler or a decoder; or everything. Then everything that was answered with
success must be so, once. ``--seed`` tells runs apart, so that many short ones make a long one.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import boto3

from benchmarks.load import Ledger, Load, all_hits, caption_of
from image_repo.client import PAGE, Client, Json
from image_repo.errors import CommandError
from local.processes import any_free, until

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

ROOT = Path(__file__).resolve().parent.parent
EVERYTHING, ALONE, BELOW = "everything", "alone", "below"
SETTLE_SECONDS = 900
WORK_SECONDS = 60
# How long the stack works before it is killed.
LEAST_SECONDS, MOST_SECONDS = 0.5, 4.0
DESCRIBED = frozenset({"captioned", "needs_review"})
# What must be nothing at the end.
FAULTS = (
    "missing", "unfinished", "doubled", "undeleted", "edits_lost", "miscounted",
    "searchable_missing", "searchable_deleted", "searchable_doubled",
)  # fmt: skip


def main() -> None:
    """Kill, check and print; fail where something is not as it was answered."""
    parser = argparse.ArgumentParser(description="Kill a local stack under load, again and again.")
    parser.add_argument("--count", type=int, default=100, help="how many kills (100)")
    parser.add_argument("--seed", type=int, default=0, help="of what is killed, and when (0)")
    parser.add_argument("--search", default="embedded", help="the search engine (embedded)")
    asked = parsed(parser)
    with tempfile.TemporaryDirectory() as folder:
        stack = KilledStack(asked.home or Path(folder), asked.port or any_free(), asked.search)
        told = kills(stack, asked.count, asked.seed)
    end(told)


def parsed(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Return what was asked, of where the stack is, too."""
    parser.add_argument("--port", type=int, help="where the stack answers (a free one)")
    parser.add_argument("--home", type=Path, help="its folder, kept (a passing one)")
    return parser.parse_args()


def end(told: Mapping[str, float], faults: Sequence[str] = FAULTS) -> NoReturn:
    """Print figures; exit with 1 where one of ``faults`` is not 0."""
    for name, value in told.items():
        print(f"{name:32} {value:g}")
    sys.exit(any(told[name] for name in faults))


class KilledStack:
    """A local stack in a folder, whose processes can be killed.

    Parameters
    ----------
    home
        The folder.
    port
        Where it answers.
    search
        Its search engine.
    environment
        Of its processes, beside this one's.
    """

    def __init__(
        self,
        home: Path,
        port: int,
        search: str = "embedded",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self._port, self._search, self._environment = port, search, environment or {}

    @property
    def facts(self) -> dict[str, str]:
        """What ``stack.json`` tells."""
        return dict(json.loads((self.home / "stack.json").read_text()))

    def client(self) -> Client:
        """Return an administrator's client of the API."""
        return Client(self.facts["api_url"], self.facts["token"], sleep=lambda _: time.sleep(0.1))

    def up(self) -> None:
        """Start what does not run."""
        self._local("--port", str(self._port), "--search", self._search, "up")

    def down(self) -> None:
        """Stop it and keep its data."""
        self._local("down")

    def targets(self) -> list[str]:
        """Return what can be killed: each process, it alone, any one below it; everything."""
        names = sorted(self._pids())
        ways = [f"{name} {way}" for name in names for way in (ALONE, BELOW)]
        return [*names, *ways, EVERYTHING]

    def kill(self, target: str, rng: random.Random) -> None:
        """End with SIGKILL what `targets` names."""
        pids = self._pids()
        name, _, way = target.partition(" ")
        if way == BELOW:
            below = sorted(_descendants(pids[name]))
            killed, kill = rng.sample(below, min(1, len(below))), os.kill
        elif way == ALONE:
            killed, kill = [pids[name]], os.kill
        else:
            killed, kill = [*pids.values()] if name == EVERYTHING else [pids[name]], os.killpg
        for pid in killed:
            with suppress(ProcessLookupError):
                kill(pid, signal.SIGKILL)

    def is_drained(self) -> bool:
        """Tell whether no event waits, and nobody works on one."""
        facts = self.facts
        sqs = boto3.client(
            "sqs",
            endpoint_url=facts["aws_endpoint_url"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        return not waiting(sqs, facts["queue_url"])

    def _pids(self) -> dict[str, int]:
        files = (self.home / "run").glob("*.pid")
        return {file.stem: int(json.loads(file.read_text())["pid"]) for file in files}

    def _local(self, *arguments: str) -> None:
        ran = subprocess.run(
            [sys.executable, "-m", "local", *arguments],
            cwd=ROOT,
            env={**os.environ, **self._environment, "IMAGE_REPO_LOCAL": str(self.home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise RuntimeError(f"'local {' '.join(arguments)}' failed:\n{ran.stdout}{ran.stderr}")


def waiting(sqs: "SQSClient", queue_url: str) -> int:
    """Return how many messages a queue holds, those that are worked on too."""
    answer = sqs.get_queue_attributes(
        QueueUrl=queue_url,
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )
    return sum(map(int, answer["Attributes"].values()))


def kills(
    stack: KilledStack, count: int, seed: int = 0, tell: Callable[[str], None] = print
) -> dict[str, float]:
    """Kill a stack under load so often; return figures, of which `FAULTS` should be 0."""
    begin, rng, killed = time.perf_counter(), random.Random(seed), Counter[str]()
    stack.up()
    with tempfile.TemporaryDirectory() as folder, Load(stack.client, Path(folder), seed) as load:
        for nth in range(1, count + 1):
            _wait_for_work(load)
            time.sleep(rng.uniform(LEAST_SECONDS, MOST_SECONDS))
            # At last everything, so that nothing waits for a worker that is gone.
            target = EVERYTHING if nth == count else rng.choice(stack.targets())
            stack.kill(target, rng)
            killed[target] += 1
            stack.up()
            tell(f"{nth}/{count} {target}: {load.ledger.tally()}")
    with stack.client() as client:
        waited = settle(stack, client, load.ledger)
        told = compared(client, load.ledger)
    stack.down()
    return {
        "kills": count,
        **{f"kills_of_{name.replace(' ', '_')}": number for name, number in sorted(killed.items())},
        **load.ledger.tally(),
        "seconds": time.perf_counter() - begin,
        "seconds_to_settle": waited,
        **told,
    }


def compared(client: Client, ledger: Ledger) -> dict[str, float]:
    """Return how what is there differs from what was answered with success."""
    images = {image["id"]: image for image in client.pages("images", "items", {"limit": PAGE})}
    names = Counter(image["name"] for image in images.values())
    kept = ledger.uploaded.keys() - ledger.maybe_deleted
    states = Counter(image["state"] for image in images.values())
    counted = client.call("GET", "stats")["images"]
    hits = Counter(hit["image"]["id"] for hit in all_hits(client))
    described = {id_ for id_, image in images.items() if image["state"] in DESCRIBED}
    return {
        "there": len(images),
        "captioned": states["captioned"],
        "needs_review": states["needs_review"],
        "failed": states["failed"],
        "missing": len(kept - images.keys()),
        "unfinished": sum(images[one]["state"] == "pending" for one in kept & images.keys()),
        "doubled": sum(number - 1 for number in names.values()),
        "undeleted": len(ledger.deleted & images.keys()),
        "edits_lost": sum(_is_lost(ledger, images, one) for one in ledger.edited),
        "miscounted": sum(counted[state] != states[state] for state in counted),
        "searchable_missing": len(described - hits.keys()),
        "searchable_deleted": len(hits.keys() - images.keys()),
        "searchable_doubled": sum(number - 1 for number in hits.values()),
    }


def _wait_for_work(load: Load) -> None:
    """Wait until a photograph was taken since the last start: a function that begins is slow."""
    before = len(load.ledger.uploaded)
    until(lambda: len(load.ledger.uploaded) > before, WORK_SECONDS)


def _is_lost(ledger: Ledger, images: Mapping[str, Json], image_id: str) -> bool:
    if image_id in ledger.maybe_deleted or image_id not in images:
        return False  # the missing are counted apart
    return caption_of(images[image_id]) not in ledger.edited[image_id]


def settle(stack: KilledStack, client: Client, ledger: Ledger) -> float:
    """Wait until nothing changes any more; return for how many seconds."""
    begin = time.perf_counter()
    while time.perf_counter() - begin < SETTLE_SECONDS:
        with suppress(CommandError):
            if stack.is_drained() and not any(_open_points(client, ledger)):
                break
        time.sleep(1)
    return time.perf_counter() - begin


def _open_points(client: Client, ledger: Ledger) -> Iterator[float]:
    told = compared(client, ledger)
    return (told[name] for name in FAULTS)


def _descendants(pid: int) -> Iterator[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    for child in map(int, found.stdout.split()):
        yield child
        yield from _descendants(child)


if __name__ == "__main__":
    main()
