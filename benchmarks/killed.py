"""Whether an import that is killed ends the same: ``python -m benchmarks.killed``.

An import of drawings (``--count 1000``) is killed with SIGKILL at random points (``--kills 20``):
when so many drawings are entered, and a moment later. It is begun again each time, and at last let
through. Then the running stack must hold every drawing once, captioned, and nothing else that is
new.
"""

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.drawings import draw
from image_repo.client import PAGE, Client
from image_repo.config import connection

POLL_SECONDS = 0.05
MOMENT_SECONDS = 0.5
DESCRIBED = frozenset({"captioned", "needs_review"})


def main() -> None:
    """Measure and print; fail where a photograph is missing or doubled."""
    parser = argparse.ArgumentParser(description="Kill an import, and see what becomes of it.")
    parser.add_argument("--count", type=int, default=1000, help="how many photographs (1000)")
    parser.add_argument("--kills", type=int, default=20, help="how often it is killed (20)")
    parser.add_argument("--seed", type=int, default=0, help="of the random points (0)")
    asked = parser.parse_args()
    found = connection(None, None, os.environ, Path.cwd())
    environment = {"IMAGE_REPO_URL": found.url, "IMAGE_REPO_TOKEN": found.token}
    with Client(found.url, found.token) as client, tempfile.TemporaryDirectory() as folder:
        told = killed(
            client, environment, Path(folder), asked.count, kills=asked.kills, seed=asked.seed
        )
    for name, value in told.items():
        print(f"{name:32} {value:.2f}")
    sys.exit(bool(told["missing"] or told["doubled"] or told["foreign"] or told["unfinished"]))


def killed(
    client: Client,
    environment: Mapping[str, str],
    folder: Path,
    count: int,
    *,
    kills: int,
    seed: int = 0,
) -> dict[str, float]:
    """Import ``count`` drawings into an owner's repository, killed so often; return what is there.

    Parameters
    ----------
    environment
        Tells the command line which repository is meant.
    folder
        Where the drawings are put.
    """
    wanted = {hashlib.sha256(draw(folder).read_bytes()).hexdigest() for _ in range(count)}
    before = {image["id"] for image in client.pages("images", "items", {"limit": PAGE})}
    begin, rng = time.perf_counter(), random.Random(seed)

    def entered() -> int:
        return int(client.call("GET", "stats")["total"]) - len(before)

    points = []
    for point in sorted(rng.choices(range(count), k=kills)):
        begun = _import(environment, folder)
        while entered() < point and begun.poll() is None:
            time.sleep(POLL_SECONDS)
        time.sleep(rng.uniform(0, MOMENT_SECONDS))
        if _is_killed(begun):
            points.append(entered())
    last = _import(environment, folder)
    _, errors = last.communicate()
    if last.returncode:
        raise RuntimeError(f"the last import failed: {errors.decode()}")
    images = list(client.pages("images", "items", {"limit": PAGE}))
    new = [image for image in images if image["id"] not in before]
    found = Counter(image["sha256"] for image in new)
    return {
        "photographs": count,
        "killed": len(points),
        "entered_at_first_kill": min(points, default=0),
        "entered_at_last_kill": max(points, default=0),
        "seconds": time.perf_counter() - begin,
        "missing": len(wanted - found.keys()),
        "doubled": sum(number - 1 for number in found.values()),
        "foreign": len(found.keys() - wanted),
        "unfinished": sum(image["state"] not in DESCRIBED for image in new),
    }


def _import(environment: Mapping[str, str], folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "image_repo", "import", str(folder)],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _is_killed(begun: subprocess.Popen[bytes]) -> bool:
    """Kill an import; tell whether it was still at work."""
    begun.kill()
    begun.communicate()
    return begun.returncode < 0


if __name__ == "__main__":
    main()
